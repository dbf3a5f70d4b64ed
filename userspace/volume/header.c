// SPDX-License-Identifier: GPL-2.0
#include "volume/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "volume/mac.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* More would only keep us busy: a keyslot of ours is made with 1000. */
#define ITERATIONS_MAX 10000000

static int not_allowed(const char *what, const char *value)
{
	return hc_fail(HC_E_HEADER_CIPHER,
		       "the header is not allowed: %s is \"%.64s\"; somebody changed it, or it was "
		       "not made by hostcrypt: restore it from a backup",
		       what, value ? value : "missing");
}

/* Only these characters, so that no value can start a line of its own in the
 * text that the MAC covers. */
static bool only_chars(const char *text, const char *more, size_t max)
{
	static const char alnum[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = 0;

	if (!text || !*text)
		return false;
	for (; *text; text++, n++)
		if (!strchr(alnum, *text) && !strchr(more, *text))
			return false;
	return n <= max;
}

static bool is_supported_sector_size(int64_t size)
{
	return size == 512 || size == 1024 || size == 2048 || size == 4096;
}

static int read_segment(struct json_object *root, struct hc_header *header)
{
	static const char *const names[] = { "type",	 "offset",     "size",
					     "iv_tweak", "encryption", "sector_size" };
	struct json_object *segments = hc_json_object(root, "segments");
	struct json_object *segment = hc_json_object(segments, "0");
	const char *encryption = hc_json_text(segment, "encryption");
	const char *type = hc_json_text(segment, "type");
	const char *size = hc_json_text(segment, "size");
	char bytes[24] = "dynamic";
	int64_t sector_size = 0;

	if (!segment || json_object_object_length(segments) != 1)
		return not_allowed("the number of segments", "not one");
	if (!type || strcmp(type, "crypt") != 0)
		return not_allowed("the segment's type", type);
	if (!encryption || strcmp(encryption, HC_LUKS_ENCRYPTION) != 0)
		return not_allowed("the cipher", encryption);
	if (!hc_json_only(segment, names, N_ELEMENTS(names)))
		return not_allowed("a member of the segment", "unknown");
	if (!hc_json_int(segment, "sector_size", 512, 4096, &sector_size) ||
	    !is_supported_sector_size(sector_size))
		return not_allowed("the sector size", "none of 512, 1024, 2048, 4096");
	if (!hc_json_u64_text(segment, "offset", &header->data_offset) ||
	    header->data_offset % 512 != 0)
		return not_allowed("the data offset", hc_json_text(segment, "offset"));
	if (!hc_json_u64_text(segment, "iv_tweak", &header->iv_tweak))
		return not_allowed("the tweak offset", hc_json_text(segment, "iv_tweak"));
	if (!size || (strcmp(size, "dynamic") != 0 &&
		      (!hc_parse_u64(size, &header->data_bytes) || header->data_bytes == 0 ||
		       header->data_bytes % (uint64_t)sector_size != 0)))
		return not_allowed("the data's size", size);
	header->sector_size = (unsigned)sector_size;
	if (header->data_bytes)
		snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)header->data_bytes);
	snprintf(header->segment, sizeof(header->segment), "crypt %llu %s %llu %s %u",
		 (unsigned long long)header->data_offset, bytes,
		 (unsigned long long)header->iv_tweak, encryption, header->sector_size);
	return 0;
}

static bool has_text(struct json_object *array, const char *text)
{
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (json_object_is_type(item, json_type_string) &&
		    strcmp(json_object_get_string(item), text) == 0)
			return true;
	}
	return false;
}

static int read_digest(struct json_object *digest, struct hc_header *header)
{
	const char *type = hc_json_text(digest, "type");
	const char *hash = hc_json_text(digest, "hash");
	const char *salt = hc_json_text(digest, "salt");
	const char *value = hc_json_text(digest, "digest");
	int64_t iterations;

	if (!type || strcmp(type, "pbkdf2") != 0)
		return not_allowed("the digest's type", type);
	if (!only_chars(hash, "-", 32))
		return not_allowed("the digest's hash", hash);
	if (!hc_json_int(digest, "iterations", 1, ITERATIONS_MAX, &iterations))
		return not_allowed("the digest's iteration count", "out of bounds");
	if (!only_chars(salt, "+/=", 128) || !only_chars(value, "+/=", 128))
		return not_allowed("the digest", "malformed");
	snprintf(header->digest, sizeof(header->digest), "%s %s %lld %s %s", type, hash,
		 (long long)iterations, salt, value);
	return 0;
}

