// SPDX-License-Identifier: GPL-2.0
/* The payloads of answers, and the requests they answer. */
#include "unit.h"

#include <string.h>

#include "answers.h"
#include "base/error.h"
#include "hex.h"

static uint8_t buffer[4096];

/* What the payload's writers below change. */
static struct {
	const char *id;
	enum hc_kmip_object asked;
	uint32_t object_type, tag, format, algorithm;
	int32_t length;
	size_t size;
	bool wrapped, compressed, no_value, no_object, no_numbers, transparent;
	bool unknown;
} key;

static struct hc_kmip_answer answer_of(enum hc_kmip_operation operation,
				       void (*payload)(struct hc_ttlv_writer *w))
{
	struct shape shape = good_shape(operation, payload);
	struct hc_kmip_answer answer = { 0 };

	EXPECT(hc_kmip_answer_read(buffer, make_answer(&shape, buffer), &shape.question,
				   &answer) == 0);
	return answer;
}

static void put_material(struct hc_ttlv_writer *w)
{
	static const uint8_t bytes[64] = { 1, 2, 3 };

	if (key.transparent)
		hc_ttlv_begin(w, HC_TAG_KEY_MATERIAL);
	hc_ttlv_put_bytes(w, key.transparent ? HC_TAG_KEY : HC_TAG_KEY_MATERIAL, bytes, key.size);
	if (key.transparent)
		hc_ttlv_end(w);
}

static void put_key_block(struct hc_ttlv_writer *w)
{
	hc_ttlv_begin(w, HC_TAG_KEY_BLOCK);
	hc_ttlv_put_enum(w, HC_TAG_KEY_FORMAT, key.format);
	if (key.compressed)
		hc_ttlv_put_enum(w, HC_TAG_KEY_COMPRESSION, 1);
	if (!key.no_value) {
		hc_ttlv_begin(w, HC_TAG_KEY_VALUE);
		put_material(w);
		hc_ttlv_end(w);
	}
	if (!key.no_numbers) {
		hc_ttlv_put_enum(w, HC_TAG_CRYPTO_ALGORITHM, key.algorithm);
		hc_ttlv_put_integer(w, HC_TAG_CRYPTO_LENGTH, key.length);
	}
	if (key.wrapped) {
		hc_ttlv_begin(w, HC_TAG_KEY_WRAPPING_DATA);
		hc_ttlv_end(w);
	}
	hc_ttlv_end(w);
}

static void put_key(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_enum(w, HC_TAG_OBJECT_TYPE, key.object_type);
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, key.id);
	if (!key.no_object) {
		hc_ttlv_begin(w, key.tag);
		put_key_block(w);
		hc_ttlv_end(w);
	}
	if (key.unknown)
		hc_ttlv_put_integer(w, 0x420123, 1);
}

static void good_key(void)
{
	memset(&key, 0, sizeof(key));
	key.id = "key-1";
	key.asked = HC_OBJECT_SYMMETRIC_KEY;
	key.object_type = HC_OBJECT_SYMMETRIC_KEY;
	key.tag = HC_TAG_SYMMETRIC_KEY;
	key.format = HC_FORMAT_RAW;
	key.algorithm = HC_ALGORITHM_AES;
	key.length = 256;
	key.size = 32;
}

/* Read the key as it now is: the failure, or the number of bytes. */
static int read_key(void)
{
	struct hc_kmip_answer answer = answer_of(HC_OP_GET, put_key);
	struct hc_kmip_key got = { 0 };
	int r = hc_kmip_read_key(&answer, "key-1", key.asked, &got);

	if (r < 0) {
		EXPECT(!got.bytes.data);
		return r;
	}
	EXPECT(got.bytes.data[0] == 1 && got.bytes.data[2] == 3);
	EXPECT(got.format == key.format);
	EXPECT(got.algorithm == (key.no_numbers ? 0 : key.algorithm));
	EXPECT(got.length == (key.no_numbers ? 0 : key.length));
	r = (int)got.bytes.size;
	hc_secret_free(&got.bytes);
	return r;
}

