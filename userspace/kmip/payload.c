// SPDX-License-Identifier: GPL-2.0
/* What is in the answers of the single operations. */
#include "kmip/message.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "kmip/text.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* An identifier goes into messages, files and JSON: it must be plain text. */
static int copy_id(const struct hc_ttlv *item, char ret_id[HC_KMIP_ID_MAX])
{
	if (item->length == 0 || item->length >= HC_KMIP_ID_MAX)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "the Unique Identifier has %u bytes; 1 to %u are possible",
			       item->length, HC_KMIP_ID_MAX - 1);
	if (!hc_text_is_clean(item->value, item->length))
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "the Unique Identifier has characters that are not printable");
	memcpy(ret_id, item->value, item->length);
	ret_id[item->length] = '\0';
	return 0;
}

static int match_id(const struct hc_ttlv *item, const char *id)
{
	char other[HC_KMIP_ID_MAX];

	if (hc_ttlv_text_is(item, id))
		return 0;
	hc_text_clean(item->value, item->length, other, sizeof(other));
	return hc_fail(HC_E_KMIP_MALFORMED, "asked about key %s, the answer is about %s", id,
		       other);
}

int hc_kmip_read_discover_versions(const struct hc_kmip_answer *answer, unsigned *ret_minors)
{
	struct hc_ttlv_cursor run;
	struct hc_ttlv version, major, minor;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_PROTOCOL_VERSION, HC_TTLV_STRUCTURE, HC_TTLV_REPEATED, NULL, &run },
	};
	const struct hc_ttlv_field version_fields[] = {
		{ HC_TAG_VERSION_MAJOR, HC_TTLV_INTEGER, HC_TTLV_REQUIRED, &major, NULL },
		{ HC_TAG_VERSION_MINOR, HC_TTLV_INTEGER, HC_TTLV_REQUIRED, &minor, NULL },
	};
	unsigned minors = 0;
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	while (hc_ttlv_next_of(&run, HC_TAG_PROTOCOL_VERSION, &version) > 0) {
		r = hc_ttlv_fields(&version, version_fields, N(version_fields), false);
		if (r < 0)
			return r;
		if (hc_ttlv_integer(&major) == 1 && hc_ttlv_integer(&minor) >= 0 &&
		    hc_ttlv_integer(&minor) <= HC_KMIP_MINOR_MAX)
			minors |= 1u << hc_ttlv_integer(&minor);
	}
	*ret_minors = minors;
	return 0;
}

/*
 * Nothing but the display depends on this answer, and servers put their own
 * things into it: read loosely.
 */
int hc_kmip_read_query(const struct hc_kmip_answer *answer, struct hc_kmip_server_info *ret_info)
{
	struct hc_kmip_server_info info = { 0 };
	struct hc_ttlv_cursor cursor;
	struct hc_ttlv item;
	int r;

	hc_ttlv_enter(&answer->payload, &cursor);
	while ((r = hc_ttlv_next(&cursor, &item)) > 0) {
		if (item.tag == HC_TAG_OPERATION && item.type == HC_TTLV_ENUM &&
		    hc_ttlv_enum(&item) < 64)
			info.operations |= (uint64_t)1 << hc_ttlv_enum(&item);
		if (item.tag == HC_TAG_VENDOR_ID && item.type == HC_TTLV_TEXT)
			hc_text_clean(item.value, item.length, info.vendor, sizeof(info.vendor));
	}
	if (r < 0)
		return r;
	*ret_info = info;
	return 0;
}

int hc_kmip_read_create(const struct hc_kmip_answer *answer, char ret_id[HC_KMIP_ID_MAX])
{
	struct hc_ttlv type, id;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_OBJECT_TYPE, HC_TTLV_ENUM, HC_TTLV_REQUIRED, &type, NULL },
		{ HC_TAG_UNIQUE_IDENTIFIER, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &id, NULL },
		{ HC_TAG_TEMPLATE_ATTRIBUTE, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, NULL, NULL },
	};
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	if (hc_ttlv_enum(&type) != HC_OBJECT_SYMMETRIC_KEY)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "a symmetric key was to be created, an object of type %u was",
			       hc_ttlv_enum(&type));
	return copy_id(&id, ret_id);
}