/* The digest of the segment; one that covers no segment is somebody's unbound
 * keyslot and decides nothing. */
static int read_digests(struct json_object *root, struct hc_header *header)
{
	struct json_object *digests = hc_json_object(root, "digests");
	struct json_object *ours = NULL;

	if (!digests)
		return not_allowed("the digest", NULL);
	json_object_object_foreach(digests, name, digest)
	{
		(void)name;
		if (!has_text(hc_json_array(digest, "segments"), "0"))
			continue;
		if (ours)
			return not_allowed("the number of digests", "not one");
		ours = digest;
	}
	if (!ours)
		return not_allowed("the digest", NULL);
	return read_digest(ours, header);
}

/*
 * No keyslot may use the null cipher, whoever's it is. A keyslot of ours must
 * look exactly as we make them.
 */
static int check_keyslot(struct json_object *keyslot, bool ours)
{
	struct json_object *area = hc_json_object(keyslot, "area");
	struct json_object *kdf = hc_json_object(keyslot, "kdf");
	const char *encryption = hc_json_text(area, "encryption");
	const char *type = hc_json_text(keyslot, "type");
	const char *kdf_type = hc_json_text(kdf, "type");
	int64_t n;

	if (!type || strcmp(type, "luks2") != 0)
		return not_allowed("a keyslot's type", type);
	if (!encryption || strstr(encryption, "null"))
		return not_allowed("a keyslot's cipher", encryption);
	if (!ours)
		return 0;
	if (strcmp(encryption, HC_LUKS_ENCRYPTION) != 0)
		return not_allowed("our keyslot's cipher", encryption);
	if (!hc_json_int(keyslot, "key_size", HOSTCRYPT_KEY_SIZE, HOSTCRYPT_KEY_SIZE, &n) ||
	    !hc_json_int(area, "key_size", HOSTCRYPT_KEY_SIZE, HOSTCRYPT_KEY_SIZE, &n))
		return not_allowed("our keyslot's key size", "not 64");
	if (!kdf_type || strcmp(kdf_type, "pbkdf2") != 0)
		return not_allowed("our keyslot's key derivation", kdf_type);
	if (!hc_json_int(kdf, "iterations", 1, ITERATIONS_MAX, &n))
		return not_allowed("our keyslot's iteration count", "out of bounds");
	return 0;
}

static bool is_ours(const struct hc_token *token, const char *keyslot)
{
	for (size_t i = 0; i < token->n_keks; i++)
		if (atoi(keyslot) == token->keks[i].keyslot)
			return true;
	return false;
}

static int check_keyslots(struct json_object *root, const struct hc_token *token)
{
	struct json_object *keyslots = hc_json_object(root, "keyslots");
	size_t found = 0;
	int r;

	if (!keyslots)
		return not_allowed("the list of keyslots", NULL);
	json_object_object_foreach(keyslots, name, keyslot)
	{
		bool ours = is_ours(token, name);

		r = check_keyslot(keyslot, ours);
		if (r < 0)
			return r;
		found += ours;
	}
	if (found != token->n_keks)
		return hc_fail(HC_E_HEADER_TOKEN,
			       "the hostcrypt token names a keyslot that is not there; restore the "
			       "header from a backup");
	return 0;
}

static int check_requirements(struct json_object *root)
{
	struct json_object *config = hc_json_object(root, "config");
	struct json_object *requirements = NULL;
	struct json_object *mandatory;

	if (!config || !json_object_object_get_ex(config, "requirements", &requirements))
		return 0;
	mandatory = hc_json_array(requirements, "mandatory");
	if (!mandatory || json_object_array_length(mandatory) > 0)
		return hc_fail(
			HC_E_DEVICE_UNFIT,
			"the header asks for something that this command does not know "
			"(requirement \"%.40s\"); finish what cryptsetup began, for example "
			"with \"cryptsetup reencrypt --resume-only\"",
			mandatory ? json_object_get_string(json_object_array_get_idx(mandatory, 0))
				  : "?");
	return 0;
}