static void key_is_read(void)
{
	good_key();
	EXPECT(read_key() == 32);
	key.size = 16; /* what fits is the provider's matter */
	EXPECT(read_key() == 16);
	good_key();
	key.no_numbers = true;
	EXPECT(read_key() == 32);
	good_key();
	key.transparent = true;
	key.format = HC_FORMAT_TRANSPARENT_SYMMETRIC;
	EXPECT(read_key() == 32);
}

static void key_of_another_is_refused(void)
{
	good_key();
	key.id = "key-2";
	EXPECT(read_key() == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), "key-2"));
	key.id = "key-1 ";
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
	key.id = "key-";
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
	key.id = "";
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
}

static void unfit_keys_are_refused(void)
{
	good_key();
	key.object_type = 3;
	EXPECT(read_key() == HC_E_KEK_UNFIT);
	key.tag = HC_TAG_PUBLIC_KEY;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "type 3"));
	good_key();
	key.wrapped = true;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "wrapped"));
	good_key();
	key.compressed = true;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "compressed"));
	good_key();
	key.no_value = true;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "no bytes"));
	good_key();
	key.format = 2;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "Format Type 2"));
}

static void malformed_keys_are_refused(void)
{
	good_key();
	key.no_object = true;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
	good_key();
	key.tag = HC_TAG_PUBLIC_KEY; /* says symmetric, brings another */
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
	good_key();
	key.size = 0;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), "no bytes"));
	good_key();
	key.transparent = true;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), "does not fit"));
	good_key();
	key.format = HC_FORMAT_TRANSPARENT_SYMMETRIC;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), "does not fit"));
	good_key();
	key.unknown = true;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
}

static void good_half(enum hc_kmip_object type)
{
	good_key();
	key.asked = type;
	key.object_type = type;
	key.tag = type == HC_OBJECT_PUBLIC_KEY ? HC_TAG_PUBLIC_KEY : HC_TAG_PRIVATE_KEY;
	key.format = type == HC_OBJECT_PUBLIC_KEY ? HC_FORMAT_X509 : HC_FORMAT_PKCS8;
	key.algorithm = HC_ALGORITHM_RSA;
	key.length = 3072;
}

static void halves_of_a_pair_are_read(void)
{
	good_half(HC_OBJECT_PUBLIC_KEY);
	EXPECT(read_key() == 32);
	key.format = HC_FORMAT_PKCS1;
	EXPECT(read_key() == 32);
	good_half(HC_OBJECT_PRIVATE_KEY);
	EXPECT(read_key() == 32);
	key.format = HC_FORMAT_PKCS1;
	EXPECT(read_key() == 32);
}

/* Each type of key has formats of its own; transparent ones have several numbers inside. */
static void halves_in_foreign_formats_are_refused(void)
{
	static const uint32_t no_public[] = { 0, 1, 2, 4, 6, 7, 10, 11, 31, 32, 37, 0x80000005 };
	static const uint32_t no_private[] = { 0, 1, 2, 5, 6, 7, 10, 11, 31, 32, 36, 0x80000004 };

	for (size_t i = 0; i < sizeof(no_public) / sizeof(no_public[0]); i++) {
		good_half(HC_OBJECT_PUBLIC_KEY);
		key.format = no_public[i];
		EXPECT(read_key() == HC_E_KEK_UNFIT &&
		       strstr(hc_error_message(), "not PKCS#1 or X.509"));
		good_half(HC_OBJECT_PRIVATE_KEY);
		key.format = no_private[i];
		EXPECT(read_key() == HC_E_KEK_UNFIT &&
		       strstr(hc_error_message(), "not PKCS#1 or PKCS#8"));
	}
	good_key();
	key.format = HC_FORMAT_PKCS8;
	EXPECT(read_key() == HC_E_KEK_UNFIT);
	good_half(HC_OBJECT_PRIVATE_KEY);
	key.transparent = true;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), "does not fit"));
}

