// SPDX-License-Identifier: GPL-2.0
#include "dump/entry.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/error.h"
#include "base/json.h"

static bool copy_text(char ret_text[HC_DUMP_TEXT_MAX], const char *text)
{
	return snprintf(ret_text, HC_DUMP_TEXT_MAX, "%s", text ? text : "") < HC_DUMP_TEXT_MAX;
}

int hc_dump_entry_make(const struct hc_dump_recipient *recipient, const struct hc_secret *dump_key,
		       struct hc_dump_entry *ret_entry)
{
	struct hc_dump_entry entry = { .type = recipient->type, .scrypt = recipient->scrypt };
	int r;

	if (!copy_text(entry.id, recipient->id) || !copy_text(entry.label, recipient->label) ||
	    !copy_text(entry.provider, recipient->provider) ||
	    !copy_text(entry.endpoint, recipient->endpoint) ||
	    !copy_text(entry.private_id, recipient->private_id) ||
	    !copy_text(entry.public_id, recipient->public_id))
		return hc_fail(HC_E_DUMP_RECIPIENT,
			       "a name of recipient \"%s\" is longer than %d bytes",
			       recipient->label, HC_DUMP_TEXT_MAX - 1);
	r = hc_dump_wrap(recipient, dump_key, entry.wrapped, &entry.wrapped_size);
	if (r < 0)
		return hc_context(r, "recipient \"%s\"", recipient->label);
	*ret_entry = entry;
	return 0;
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

#define BASE64_MAX ((HC_DUMP_WRAPPED_MAX + 2) / 3 * 4 + 1)

static void add_bytes(struct json_object *object, const char *name, const uint8_t *data,
		      size_t size)
{
	char base64[BASE64_MAX];

	EVP_EncodeBlock((unsigned char *)base64, data, (int)size);
	add_text(object, name, base64);
}

static void add_number(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

struct json_object *hc_dump_entry_format(const struct hc_dump_entry *entry)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "type", hc_dump_recipient_type_name(entry->type));
	add_text(object, "id", entry->id);
	add_text(object, "label", entry->label);
	add_bytes(object, "wrapped", entry->wrapped, entry->wrapped_size);
	if (entry->type == HC_DUMP_KMIP) {
		add_text(object, "provider", entry->provider);
		add_text(object, "endpoint", entry->endpoint);
		add_text(object, "private_id", entry->private_id);
		add_text(object, "public_id", entry->public_id);
	}
	if (entry->type == HC_DUMP_SCRYPT) {
		add_bytes(object, "salt", entry->scrypt.salt, sizeof(entry->scrypt.salt));
		add_number(object, "n", entry->scrypt.n);
		add_number(object, "r", entry->scrypt.r);
		add_number(object, "p", entry->scrypt.p);
	}
	return object;
}

bool hc_dump_take_text(struct json_object *object, const char *name,
		       char ret_text[HC_DUMP_TEXT_MAX])
{
	const char *text = hc_json_text(object, name);

	if (!text || strlen(text) >= HC_DUMP_TEXT_MAX)
		return false;
	/* It is printed: no control characters, of which some are two bytes in UTF-8. */
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if (*at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			return false;
	return copy_text(ret_text, text);
}

/* 1 to @max bytes, written in the one way there is. */
static bool take_bytes(struct json_object *object, const char *name, uint8_t *ret_data, size_t max,
		       size_t *ret_size)
{
	uint8_t room[HC_DUMP_WRAPPED_MAX + 3];
	const char *text = hc_json_text(object, name);
	size_t length = text ? strlen(text) : 0;
	char again[BASE64_MAX];
	int n;

	if (length == 0 || length % 4 != 0 || length / 4 * 3 > sizeof(room))
		return false;
	n = EVP_DecodeBlock(room, (const unsigned char *)text, (int)length);
	if (n < 0)
		return false;
	n -= (text[length - 1] == '=') + (text[length - 2] == '=');
	if (n < 1 || (size_t)n > max)
		return false;
	EVP_EncodeBlock((unsigned char *)again, room, n);
	if (strcmp(again, text) != 0)
		return false;
	memcpy(ret_data, room, (size_t)n);
	*ret_size = (size_t)n;
	return true;
}

static bool take_kmip(struct json_object *object, struct hc_dump_entry *entry)
{
	return hc_dump_take_text(object, "provider", entry->provider) &&
	       hc_dump_take_text(object, "endpoint", entry->endpoint) &&
	       hc_dump_take_text(object, "private_id", entry->private_id) &&
	       hc_dump_take_text(object, "public_id", entry->public_id);
}

static bool take_scrypt(struct json_object *object, struct hc_dump_scrypt *scrypt)
{
	int64_t n, r, p;
	size_t size;

	if (!take_bytes(object, "salt", scrypt->salt, sizeof(scrypt->salt), &size) ||
	    size != sizeof(scrypt->salt) || !hc_json_int(object, "n", 1, UINT32_MAX, &n) ||
	    !hc_json_int(object, "r", 1, UINT32_MAX, &r) ||
	    !hc_json_int(object, "p", 1, UINT32_MAX, &p))
		return false;
	scrypt->n = (uint64_t)n;
	scrypt->r = (uint32_t)r;
	scrypt->p = (uint32_t)p;
	return hc_dump_scrypt_affordable(scrypt);
}

bool hc_dump_entry_parse(struct json_object *object, struct hc_dump_entry *ret_entry)
{
	/* What all have, then what the type has. */
	static const char *const kmip[] = { "type",	"id",	    "label",	  "wrapped",
					    "provider", "endpoint", "private_id", "public_id" };
	static const char *const scrypt[] = { "type", "id", "label", "wrapped",
					      "salt", "n",  "r",     "p" };
	struct hc_dump_entry entry = { 0 };
	const char *type = hc_json_text(object, "type");
	int number = type ? hc_dump_recipient_type_from(type) : -1;

	if (number < 0)
		return false;
	entry.type = (enum hc_dump_recipient_type)number;
	if (entry.type == HC_DUMP_KMIP) {
		if (!hc_json_only(object, kmip, 8) || !take_kmip(object, &entry))
			return false;
	} else if (entry.type == HC_DUMP_SCRYPT) {
		if (!hc_json_only(object, scrypt, 8) || !take_scrypt(object, &entry.scrypt))
			return false;
	} else if (!hc_json_only(object, kmip, 4)) {
		return false;
	}
	if (!hc_dump_take_text(object, "id", entry.id) ||
	    !hc_dump_take_text(object, "label", entry.label) ||
	    !take_bytes(object, "wrapped", entry.wrapped, sizeof(entry.wrapped),
			&entry.wrapped_size))
		return false;
	*ret_entry = entry;
	return true;
}