int hc_kmip_read_create_pair(const struct hc_kmip_answer *answer,
			     char ret_private_id[HC_KMIP_ID_MAX],
			     char ret_public_id[HC_KMIP_ID_MAX])
{
	struct hc_ttlv private_id, public_id;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_PRIVATE_KEY_ID, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &private_id, NULL },
		{ HC_TAG_PUBLIC_KEY_ID, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &public_id, NULL },
		{ HC_TAG_PRIVATE_TEMPLATE, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_PUBLIC_TEMPLATE, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, NULL, NULL },
	};
	char first[HC_KMIP_ID_MAX], second[HC_KMIP_ID_MAX];
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r == 0)
		r = copy_id(&private_id, first);
	if (r == 0)
		r = copy_id(&public_id, second);
	if (r < 0)
		return r;
	if (strcmp(first, second) == 0)
		return hc_fail(HC_E_KMIP_MALFORMED, "both halves of the pair have the identifier %s",
			       first);
	memcpy(ret_private_id, first, sizeof(first));
	memcpy(ret_public_id, second, sizeof(second));
	return 0;
}

int hc_kmip_read_locate(const struct hc_kmip_answer *answer, char ret_id[HC_KMIP_ID_MAX],
			unsigned *ret_found)
{
	struct hc_ttlv_cursor run;
	struct hc_ttlv id;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_LOCATED_ITEMS, HC_TTLV_INTEGER, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_UNIQUE_IDENTIFIER, HC_TTLV_TEXT, HC_TTLV_REPEATED, NULL, &run },
	};
	unsigned found = 0;
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	if (hc_ttlv_next_of(&run, HC_TAG_UNIQUE_IDENTIFIER, &id) > 0) {
		r = copy_id(&id, ret_id);
		if (r < 0)
			return r;
		found = hc_ttlv_next_of(&run, HC_TAG_UNIQUE_IDENTIFIER, &id) > 0 ? 2 : 1;
	}
	*ret_found = found;
	return 0;
}

/* The attributes that hostcrypt looks at; others a server adds are passed over. */
static const struct {
	const char *name;
	enum hc_ttlv_type type;
	size_t offset;
} known_attributes[] = {
#define A(name, type, member) { name, type, offsetof(struct hc_kmip_attributes, member) }
	A("State", HC_TTLV_ENUM, state),
	A("Object Type", HC_TTLV_ENUM, object_type),
	A("Cryptographic Algorithm", HC_TTLV_ENUM, algorithm),
	A("Cryptographic Length", HC_TTLV_INTEGER, length),
	A("Cryptographic Usage Mask", HC_TTLV_INTEGER, usage),
#undef A
};

static int read_attribute(const struct hc_ttlv *attribute, bool skip_unknown, unsigned *seen,
			  struct hc_kmip_attributes *attributes)
{
	struct hc_ttlv name, value;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_ATTRIBUTE_NAME, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &name, NULL },
		{ HC_TAG_ATTRIBUTE_INDEX, HC_TTLV_INTEGER, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_ATTRIBUTE_VALUE, HC_TTLV_ANY, HC_TTLV_REQUIRED, &value, NULL },
	};
	uint32_t number;
	size_t i = 0;
	int r;

	r = hc_ttlv_fields(attribute, fields, N(fields), skip_unknown);
	if (r < 0)
		return r;
	while (i < N(known_attributes) && !hc_ttlv_text_is(&name, known_attributes[i].name))
		i++;
	if (i == N(known_attributes))
		return 0;
	if (value.type != known_attributes[i].type)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "the attribute %s has a value of the wrong type",
			       known_attributes[i].name);
	if (*seen & 1u << i)
		return hc_fail(HC_E_KMIP_MALFORMED, "the attribute %s has two values",
			       known_attributes[i].name);
	*seen |= 1u << i;
	/* An enumeration and an integer are both four bytes, big-endian. */
	number = hc_ttlv_enum(&value);
	memcpy((char *)attributes + known_attributes[i].offset, &number, sizeof(number));
	return 0;
}

int hc_kmip_read_attributes(const struct hc_kmip_answer *answer, const char *id,
			    struct hc_kmip_attributes *ret_attributes)
{
	struct hc_kmip_attributes attributes = { 0 };
	struct hc_ttlv_cursor run;
	struct hc_ttlv about, attribute;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_UNIQUE_IDENTIFIER, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &about, NULL },
		{ HC_TAG_ATTRIBUTE, HC_TTLV_STRUCTURE, HC_TTLV_REPEATED, NULL, &run },
	};
	unsigned seen = 0;
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	r = match_id(&about, id);
	while (r == 0 && hc_ttlv_next_of(&run, HC_TAG_ATTRIBUTE, &attribute) > 0)
		r = read_attribute(&attribute, answer->skip_unknown, &seen, &attributes);
	if (r < 0)
		return r;
	*ret_attributes = attributes;
	return 0;
}