static void halves_are_not_taken_for_each_other(void)
{
	good_half(HC_OBJECT_PRIVATE_KEY);
	key.asked = HC_OBJECT_PUBLIC_KEY;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "not a public key"));
	key.object_type = HC_OBJECT_PUBLIC_KEY; /* says public, brings the private one */
	key.format = HC_FORMAT_PKCS1;
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
	good_half(HC_OBJECT_PUBLIC_KEY);
	key.asked = HC_OBJECT_PRIVATE_KEY;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "not a private key"));
	good_half(HC_OBJECT_PRIVATE_KEY);
	key.id = "key-2";
	EXPECT(read_key() == HC_E_KMIP_MALFORMED);
	good_half(HC_OBJECT_PRIVATE_KEY);
	key.wrapped = true;
	EXPECT(read_key() == HC_E_KEK_UNFIT && strstr(hc_error_message(), "wrapped"));
}

/* What an answer to Create Key Pair or Decrypt holds; NULL leaves it out. */
static struct {
	const char *private_id, *public_id, *id, *data;
	bool templates, swapped, unknown;
} pair;

static void put_pair(struct hc_ttlv_writer *w)
{
	if (pair.swapped)
		hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, pair.private_id);
	else if (pair.private_id)
		hc_ttlv_put_text(w, HC_TAG_PRIVATE_KEY_ID, pair.private_id);
	if (pair.public_id)
		hc_ttlv_put_text(w, HC_TAG_PUBLIC_KEY_ID, pair.public_id);
	if (pair.templates) {
		hc_ttlv_begin(w, HC_TAG_PRIVATE_TEMPLATE);
		hc_ttlv_end(w);
		hc_ttlv_begin(w, HC_TAG_PUBLIC_TEMPLATE);
		hc_ttlv_end(w);
	}
	if (pair.unknown)
		hc_ttlv_put_integer(w, 0x420123, 1);
}

static int read_pair(const char *private_id, const char *public_id)
{
	char got_private[HC_KMIP_ID_MAX] = "kept", got_public[HC_KMIP_ID_MAX] = "kept";
	struct hc_kmip_answer answer;
	int r;

	pair.private_id = private_id;
	pair.public_id = public_id;
	answer = answer_of(HC_OP_CREATE_KEY_PAIR, put_pair);
	r = hc_kmip_read_create_pair(&answer, got_private, got_public);
	EXPECT(strcmp(got_private, r < 0 ? "kept" : private_id) == 0);
	EXPECT(strcmp(got_public, r < 0 ? "kept" : public_id) == 0);
	return r;
}

static void created_pair_has_two_plain_ids(void)
{
	memset(&pair, 0, sizeof(pair));
	EXPECT(read_pair("2", "1") == 0);
	EXPECT(read_pair("2", NULL) == HC_E_KMIP_MALFORMED);
	EXPECT(read_pair(NULL, "1") == HC_E_KMIP_MALFORMED);
	EXPECT(read_pair("1", "1") == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), "both"));
	EXPECT(read_pair("", "1") == HC_E_KMIP_MALFORMED);
	EXPECT(read_pair("2", "a\nb") == HC_E_KMIP_MALFORMED);
	pair.templates = true;
	EXPECT(read_pair("2", "1") == 0);
	pair.unknown = true;
	EXPECT(read_pair("2", "1") == HC_E_KMIP_MALFORMED);
	memset(&pair, 0, sizeof(pair));
	pair.swapped = true; /* a plain Unique Identifier in the private one's place */
	EXPECT(read_pair("2", "1") == HC_E_KMIP_MALFORMED);
}

