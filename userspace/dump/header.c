// SPDX-License-Identifier: GPL-2.0
#include "dump/header.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>

#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/error.h"
#include "base/json.h"

#define SECTIONS_AT 16 /* magic, version, size of the area */

static uint32_t get32(const uint8_t *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	return be32toh(number);
}

static void put32(uint8_t *at, uint32_t number)
{
	number = htobe32(number);
	memcpy(at, &number, sizeof(number));
}

int hc_dump_info_here(const char *host, struct hc_dump_info *ret_info)
{
	struct hc_dump_info info = { 0 };
	time_t now = time(NULL);
	struct utsname name;
	struct tm tm;
	uint8_t id[16];

	if (uname(&name) < 0 || !gmtime_r(&now, &tm) ||
	    getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return hc_fail_errno(errno, "cannot name the dump");
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	for (size_t i = 0, at = 0; i < sizeof(id); i++)
		at += (size_t)snprintf(info.id + at, sizeof(info.id) - at, "%s%02x",
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
	snprintf(info.host, sizeof(info.host), "%s", host);
	snprintf(info.kernel, sizeof(info.kernel), "%s", name.release);
	strftime(info.time, sizeof(info.time), "%Y-%m-%dT%H:%M:%SZ", &tm);
	*ret_info = info;
	return 0;
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *make_info(const struct hc_dump_info *info)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "suite", HC_DUMP_SUITE);
	add_text(object, "id", info->id);
	add_text(object, "host", info->host);
	add_text(object, "kernel", info->kernel);
	add_text(object, "build_id", info->build_id);
	add_text(object, "time", info->time);
	return object;
}

static int compute_mac(const uint8_t *area, size_t size, const struct hc_secret *dump_key,
		       uint8_t ret_mac[HC_DUMP_MAC_SIZE])
{
	HC_SECRET key = { 0 };
	unsigned n = HC_DUMP_MAC_SIZE;
	int r = hc_secret_hkdf_bytes(dump_key, "", 0, HC_DUMP_INFO_HEADER, HC_DUMP_KEY_SIZE, &key);

	if (r == 0 && !HMAC(EVP_sha256(), key.data, (int)key.size, area, size, ret_mac, &n))
		r = hc_fail(HC_E_INTERNAL, "OpenSSL refused to compute HMAC-SHA256");
	return r;
}

/* The place behind the section, or 0 where it leaves no room for a MAC. */
static size_t put_section(uint8_t *area, size_t at, const void *text, size_t size)
{
	if (at == 0 || size > HC_DUMP_AREA || at + 4 + size + HC_DUMP_MAC_SIZE > HC_DUMP_AREA)
		return 0;
	put32(area + at, (uint32_t)size);
	memcpy(area + at + 4, text, size);
	return at + 4 + size;
}

static const char *text_of(struct json_object *json)
{
	return json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
}

/* With the section "info" as it is. */
static int assemble(const void *info, size_t info_size, const struct hc_dump_entry *entries,
		    size_t n, const struct hc_secret *dump_key, uint8_t ret_area[HC_DUMP_AREA])
{
	HC_JSON array = json_object_new_array();
	size_t at;

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, hc_dump_entry_format(&entries[i]));
	memset(ret_area, 0, HC_DUMP_AREA);
	memcpy(ret_area, HC_DUMP_MAGIC, HC_DUMP_MAGIC_SIZE);
	put32(ret_area + 8, HC_DUMP_VERSION);
	put32(ret_area + 12, HC_DUMP_AREA);
	at = put_section(ret_area, SECTIONS_AT, info, info_size);
	at = put_section(ret_area, at, text_of(array), strlen(text_of(array)));
	if (at == 0)
		return hc_fail(HC_E_DUMP_RECIPIENT, "the recipients do not fit into the header");
	return compute_mac(ret_area, at, dump_key, ret_area + at);
}

static int check_number(size_t n)
{
	if (n > 0 && n <= HC_DUMP_RECIPIENTS_MAX)
		return 0;
	return hc_fail(HC_E_DUMP_RECIPIENT, "a dump has 1 to %d recipients, not %zu",
		       HC_DUMP_RECIPIENTS_MAX, n);
}

int hc_dump_header_make(const struct hc_dump_info *info,
			const struct hc_dump_recipient *recipients, size_t n,
			const struct hc_secret *dump_key, uint8_t ret_area[HC_DUMP_AREA])
{
	struct hc_dump_entry *entries = NULL;
	HC_JSON json = make_info(info);
	int r = check_number(n);

	if (r < 0)
		return r;
	entries = calloc(n, sizeof(*entries));
	if (!entries)
		return hc_fail(HC_E_MEMORY, "no memory for the dump's header");
	for (size_t i = 0; i < n && r == 0; i++)
		r = hc_dump_entry_make(&recipients[i], dump_key, &entries[i]);
	if (r == 0)
		r = assemble(text_of(json), strlen(text_of(json)), entries, n, dump_key, ret_area);
	free(entries);
	return r;
}