static int read_token(struct json_object *root, struct hc_token *ret_token)
{
	struct json_object *tokens = hc_json_object(root, "tokens");
	struct json_object *ours = NULL;

	if (tokens) {
		json_object_object_foreach(tokens, name, token)
		{
			const char *type = hc_json_text(token, "type");

			(void)name;
			if (!type || strcmp(type, HC_TOKEN_TYPE) != 0)
				continue;
			if (ours)
				return hc_fail(
					HC_E_HEADER_TOKEN,
					"the header carries two hostcrypt tokens; restore it "
					"from a backup");
			ours = token;
		}
	}
	if (!ours)
		return hc_fail(HC_E_NOT_A_VOLUME,
			       "this LUKS2 header was not made by hostcrypt (it has no hostcrypt "
			       "token); open it with cryptsetup");
	return hc_token_parse(ours, ret_token);
}

int hc_header_parse(struct json_object *root, const char *uuid, bool fresh,
		    struct hc_header *ret_header)
{
	struct hc_header header = { 0 };
	uint8_t bytes[HOSTCRYPT_UUID_SIZE];
	int r;

	if (!uuid || hc_uuid_parse(uuid, bytes) < 0)
		return hc_fail(HC_E_NOT_A_VOLUME, "the LUKS2 header has no valid UUID");
	hc_uuid_format(bytes, header.uuid);
	r = fresh ? 0 : read_token(root, &header.token);
	if (r == 0)
		r = check_requirements(root);
	if (r == 0)
		r = read_segment(root, &header);
	if (r == 0)
		r = check_keyslots(root, &header.token);
	if (r == 0)
		r = read_digests(root, &header);
	if (r < 0)
		return r;
	*ret_header = header;
	return 0;
}

static int read_header(struct crypt_device *cd, bool fresh, struct hc_header *ret_header)
{
	const char *text = NULL;
	HC_JSON root = NULL;

	if (crypt_dump_json(cd, &text, 0) < 0 || !text)
		return hc_fail(HC_E_NOT_A_VOLUME, "the LUKS2 header cannot be read");
	root = json_tokener_parse(text);
	if (!root)
		return hc_fail(HC_E_NOT_A_VOLUME, "the LUKS2 header's JSON cannot be read");
	return hc_header_parse(root, crypt_get_uuid(cd), fresh, ret_header);
}

int hc_header_read(struct crypt_device *cd, struct hc_header *ret_header)
{
	return read_header(cd, false, ret_header);
}

int hc_header_read_fresh(struct crypt_device *cd, struct hc_header *ret_header)
{
	return read_header(cd, true, ret_header);
}

int hc_header_text(const struct hc_header *header, char ret_text[HC_HEADER_TEXT])
{
	char binding[HC_BINDING_TEXT];
	int n;

	hc_binding_text(&header->token.binding, binding);
	n = snprintf(ret_text, HC_HEADER_TEXT,
		     "hostcrypt header v1\n"
		     "token %d\n"
		     "uuid %s\n"
		     "segment %s\n"
		     "digest %s\n"
		     "requirements -\n"
		     "dek %s\n"
		     "binding %s\n"
		     "conversion none\n",
		     HC_TOKEN_VERSION, header->uuid, header->segment, header->digest,
		     header->token.dek, binding);
	if (n < 0 || n >= HC_HEADER_TEXT)
		return hc_fail(HC_E_INTERNAL, "the header's text does not fit");
	return n;
}

int hc_header_mac(const struct hc_header *header, const struct hc_secret *dek,
		  uint8_t ret_mac[HC_MAC_SIZE])
{
	char text[HC_HEADER_TEXT];
	int n = hc_header_text(header, text);

	if (n < 0)
		return n;
	return hc_mac(dek, header->uuid, HC_MAC_HEADER, text, (size_t)n, ret_mac);
}

int hc_header_verify(const struct hc_header *header, const struct hc_secret *dek)
{
	uint8_t mac[HC_MAC_SIZE];
	int r = hc_header_mac(header, dek, mac);

	if (r < 0)
		return r;
	if (!hc_secret_equal(mac, header->token.mac, sizeof(mac)))
		return hc_fail(
			HC_E_HEADER_MAC,
			"the header of volume %s was changed by somebody who does not have its "
			"key; nothing of the data was read: find out who wrote to the device, "
			"then restore the header from a backup (cryptsetup luksHeaderRestore)",
			header->uuid);
	return 0;
}

int hc_keyslot_passphrase(const struct hc_secret *kek, const char *uuid,
			  struct hc_secret *ret_passphrase)
{
	return hc_secret_hkdf(kek, uuid, HC_KEYSLOT_INFO, HC_KEYSLOT_PASSPHRASE_SIZE,
			      ret_passphrase);
}