static void put_decrypted(struct hc_ttlv_writer *w)
{
	if (pair.id)
		hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, pair.id);
	if (pair.data)
		hc_ttlv_put_bytes(w, HC_TAG_DATA, pair.data, strlen(pair.data));
	if (pair.unknown)
		hc_ttlv_put_integer(w, 0x420123, 1);
}

static int read_decrypted(const char *id, const char *plain)
{
	struct hc_secret got = { 0 };
	struct hc_kmip_answer answer;
	int r;

	pair.id = id;
	pair.data = plain;
	answer = answer_of(HC_OP_DECRYPT, put_decrypted);
	r = hc_kmip_read_decrypt(&answer, "key-1", &got);
	if (r < 0)
		EXPECT(!got.data);
	else
		EXPECT(plain && got.size == strlen(plain) &&
		       memcmp(got.data, plain, got.size) == 0);
	hc_secret_free(&got);
	return r;
}

static void decrypted_data_are_read(void)
{
	memset(&pair, 0, sizeof(pair));
	EXPECT(read_decrypted("key-1", "plain text") == 0);
	EXPECT(read_decrypted("key-2", "plain text") == HC_E_KMIP_MALFORMED);
	EXPECT(read_decrypted(NULL, "plain text") == HC_E_KMIP_MALFORMED);
	EXPECT(read_decrypted("key-1", NULL) == HC_E_KMIP_MALFORMED);
	EXPECT(read_decrypted("key-1", "") == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "no bytes"));
	pair.unknown = true;
	EXPECT(read_decrypted("key-1", "plain text") == HC_E_KMIP_MALFORMED);
}

static void put_attribute(struct hc_ttlv_writer *w, const char *name, enum hc_ttlv_type type,
			  uint8_t value)
{
	hc_ttlv_begin(w, HC_TAG_ATTRIBUTE);
	hc_ttlv_put_text(w, HC_TAG_ATTRIBUTE_NAME, name);
	hc_ttlv_put(w, HC_TAG_ATTRIBUTE_VALUE, type, (const uint8_t[4]){ 0, 0, 0, value }, 4);
	hc_ttlv_end(w);
}

static void put_state_twice(struct hc_ttlv_writer *w)
{
	put_good_attributes(w);
	put_attribute(w, "State", HC_TTLV_ENUM, HC_STATE_COMPROMISED);
}

static void put_state_as_integer(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, "key-1");
	put_attribute(w, "State", HC_TTLV_INTEGER, HC_STATE_ACTIVE);
}

static void put_others_attributes(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, "key-2");
	put_attribute(w, "State", HC_TTLV_ENUM, HC_STATE_ACTIVE);
}

static void put_foreign_attribute(struct hc_ttlv_writer *w)
{
	put_good_attributes(w);
	put_attribute(w, "x-anything", HC_TTLV_INTERVAL, 9);
	put_attribute(w, "x-anything", HC_TTLV_INTEGER, 9);
}

static void put_no_attribute(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, "key-1");
}

static int read_attributes(void (*payload)(struct hc_ttlv_writer *w),
			   struct hc_kmip_attributes *got)
{
	struct hc_kmip_answer answer = answer_of(HC_OP_GET_ATTRIBUTES, payload);

	return hc_kmip_read_attributes(&answer, "key-1", got);
}

static void attributes_are_read(void)
{
	struct hc_kmip_attributes got = { 0 };

	EXPECT(read_attributes(put_good_attributes, &got) == 0);
	EXPECT(got.state == HC_STATE_ACTIVE && got.object_type == 2 && got.algorithm == 3);
	EXPECT(got.usage == 12 && got.length == 0);
	EXPECT(read_attributes(put_foreign_attribute, &got) == 0 && got.state == HC_STATE_ACTIVE);
	EXPECT(read_attributes(put_no_attribute, &got) == 0 && got.state == 0);
}

