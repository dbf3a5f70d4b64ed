// SPDX-License-Identifier: GPL-2.0
#include "volume/token.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define KEYSLOTS_MAX 32 /* LUKS2 */

static int malformed(const char *member, const char *what)
{
	return hc_fail(HC_E_HEADER_TOKEN,
		       "the hostcrypt token is malformed: \"%s\" %s; restore the header from a "
		       "backup (cryptsetup luksHeaderRestore)",
		       member, what);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* Copy a text whose characters are all fit to be shown and sent. */
static bool copy_text(const char *text, bool names_only, char *ret, size_t size)
{
	if (!text || strlen(text) >= size)
		return false;
	for (const char *c = text; *c; c++)
		if (names_only ? !is_name_char(*c) : (*c < 0x21 || *c > 0x7e))
			return false;
	strcpy(ret, text);
	return true;
}

/* A keyslot number as LUKS2 writes it: decimal, without leading zeros. */
static bool parse_keyslot(const char *text, int *ret_keyslot)
{
	char back[8];
	uint64_t n;

	if (!text || !hc_parse_u64(text, &n) || n >= KEYSLOTS_MAX)
		return false;
	snprintf(back, sizeof(back), "%d", (int)n);
	if (strcmp(back, text) != 0)
		return false;
	*ret_keyslot = (int)n;
	return true;
}

static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (!text || strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_mac(const char *text, uint8_t ret_mac[HC_MAC_SIZE])
{
	if (!text || strlen(text) != 2 * HC_MAC_SIZE)
		return false;
	for (size_t i = 0; i < HC_MAC_SIZE; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The keyslots that the token is assigned to, as a set of bits. */
static int parse_keyslots(struct json_object *json, uint32_t *ret_set)
{
	struct json_object *array = hc_json_array(json, "keyslots");
	uint32_t set = 0;

	if (!array)
		return malformed("keyslots", "is no array");
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		int keyslot;

		if (!json_object_is_type(item, json_type_string) ||
		    !parse_keyslot(json_object_get_string(item), &keyslot))
			return malformed("keyslots", "holds something that is no keyslot");
		if (set & (uint32_t)1 << keyslot)
			return malformed("keyslots", "names a keyslot twice");
		set |= (uint32_t)1 << keyslot;
	}
	*ret_set = set;
	return 0;
}

static int parse_kek(struct json_object *json, struct hc_token_kek *ret_kek)
{
	static const char *const names[] = { "keyslot", "provider", "kek", "group", "wrapped_at" };
	struct hc_token_kek kek = { 0 };

	if (!hc_json_only(json, names, N_ELEMENTS(names)))
		return malformed("keks", "has an entry with an unknown member");
	if (!parse_keyslot(hc_json_text(json, "keyslot"), &kek.keyslot))
		return malformed("keks", "has an entry without a valid keyslot");
	if (!copy_text(hc_json_text(json, "provider"), true, kek.provider, sizeof(kek.provider)) ||
	    !kek.provider[0])
		return malformed("keks", "has an entry without a valid provider");
	if (!copy_text(hc_json_text(json, "kek"), false, kek.kek, sizeof(kek.kek)) || !kek.kek[0])
		return malformed("keks", "has an entry without a valid KEK identifier");
	if (!copy_text(hc_json_text(json, "group"), true, kek.group, sizeof(kek.group)))
		return malformed("keks", "has an entry without a valid group");
	if (!is_time(hc_json_text(json, "wrapped_at")))
		return malformed("keks", "has an entry without a valid time");
	strcpy(kek.wrapped_at, hc_json_text(json, "wrapped_at"));
	*ret_kek = kek;
	return 0;
}

static int parse_keks(struct json_object *json, struct hc_token *token)
{
	struct json_object *array = hc_json_array(json, "keks");
	uint32_t assigned = 0, seen = 0;
	size_t n;
	int r;

	r = parse_keyslots(json, &assigned);
	if (r < 0)
		return r;
	n = array ? json_object_array_length(array) : 0;
	if (n < 1 || n > HC_TOKEN_KEKS_MAX)
		return malformed("keks", "is no array of 1 to 8 entries");
	for (size_t i = 0; i < n; i++) {
		struct hc_token_kek *kek = &token->keks[i];

		r = parse_kek(json_object_array_get_idx(array, i), kek);
		if (r < 0)
			return r;
		if (seen & (uint32_t)1 << kek->keyslot)
			return malformed("keks", "names a keyslot twice");
		seen |= (uint32_t)1 << kek->keyslot;
	}
	if (seen != assigned)
		return malformed("keks", "and \"keyslots\" name different keyslots");
	token->n_keks = n;
	return 0;
}

static int parse_binding(struct json_object *json, struct hc_binding *ret_binding)
{
	static const char *const names[] = { "type", "offset", "bytes" };
	struct json_object *binding = hc_json_object(json, "binding");
	const char *type = hc_json_text(binding, "type");
	bool is_block = type && strcmp(type, "block") == 0;
	bool is_size = type && strcmp(type, "size") == 0;

	if (!binding || !hc_json_only(binding, names, N_ELEMENTS(names)) ||
	    json_object_object_length(binding) != 2 || !(is_block || is_size))
		return malformed("binding", "is of no known type");
	if (!hc_json_u64_text(binding, is_block ? "offset" : "bytes", &ret_binding->value))
		return malformed("binding", "has no valid number");
	ret_binding->type = is_block ? HC_BINDING_BLOCK : HC_BINDING_SIZE;
	return 0;
}

int hc_token_parse(struct json_object *json, struct hc_token *ret_token)
{
	static const char *const names[] = { "type", "keyslots", "version", "dek",
					     "keks", "binding",	 "mac" };
	struct hc_token token = { 0 };
	const char *type = hc_json_text(json, "type");
	const char *dek = hc_json_text(json, "dek");
	uint8_t uuid[HOSTCRYPT_UUID_SIZE];
	int64_t version;
	int r;

	if (!type || strcmp(type, HC_TOKEN_TYPE) != 0)
		return malformed("type", "is not \"hostcrypt\"");
	if (!hc_json_int(json, "version", 1, INT32_MAX, &version))
		return malformed("version", "is no number from 1 on");
	if (version != HC_TOKEN_VERSION)
		return hc_fail(HC_E_HEADER_TOKEN,
			       "the hostcrypt token is of version %lld, this command reads version "
			       "%d; install a newer hostcrypt",
			       (long long)version, HC_TOKEN_VERSION);
	if (!hc_json_only(json, names, N_ELEMENTS(names)))
		return malformed("hostcrypt", "has an unknown member");
	if (!dek || hc_uuid_parse(dek, uuid) < 0)
		return malformed("dek", "is no UUID");
	hc_uuid_format(uuid, token.dek);
	if (strcmp(dek, token.dek) != 0)
		return malformed("dek", "is not in lower case");
	if (!parse_mac(hc_json_text(json, "mac"), token.mac))
		return malformed("mac", "is not 64 hex digits");
	r = parse_binding(json, &token.binding);
	if (r == 0)
		r = parse_keks(json, &token);
	if (r < 0)
		return r;
	*ret_token = token;
	return 0;
}

void hc_binding_text(const struct hc_binding *binding, char ret_text[HC_BINDING_TEXT])
{
	snprintf(ret_text, HC_BINDING_TEXT, "%s %llu",
		 binding->type == HC_BINDING_BLOCK ? "block" : "size",
		 (unsigned long long)binding->value);
}

static int add(struct json_object *object, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(object, name, value) == 0)
		return 0;
	json_object_put(value);
	return -1;
}

static int add_text(struct json_object *object, const char *name, const char *text)
{
	return add(object, name, json_object_new_string(text));
}

static int append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -1;
}

static struct json_object *format_kek(const struct hc_token_kek *kek)
{
	HC_JSON json = json_object_new_object();
	struct json_object *done;
	char keyslot[8];

	snprintf(keyslot, sizeof(keyslot), "%d", kek->keyslot);
	if (!json || add_text(json, "keyslot", keyslot) < 0 ||
	    add_text(json, "provider", kek->provider) < 0 || add_text(json, "kek", kek->kek) < 0 ||
	    add_text(json, "group", kek->group) < 0 ||
	    add_text(json, "wrapped_at", kek->wrapped_at) < 0)
		return NULL;
	done = json;
	json = NULL;
	return done;
}

static struct json_object *format_keks(const struct hc_token *token, bool keyslots_only)
{
	HC_JSON array = json_object_new_array();
	struct json_object *done;
	char keyslot[8];

	for (size_t i = 0; array && i < token->n_keks; i++) {
		snprintf(keyslot, sizeof(keyslot), "%d", token->keks[i].keyslot);
		if (append(array, keyslots_only ? json_object_new_string(keyslot)
						: format_kek(&token->keks[i])) < 0)
			return NULL;
	}
	done = array;
	array = NULL;
	return done;
}

static struct json_object *format_binding(const struct hc_binding *binding)
{
	bool is_block = binding->type == HC_BINDING_BLOCK;
	HC_JSON json = json_object_new_object();
	struct json_object *done;
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)binding->value);
	if (!json || add_text(json, "type", is_block ? "block" : "size") < 0 ||
	    add_text(json, is_block ? "offset" : "bytes", number) < 0)
		return NULL;
	done = json;
	json = NULL;
	return done;
}

int hc_token_format(const struct hc_token *token, struct json_object **ret_json)
{
	HC_JSON json = json_object_new_object();
	char mac[2 * HC_MAC_SIZE + 1];

	for (size_t i = 0; i < HC_MAC_SIZE; i++)
		snprintf(mac + 2 * i, 3, "%02x", token->mac[i]);
	if (!json || add_text(json, "type", HC_TOKEN_TYPE) < 0 ||
	    add(json, "keyslots", format_keks(token, true)) < 0 ||
	    add(json, "version", json_object_new_int(HC_TOKEN_VERSION)) < 0 ||
	    add_text(json, "dek", token->dek) < 0 ||
	    add(json, "keks", format_keks(token, false)) < 0 ||
	    add(json, "binding", format_binding(&token->binding)) < 0 ||
	    add_text(json, "mac", mac) < 0)
		return hc_fail(HC_E_MEMORY, "no memory for the hostcrypt token");
	*ret_json = json;
	json = NULL;
	return 0;
}
