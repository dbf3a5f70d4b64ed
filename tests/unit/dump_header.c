// SPDX-License-Identifier: GPL-2.0
/* The header area of a dump, put together by hand: what is let in, and what is not. */
#include "unit.h"

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/header.h"
#include "dump/reader.h"

#define INFO_REST                                                                                  \
	"\"id\":\"1\",\"host\":\"h\",\"kernel\":\"6.12\",\"build_id\":\"\",\"time\":\"now\""
#define INFO "{\"suite\":\"aes-256-gcm\"," INFO_REST "}"
#define RECIPIENT "{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"AAAA\"}"
#define RECIPIENTS "[" RECIPIENT "]"

static uint8_t area[HC_DUMP_AREA];
static struct hc_dump_header header;

static void put32(size_t at, size_t number)
{
	uint32_t value = htobe32((uint32_t)number);

	memcpy(area + at, &value, sizeof(value));
}

static size_t put(size_t at, const char *text, size_t size)
{
	put32(at, size);
	memcpy(area + at + 4, text, size);
	return at + 4 + size;
}

/* Where the MAC is; nobody looks at that here. */
static size_t assemble(const char *info, const char *recipients)
{
	memset(area, 0, sizeof(area));
	memcpy(area, HC_DUMP_MAGIC, HC_DUMP_MAGIC_SIZE);
	put32(8, HC_DUMP_VERSION);
	put32(12, HC_DUMP_AREA);
	return put(put(16, info, strlen(info)), recipients, strlen(recipients));
}

static int parse(const char *info, const char *recipients)
{
	assemble(info, recipients);
	return hc_dump_header_parse(area, &header);
}

static void what_it_says(void)
{
	size_t at = assemble(INFO, RECIPIENTS);

	memset(area + at, 0xff, HC_DUMP_MAC_SIZE);
	if (!EXPECT(hc_dump_header_parse(area, &header) == 0))
		return;
	EXPECT(header.mac_at == at && header.info_at == 20);
	EXPECT(header.info_size == strlen(INFO));
	EXPECT(strcmp(header.info.host, "h") == 0 && strcmp(header.info.kernel, "6.12") == 0);
	EXPECT(header.n_entries == 1 && header.entries[0].wrapped_size == 3);
}

static void other_files(void)
{
	assemble(INFO, RECIPIENTS);
	area[7] ^= 1;
	EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_NOT_ONE);
	assemble(INFO, RECIPIENTS);
	put32(8, HC_DUMP_VERSION + 1);
	EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_VERSION);
	assemble(INFO, RECIPIENTS);
	put32(12, HC_DUMP_AREA * 2);
	EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_DAMAGED);
}

static void something_behind_it(void)
{
	size_t end = assemble(INFO, RECIPIENTS) + HC_DUMP_MAC_SIZE;

	area[end - 1] = 1;
	EXPECT(hc_dump_header_parse(area, &header) == 0);
	area[end] = 1;
	EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_DAMAGED);
	area[end] = 0;
	area[HC_DUMP_AREA - 1] = 1;
	EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_DAMAGED);
}

static void unfit_info(void)
{
	static const char *const infos[] = {
		"{}",
		"[]",
		"null",
		"\"text\"",
		"{\"suite\":\"aes-256-gcm\"}",
		"{\"suite\":\"aes-128-gcm\"," INFO_REST "}",
		"{\"suite\":1," INFO_REST "}",
		"{\"suite\":\"aes-256-gcm\"," INFO_REST ",\"more\":1}",
		"{\"suite\":\"aes-256-gcm\"," INFO_REST,
		INFO "{}",
		"{\"suite\":\"aes-256-gcm\",\"id\":\"1\",\"host\":\"\\u001b\",\"kernel\":\"6.12\","
		"\"build_id\":\"\",\"time\":\"now\"}",
		"{\"suite\":\"aes-256-gcm\",\"id\":\"1\",\"host\":\"h\",\"kernel\":\"6.12\","
		"\"build_id\":\"XY\",\"time\":\"now\"}",
	};

	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++)
		if (!EXPECT(parse(infos[i], RECIPIENTS) == HC_E_DUMP_DAMAGED))
			printf("  info: %s\n", infos[i]);
}