static void bad_attributes_are_refused(void)
{
	struct hc_kmip_attributes got = { .state = 99 };

	EXPECT(read_attributes(put_state_twice, &got) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "State has two values"));
	EXPECT(read_attributes(put_state_as_integer, &got) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "wrong type"));
	EXPECT(read_attributes(put_others_attributes, &got) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "key-2"));
	EXPECT(got.state == 99);
}

/* Create and Locate: identifiers. */
static const char *ids[4];

static void put_created(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_enum(w, HC_TAG_OBJECT_TYPE, key.object_type);
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, ids[0]);
}

static void put_located(struct hc_ttlv_writer *w)
{
	for (size_t i = 0; i < 4 && ids[i]; i++)
		hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, ids[i]);
}

static int read_created(const char *id, char got[HC_KMIP_ID_MAX])
{
	struct hc_kmip_answer answer;

	ids[0] = id;
	answer = answer_of(HC_OP_CREATE, put_created);
	return hc_kmip_read_create(&answer, got);
}

static void created_id_must_be_plain(void)
{
	char got[HC_KMIP_ID_MAX] = "";
	char longest[HC_KMIP_ID_MAX + 1];

	good_key();
	EXPECT(read_created("a b/c-1", got) == 0 && strcmp(got, "a b/c-1") == 0);
	EXPECT(read_created("", got) == HC_E_KMIP_MALFORMED);
	EXPECT(read_created("a\nb", got) == HC_E_KMIP_MALFORMED);
	EXPECT(read_created("a\xff", got) == HC_E_KMIP_MALFORMED);
	memset(longest, 'x', sizeof(longest));
	longest[HC_KMIP_ID_MAX] = '\0';
	EXPECT(read_created(longest, got) == HC_E_KMIP_MALFORMED);
	longest[HC_KMIP_ID_MAX - 1] = '\0';
	EXPECT(read_created(longest, got) == 0 && strcmp(got, longest) == 0);
	key.object_type = 7;
	EXPECT(read_created("1", got) == HC_E_KMIP_MALFORMED);
}

static void located_ids_are_counted(void)
{
	char got[HC_KMIP_ID_MAX] = "";
	struct hc_kmip_answer answer;
	unsigned found = 9;

	for (unsigned n = 0; n < 4; n++) {
		memset(ids, 0, sizeof(ids));
		for (unsigned i = 0; i < n; i++)
			ids[i] = i == 0 ? "one" : "more";
		answer = answer_of(HC_OP_LOCATE, put_located);
		EXPECT(hc_kmip_read_locate(&answer, got, &found) == 0);
		EXPECT(found == (n < 2 ? n : 2));
		EXPECT(n == 0 || strcmp(got, "one") == 0);
	}
}

static void done_must_be_for_the_key(void)
{
	struct hc_kmip_answer answer;

	memset(ids, 0, sizeof(ids));
	ids[0] = "key-1";
	answer = answer_of(HC_OP_ACTIVATE, put_located);
	EXPECT(hc_kmip_read_id(&answer, "key-1") == 0);
	EXPECT(hc_kmip_read_id(&answer, "key-2") == HC_E_KMIP_MALFORMED);
	EXPECT(hc_kmip_read_id(&answer, "key-10") == HC_E_KMIP_MALFORMED);
	ids[1] = "key-2";
	answer = answer_of(HC_OP_ACTIVATE, put_located);
	EXPECT(hc_kmip_read_id(&answer, "key-1") == HC_E_KMIP_MALFORMED);
	ids[0] = NULL;
	answer = answer_of(HC_OP_ACTIVATE, put_located);
	EXPECT(hc_kmip_read_id(&answer, "key-1") == HC_E_KMIP_MALFORMED);
}

static void put_versions(struct hc_ttlv_writer *w)
{
	static const int versions[][2] = { { 3, 0 }, { 2, 1 }, { 1, 9 }, { 1, 3 },
					   { 1, 0 }, { 1, -1 }, { 0, 4 } };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		hc_ttlv_begin(w, HC_TAG_PROTOCOL_VERSION);
		hc_ttlv_put_integer(w, HC_TAG_VERSION_MAJOR, versions[i][0]);
		hc_ttlv_put_integer(w, HC_TAG_VERSION_MINOR, versions[i][1]);
		hc_ttlv_end(w);
	}
}