int hc_kmip_read_id(const struct hc_kmip_answer *answer, const char *id)
{
	struct hc_ttlv about;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_UNIQUE_IDENTIFIER, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &about, NULL },
	};
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	return r < 0 ? r : match_id(&about, id);
}

/* What Get has to bring, by the type of object that was asked for. */
static const struct kind {
	enum hc_kmip_object type;
	uint32_t tag;
	const char *words;
	uint32_t formats; /* bit n: Key Format Type n is understood */
	const char *format_words;
} kinds[] = {
	{ HC_OBJECT_SYMMETRIC_KEY, HC_TAG_SYMMETRIC_KEY, "symmetric key",
	  1u << HC_FORMAT_RAW | 1u << HC_FORMAT_TRANSPARENT_SYMMETRIC, "Raw" },
	{ HC_OBJECT_PUBLIC_KEY, HC_TAG_PUBLIC_KEY, "public key",
	  1u << HC_FORMAT_PKCS1 | 1u << HC_FORMAT_X509, "PKCS#1 or X.509" },
	{ HC_OBJECT_PRIVATE_KEY, HC_TAG_PRIVATE_KEY, "private key",
	  1u << HC_FORMAT_PKCS1 | 1u << HC_FORMAT_PKCS8, "PKCS#1 or PKCS#8" },
};

static bool understands(const struct kind *kind, uint32_t format)
{
	return format < 32 && kind->formats & 1u << format;
}

/* Key Material in its plain forms: the bytes, or a structure of a symmetric key's. */
static int find_bytes(const struct hc_ttlv *key_value, uint32_t format, bool skip_unknown,
		      struct hc_ttlv *ret_bytes)
{
	struct hc_ttlv material;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_KEY_MATERIAL, HC_TTLV_ANY, HC_TTLV_REQUIRED, &material, NULL },
		{ HC_TAG_ATTRIBUTE, HC_TTLV_STRUCTURE, HC_TTLV_REPEATED, NULL, NULL },
	};
	const struct hc_ttlv_field transparent[] = {
		{ HC_TAG_KEY, HC_TTLV_BYTES, HC_TTLV_REQUIRED, ret_bytes, NULL },
	};
	int r;

	r = hc_ttlv_fields(key_value, fields, N(fields), skip_unknown);
	if (r < 0)
		return r;
	if (format != HC_FORMAT_TRANSPARENT_SYMMETRIC && material.type == HC_TTLV_BYTES) {
		*ret_bytes = material;
		return 0;
	}
	if (format == HC_FORMAT_TRANSPARENT_SYMMETRIC && material.type == HC_TTLV_STRUCTURE)
		return hc_ttlv_fields(&material, transparent, N(transparent), skip_unknown);
	return hc_fail(HC_E_KMIP_MALFORMED, "the Key Material does not fit its Key Format Type %u",
		       format);
}