static void unfit_recipients(void)
{
	static const char *const lists[] = {
		"[]", "{}", "null", RECIPIENT, "[1]", "[null]", "[" RECIPIENT ",]",
		"[" RECIPIENT ",{}]", RECIPIENTS "]", "[[[[[[[[[[]]]]]]]]]]",
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!EXPECT(parse(INFO, lists[i]) == HC_E_DUMP_DAMAGED))
			printf("  recipients: %s\n", lists[i]);
}

/* The reason counts: a parser that went on would meet others. */
static void sixteen_recipients_at_most(void)
{
	static char list[8192];

	for (size_t n = 1; n <= 40; n++) {
		strcpy(list, "[" RECIPIENT);
		for (size_t i = 1; i < n; i++)
			strcat(list, "," RECIPIENT);
		strcat(list, "]");
		EXPECT(parse(INFO, list) == (n <= 16 ? 0 : HC_E_DUMP_DAMAGED));
		EXPECT(n > 16 ? strstr(hc_error_message(), "number of recipients") != NULL :
				header.n_entries == n);
	}
}

/* Of either section, against the other one, the MAC and the end of the area. */
static void lengths(void)
{
	static const size_t wrong[] = {
		0, 1, HC_DUMP_AREA - 60, HC_DUMP_AREA - 52, HC_DUMP_AREA - 20, HC_DUMP_AREA,
		HC_DUMP_AREA + 1, 1U << 31, UINT32_MAX - 3, UINT32_MAX,
	};
	const size_t second = 20 + strlen(INFO);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assemble(INFO, RECIPIENTS);
		put32(16, wrong[i]);
		EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_DAMAGED);
		assemble(INFO, RECIPIENTS);
		put32(second, wrong[i]);
		EXPECT(hc_dump_header_parse(area, &header) == HC_E_DUMP_DAMAGED);
	}
	/* Sections that leave no byte for the MAC, or just enough. */
	for (size_t left = HC_DUMP_MAC_SIZE - 1; left <= HC_DUMP_MAC_SIZE; left++) {
		size_t size = HC_DUMP_AREA - left - second - 4;

		assemble(INFO, RECIPIENTS);
		put32(second, size);
		memset(area + second + 4 + strlen(RECIPIENTS), ' ', size - strlen(RECIPIENTS));
		area[second + 4 + strlen(RECIPIENTS) - 1] = ' ';
		area[second + 4 + size - 1] = ']';
		EXPECT(hc_dump_header_parse(area, &header) ==
		       (left < HC_DUMP_MAC_SIZE ? HC_E_DUMP_DAMAGED : 0));
	}
}

/* A key server may give out what is none. */
static void keys(void)
{
	static const size_t sizes[] = { 1, 16, 31, 32, 33, 64 };
	struct hc_dump_reader *reader = NULL;
	HC_FD fd = memfd_create("dump", MFD_CLOEXEC);
	enum hc_dump_stream stream;
	const uint8_t *data;
	size_t size;

	assemble(INFO, RECIPIENTS);
	EXPECT(hc_write_all(fd, area, sizeof(area)) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	if (!EXPECT(hc_dump_reader_open(fd, &reader) == 0))
		return;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		HC_SECRET key = { 0 };

		EXPECT(hc_secret_alloc(sizes[i], &key) == 0);
		EXPECT(hc_dump_reader_unlock(reader, &key) ==
		       (sizes[i] == HC_DUMP_KEY_SIZE ? HC_E_DUMP_DAMAGED : HC_E_DUMP_RECIPIENT));
	}
	EXPECT(hc_dump_reader_next(reader, &stream, &data, &size) == HC_E_INTERNAL);
	EXPECT(hc_dump_reader_offset(reader) == HC_DUMP_AREA);
	EXPECT(hc_dump_reader_total(reader) == HC_DUMP_AREA);
	hc_dump_reader_close(reader);
}

int main(void)
{
	RUN(what_it_says);
	RUN(other_files);
	RUN(something_behind_it);
	RUN(unfit_info);
	RUN(unfit_recipients);
	RUN(sixteen_recipients_at_most);
	RUN(lengths);
	RUN(keys);
	return unit_result();
}