int hc_dump_header_rewrap(const struct hc_dump_header *header, const uint8_t area[HC_DUMP_AREA],
			  const struct hc_secret *dump_key, const struct hc_dump_recipient *add,
			  size_t without, uint8_t ret_area[HC_DUMP_AREA])
{
	struct hc_dump_entry *entries = calloc(header->n_entries + 1, sizeof(*entries));
	size_t n = 0;
	int r = 0;

	if (!entries)
		return hc_fail(HC_E_MEMORY, "no memory for the dump's header");
	for (size_t i = 0; i < header->n_entries; i++)
		if (i != without)
			entries[n++] = header->entries[i];
	if (add)
		r = hc_dump_entry_make(add, dump_key, &entries[n++]);
	if (r == 0)
		r = check_number(n);
	if (r == 0)
		r = assemble(area + header->info_at, header->info_size, entries, n, dump_key,
			     ret_area);
	free(entries);
	return r;
}

static int damaged(const char *what)
{
	return hc_fail(HC_E_DUMP_DAMAGED, "the dump's header is damaged: %s", what);
}

/* The section at *@at as JSON, or NULL; moves *@at behind it. */
static struct json_object *take_section(const uint8_t *area, size_t *at)
{
	struct json_tokener *tokener;
	struct json_object *object = NULL;
	size_t room = HC_DUMP_AREA - HC_DUMP_MAC_SIZE, size;

	if (*at + 4 > room)
		return NULL;
	size = get32(area + *at);
	*at += 4;
	if (size == 0 || size > room - *at)
		return NULL;
	tokener = json_tokener_new_ex(8);
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, (const char *)area + *at, (int)size);
	if (json_tokener_get_parse_end(tokener) != size) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	*at += size;
	return object;
}

static int take_info(const uint8_t *area, size_t *at, struct hc_dump_header *header)
{
	static const char *const names[] = { "suite",  "id",	   "host",
					     "kernel", "build_id", "time" };
	HC_JSON object = take_section(area, at);
	struct hc_dump_info *info = &header->info;
	const char *suite, *build_id;

	header->info_at = SECTIONS_AT + 4;
	header->info_size = *at - header->info_at;
	if (!object || !hc_json_only(object, names, 6) ||
	    !hc_dump_take_text(object, "id", info->id) ||
	    !hc_dump_take_text(object, "host", info->host) ||
	    !hc_dump_take_text(object, "kernel", info->kernel) ||
	    !hc_dump_take_text(object, "time", info->time))
		return damaged("section \"info\"");
	build_id = hc_json_text(object, "build_id");
	if (!build_id || (*build_id && !hc_build_id_valid(build_id)))
		return damaged("the kernel's build id");
	snprintf(info->build_id, sizeof(info->build_id), "%s", build_id);
	suite = hc_json_text(object, "suite");
	if (!suite || strcmp(suite, HC_DUMP_SUITE) != 0)
		return damaged("a cipher that is not known");
	return 0;
}

static int take_recipients(const uint8_t *area, size_t *at, struct hc_dump_header *header)
{
	HC_JSON array = take_section(area, at);
	size_t n;

	if (!array || !json_object_is_type(array, json_type_array))
		return damaged("section \"recipients\"");
	n = json_object_array_length(array);
	if (n == 0 || n > HC_DUMP_RECIPIENTS_MAX)
		return damaged("the number of recipients");
	for (size_t i = 0; i < n; i++)
		if (!hc_dump_entry_parse(json_object_array_get_idx(array, i), &header->entries[i]))
			return damaged("a recipient");
	header->n_entries = n;
	return 0;
}

int hc_dump_header_parse(const uint8_t area[HC_DUMP_AREA], struct hc_dump_header *ret_header)
{
	size_t at = SECTIONS_AT;
	int r;

	memset(ret_header, 0, sizeof(*ret_header));
	if (memcmp(area, HC_DUMP_MAGIC, HC_DUMP_MAGIC_SIZE) != 0)
		return hc_fail(HC_E_DUMP_NOT_ONE, "this is no encrypted dump");
	if (get32(area + 8) != HC_DUMP_VERSION)
		return hc_fail(HC_E_DUMP_VERSION, "the dump is of version %u; this knows %d",
			       get32(area + 8), HC_DUMP_VERSION);
	if (get32(area + 12) != HC_DUMP_AREA)
		return damaged("its size");
	r = take_info(area, &at, ret_header);
	if (r == 0)
		r = take_recipients(area, &at, ret_header);
	if (r < 0)
		return r;
	ret_header->mac_at = at;
	for (at += HC_DUMP_MAC_SIZE; at < HC_DUMP_AREA; at++)
		if (area[at])
			return damaged("something behind its end");
	return 0;
}

int hc_dump_header_verify(const struct hc_dump_header *header, const uint8_t area[HC_DUMP_AREA],
			  const struct hc_secret *dump_key)
{
	uint8_t mac[HC_DUMP_MAC_SIZE];
	int r = compute_mac(area, header->mac_at, dump_key, mac);

	if (r == 0 && !hc_secret_equal(mac, area + header->mac_at, sizeof(mac)))
		r = damaged("it was changed by somebody without the dump's key");
	return r;
}

int hc_dump_body_key(const struct hc_dump_header *header, const uint8_t area[HC_DUMP_AREA],
		     const struct hc_secret *dump_key, struct hc_secret *ret_key)
{
	uint8_t salt[SHA256_DIGEST_LENGTH];

	SHA256(area + header->info_at, header->info_size, salt);
	return hc_secret_hkdf_bytes(dump_key, salt, sizeof(salt), HC_DUMP_INFO_BODY,
				    HC_DUMP_KEY_SIZE, ret_key);
}