static int read_key_block(const struct hc_ttlv *block, const struct kind *kind,
			  bool skip_unknown, struct hc_ttlv *ret_bytes, struct hc_kmip_key *key)
{
	struct hc_ttlv format, compression, value, algorithm, length, wrapping;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_KEY_FORMAT, HC_TTLV_ENUM, HC_TTLV_REQUIRED, &format, NULL },
		{ HC_TAG_KEY_COMPRESSION, HC_TTLV_ENUM, HC_TTLV_OPTIONAL, &compression, NULL },
		{ HC_TAG_KEY_VALUE, HC_TTLV_ANY, HC_TTLV_OPTIONAL, &value, NULL },
		{ HC_TAG_CRYPTO_ALGORITHM, HC_TTLV_ENUM, HC_TTLV_OPTIONAL, &algorithm, NULL },
		{ HC_TAG_CRYPTO_LENGTH, HC_TTLV_INTEGER, HC_TTLV_OPTIONAL, &length, NULL },
		{ HC_TAG_KEY_WRAPPING_DATA, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, &wrapping, NULL },
	};
	int r;

	r = hc_ttlv_fields(block, fields, N(fields), skip_unknown);
	if (r < 0)
		return r;
	if (wrapping.tag)
		return hc_fail(HC_E_KEK_UNFIT,
			       "the key came wrapped by another key, which was not asked for");
	if (!value.tag)
		return hc_fail(HC_E_KEK_UNFIT, "the server keeps no bytes of this key");
	if (compression.tag)
		return hc_fail(HC_E_KEK_UNFIT, "the key came compressed");
	if (!understands(kind, hc_ttlv_enum(&format)))
		return hc_fail(HC_E_KEK_UNFIT, "the key is in Key Format Type %u, not %s",
			       hc_ttlv_enum(&format), kind->format_words);
	if (value.type != HC_TTLV_STRUCTURE)
		return hc_fail(HC_E_KMIP_MALFORMED, "the Key Value of a plain key is no structure");
	key->format = hc_ttlv_enum(&format);
	key->algorithm = algorithm.tag ? hc_ttlv_enum(&algorithm) : 0;
	key->length = length.tag ? hc_ttlv_integer(&length) : 0;
	return find_bytes(&value, hc_ttlv_enum(&format), skip_unknown, ret_bytes);
}

/* The Key Block of the object of @kind that an answer to Get brings. */
static int read_object(const struct hc_kmip_answer *answer, const char *id,
		       const struct kind *kind, struct hc_ttlv *ret_block)
{
	struct hc_ttlv type, about, object;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_OBJECT_TYPE, HC_TTLV_ENUM, HC_TTLV_REQUIRED, &type, NULL },
		{ HC_TAG_UNIQUE_IDENTIFIER, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &about, NULL },
		{ kind->tag, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, &object, NULL },
	};
	const struct hc_ttlv_field object_fields[] = {
		{ HC_TAG_KEY_BLOCK, HC_TTLV_STRUCTURE, HC_TTLV_REQUIRED, ret_block, NULL },
	};
	int r;

	/* An object of another type stands in a field of another tag. */
	r = hc_ttlv_fields(&answer->payload, fields, 2, true);
	if (r < 0)
		return r;
	r = match_id(&about, id);
	if (r < 0)
		return r;
	if (hc_ttlv_enum(&type) != kind->type)
		return hc_fail(HC_E_KEK_UNFIT, "the object is of type %u, not a %s",
			       hc_ttlv_enum(&type), kind->words);
	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	if (!object.tag)
		return hc_fail(HC_E_KMIP_MALFORMED, "the answer lacks the %s", kind->words);
	return hc_ttlv_fields(&object, object_fields, N(object_fields), answer->skip_unknown);
}

static int keep_bytes(const struct hc_ttlv *bytes, const char *what, struct hc_secret *ret_secret)
{
	int r;

	if (bytes->length == 0)
		return hc_fail(HC_E_KMIP_MALFORMED, "%s has no bytes", what);
	r = hc_secret_alloc(bytes->length, ret_secret);
	if (r == 0)
		memcpy(ret_secret->data, bytes->value, bytes->length);
	return r;
}

int hc_kmip_read_key(const struct hc_kmip_answer *answer, const char *id,
		     enum hc_kmip_object type, struct hc_kmip_key *ret_key)
{
	const struct kind *kind = kinds;
	struct hc_kmip_key key = { 0 };
	struct hc_ttlv block, bytes;
	int r;

	while (kind->type != type)
		kind++;
	r = read_object(answer, id, kind, &block);
	if (r == 0)
		r = read_key_block(&block, kind, answer->skip_unknown, &bytes, &key);
	if (r == 0)
		r = keep_bytes(&bytes, "the key", &key.bytes);
	if (r < 0)
		return r;
	*ret_key = key;
	return 0;
}

int hc_kmip_read_decrypt(const struct hc_kmip_answer *answer, const char *id,
			 struct hc_secret *ret_data)
{
	struct hc_ttlv about, data;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_UNIQUE_IDENTIFIER, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &about, NULL },
		{ HC_TAG_DATA, HC_TTLV_BYTES, HC_TTLV_REQUIRED, &data, NULL },
	};
	int r;

	r = hc_ttlv_fields(&answer->payload, fields, N(fields), answer->skip_unknown);
	if (r == 0)
		r = match_id(&about, id);
	return r < 0 ? r : keep_bytes(&data, "the decrypted data", ret_data);
}