static void put_nothing(struct hc_ttlv_writer *w)
{
	(void)w;
}

/* Only versions that we know count. */
static void versions_are_ours(void)
{
	struct hc_kmip_answer answer = answer_of(HC_OP_DISCOVER_VERSIONS, put_versions);
	unsigned minors = 0;

	EXPECT(hc_kmip_read_discover_versions(&answer, &minors) == 0);
	EXPECT(minors == (1u << 3 | 1u << 0));
	answer = answer_of(HC_OP_DISCOVER_VERSIONS, put_nothing);
	EXPECT(hc_kmip_read_discover_versions(&answer, &minors) == 0 && minors == 0);
}

static void put_server(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_enum(w, HC_TAG_OPERATION, HC_OP_CREATE);
	hc_ttlv_put_enum(w, HC_TAG_OPERATION, 0x3f);
	hc_ttlv_put_enum(w, HC_TAG_OPERATION, 0x80000001);
	hc_ttlv_put_text(w, HC_TAG_VENDOR_ID, "A\x1b vendor");
	hc_ttlv_begin(w, HC_TAG_SERVER_INFORMATION);
	hc_ttlv_put_text(w, 0x420999, "of its own");
	hc_ttlv_end(w);
	hc_ttlv_put_integer(w, 0x420123, 1);
}

/* Servers put their own things into this answer. */
static void query_is_read_loosely(void)
{
	struct hc_kmip_answer answer = answer_of(HC_OP_QUERY, put_server);
	struct hc_kmip_server_info info = { 0 };

	EXPECT(hc_kmip_read_query(&answer, &info) == 0);
	EXPECT(strcmp(info.vendor, "A? vendor") == 0);
	EXPECT(info.operations == ((uint64_t)1 << 63 | 1 << HC_OP_CREATE));
}

/* A Create of KMIP 1.2 byte for byte. */
static void create_request(void)
{
	static const char hex[] =
		"42007801 00000180"
		"  42007701 00000048"
		"    42006901 00000020"
		"      42006a02 00000004 00000001 00000000"
		"      42006b02 00000004 00000002 00000000"
		"    42005002 00000004 00010000 00000000"
		"    42000d02 00000004 00000001 00000000"
		"  42000f01 00000128"
		"    42005c05 00000004 00000001 00000000"
		"    42009308 00000008 7265717565737431"
		"    42007901 00000100"
		"      42005705 00000004 00000002 00000000"
		"      42009101 000000e8"
		"        42000801 00000030"
		"          42000a07 00000017 43727970746f6772 617068696320416c 676f726974686d00"
		"          42000b05 00000004 00000003 00000000"
		"        42000801 00000030"
		"          42000a07 00000014 43727970746f6772 6170686963204c65 6e67746800000000"
		"          42000b02 00000004 00000100 00000000"
		"        42000801 00000030"
		"          42000a07 00000018 43727970746f6772 6170686963205573 616765204d61736b"
		"          42000b02 00000004 0000000c 00000000"
		"        42000801 00000038"
		"          42000a07 00000004 4e616d6500000000"
		"          42000b01 00000020"
		"            42005507 00000002 6869000000000000"
		"            42005405 00000004 00000001 00000000";
	const struct hc_kmip_question question = {
		.operation = HC_OP_CREATE, .minor = 2, .batch_id = "request1",
	};
	uint8_t want[512], got[512];
	struct hc_ttlv_writer w;
	size_t size = 0;

	hc_ttlv_writer_init(&w, got, sizeof(got));
	hc_kmip_request_begin(&w, &question);
	hc_kmip_put_create(&w, "hi");
	hc_kmip_request_end(&w);
	EXPECT(hc_ttlv_finish(&w, &size) == 0);
	EXPECT(size == unhex(hex, want, sizeof(want)));
	EXPECT(memcmp(got, want, size) == 0);
}

