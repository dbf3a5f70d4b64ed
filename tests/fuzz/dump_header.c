// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: the header area of a dump, as somebody may have written it who has no key.
 * The input is its beginning; or, where it does not begin as a dump does, a line that
 * is the section "info" and what follows, which is the section "recipients".
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "dump/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t area[HC_DUMP_AREA];

static void must(int condition)
{
	if (!condition)
		abort();
}

static size_t put(size_t at, const uint8_t *text, size_t size)
{
	uint32_t length = htobe32((uint32_t)size);

	memcpy(area + at, &length, sizeof(length));
	memcpy(area + at + 4, text, size);
	return at + 4 + size;
}

static void assemble(const uint8_t *data, size_t size)
{
	static const uint8_t start[] = "HCDUMP\r\n\0\0\0\1\0\1\0";
	const uint8_t *line = memchr(data, '\n', size);

	memset(area, 0, sizeof(area));
	if (!line || memcmp(data, HC_DUMP_MAGIC, size < 8 ? size : 8) == 0) {
		memcpy(area, data, size);
		return;
	}
	memcpy(area, start, sizeof(start));
	put(put(16, data, (size_t)(line - data)), line + 1, size - (size_t)(line - data) - 1);
}

/* Short, and nothing that steers a terminal. */
static void check_text(const char *text)
{
	must(strlen(text) < HC_DUMP_TEXT_MAX);
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		must(*at >= ' ' && *at != 0x7f && (*at != 0xc2 || at[1] >= 0xa0));
}

static void check_entry(const struct hc_dump_entry *entry)
{
	HC_JSON json = hc_dump_entry_format(entry);
	struct hc_dump_entry back;

	check_text(entry->id);
	check_text(entry->label);
	check_text(entry->endpoint);
	must(entry->wrapped_size > 0 && entry->wrapped_size <= sizeof(entry->wrapped));
	must(entry->type != HC_DUMP_SCRYPT || hc_dump_scrypt_affordable(&entry->scrypt));
	must(hc_dump_entry_parse(json, &back));
	must(memcmp(&back, entry, sizeof(back)) == 0);
}

static void check(const struct hc_dump_header *header)
{
	static uint8_t no_key[HC_DUMP_KEY_SIZE];
	const struct hc_secret key = { .data = no_key, .size = sizeof(no_key) };

	must(header->n_entries >= 1 && header->n_entries <= HC_DUMP_RECIPIENTS_MAX);
	must(header->info_at + header->info_size < header->mac_at);
	must(header->mac_at + HC_DUMP_MAC_SIZE <= HC_DUMP_AREA);
	check_text(header->info.host);
	check_text(header->info.kernel);
	check_text(header->info.time);
	for (size_t i = 0; i < header->n_entries; i++)
		check_entry(&header->entries[i]);
	must(hc_dump_header_verify(header, area, &key) == HC_E_DUMP_DAMAGED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_dump_header header;

	if (size > HC_DUMP_AREA - 64)
		return 0;
	assemble(data, size);
	if (hc_dump_header_parse(area, &header) == 0)
		check(&header);
	return 0;
}