/* A payload of our own against bytes in hex. */
static bool payload_is(const struct hc_ttlv_writer *w, const char *hex)
{
	uint8_t want[512];
	size_t size = 0;

	return hc_ttlv_finish(w, &size) == 0 && size == unhex(hex, want, sizeof(want)) &&
	       memcmp(w->data, want, size) == 0;
}

static void decrypt_request(void)
{
	static const char before_1_4[] =
		"42009407 00000005 6b65792d31000000"
		"42002b01 00000030"
		"  42005f05 00000004 00000002 00000000"
		"  42003805 00000004 00000006 00000000"
		"  42002805 00000004 00000004 00000000"
		"4200c208 00000003 6162630000000000";
	static const char since_1_4[] =
		"42009407 00000005 6b65792d31000000"
		"42002b01 00000050"
		"  42005f05 00000004 00000002 00000000"
		"  42003805 00000004 00000006 00000000"
		"  42002805 00000004 00000004 00000000"
		"  42010105 00000004 00000001 00000000"
		"  42010205 00000004 00000006 00000000"
		"4200c208 00000003 6162630000000000";
	struct hc_ttlv_writer w;
	uint8_t got[512];

	for (unsigned minor = 0; minor <= HC_KMIP_MINOR_MAX; minor++) {
		hc_ttlv_writer_init(&w, got, sizeof(got));
		hc_kmip_put_decrypt(&w, minor, "key-1", "abc", 3);
		EXPECT(payload_is(&w, minor < 4 ? before_1_4 : since_1_4));
	}
}

static void locate_request(void)
{
	static const char hex[] =
		"42004f02 00000004 00000002 00000000"
		"42000801 00000028"
		"  42000a07 0000000b 4f626a6563742054 7970650000000000"
		"  42000b05 00000004 00000004 00000000"
		"42000801 00000038"
		"  42000a07 00000004 4e616d6500000000"
		"  42000b01 00000020"
		"    42005507 00000002 6869000000000000"
		"    42005405 00000004 00000001 00000000";
	struct hc_ttlv_writer w;
	uint8_t got[512];

	hc_ttlv_writer_init(&w, got, sizeof(got));
	hc_kmip_put_locate(&w, HC_OBJECT_PRIVATE_KEY, "hi");
	EXPECT(payload_is(&w, hex));
}

static void operations_have_names(void)
{
	EXPECT(strcmp(hc_kmip_operation_name(0x02), "Create Key Pair") == 0);
	EXPECT(strcmp(hc_kmip_operation_name(0x20), "Decrypt") == 0);
	EXPECT(strcmp(hc_kmip_operation_name(0x1f), "unknown") == 0);
	EXPECT(strcmp(hc_kmip_tag_name(0x420066), "Private Key Unique Identifier") == 0);
	EXPECT(strcmp(hc_kmip_tag_name(0x4200c2), "Data") == 0);
}

int main(void)
{
	RUN(key_is_read);
	RUN(key_of_another_is_refused);
	RUN(unfit_keys_are_refused);
	RUN(malformed_keys_are_refused);
	RUN(halves_of_a_pair_are_read);
	RUN(halves_in_foreign_formats_are_refused);
	RUN(halves_are_not_taken_for_each_other);
	RUN(created_pair_has_two_plain_ids);
	RUN(decrypted_data_are_read);
	RUN(attributes_are_read);
	RUN(bad_attributes_are_refused);
	RUN(created_id_must_be_plain);
	RUN(located_ids_are_counted);
	RUN(done_must_be_for_the_key);
	RUN(versions_are_ours);
	RUN(query_is_read_loosely);
	RUN(create_request);
	RUN(decrypt_request);
	RUN(locate_request);
	RUN(operations_have_names);
	return unit_result();
}
