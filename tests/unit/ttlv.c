// SPDX-License-Identifier: GPL-2.0
/* The TTLV codec: what it reads, what it refuses, what it writes. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "hex.h"
#include "kmip/protocol.h"
#include "kmip/ttlv.h"
#include "recode.h"

/* The first item of @hex, which must be well formed. */
static struct hc_ttlv item_of(const char *hex, uint8_t *buffer, size_t size)
{
	struct hc_ttlv_cursor cursor;
	struct hc_ttlv item = { 0 };

	hc_ttlv_open(buffer, unhex(hex, buffer, size), &cursor);
	EXPECT(hc_ttlv_next(&cursor, &item) == 1);
	EXPECT(cursor.left == 0);
	return item;
}

/* Reading @hex fails, and the message has @words in it. */
static bool refused(const char *hex, const char *words)
{
	uint8_t buffer[512];
	struct hc_ttlv_cursor cursor;
	struct hc_ttlv item = { .tag = 77 };
	int r;

	hc_ttlv_open(buffer, unhex(hex, buffer, sizeof(buffer)), &cursor);
	r = hc_ttlv_next(&cursor, &item);
	return r == HC_E_KMIP_MALFORMED && item.tag == 77 && strstr(hc_error_message(), words);
}

/* The examples of the specification, 9.1.2. */
static void reads_every_type(void)
{
	uint8_t b[64];
	struct hc_ttlv item;

	item = item_of("42002002 00000004 00000008 00000000", b, sizeof(b));
	EXPECT(item.tag == 0x420020 && item.type == HC_TTLV_INTEGER && hc_ttlv_integer(&item) == 8);
	item = item_of("42002002 00000004 ffffffff 00000000", b, sizeof(b));
	EXPECT(hc_ttlv_integer(&item) == -1);
	item = item_of("42002003 00000008 01b69b4ba5749200", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_LONG && item.length == 8);
	item = item_of("42002004 00000010 0000000003fd35eb 6bc2df4618080000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_BIG && item.length == 16);
	item = item_of("42002005 00000004 000000ff 00000000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_ENUM && hc_ttlv_enum(&item) == 255);
	item = item_of("42002006 00000008 0000000000000001", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_BOOLEAN && hc_ttlv_boolean(&item));
	item = item_of("42002006 00000008 0000000000000000", b, sizeof(b));
	EXPECT(!hc_ttlv_boolean(&item));
	item = item_of("42002007 0000000b 48656c6c6f20576f 726c640000000000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_TEXT && hc_ttlv_text_is(&item, "Hello World"));
	EXPECT(!hc_ttlv_text_is(&item, "Hello Worl") && !hc_ttlv_text_is(&item, "Hello World!"));
	item = item_of("42002008 00000003 0102030000000000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_BYTES && item.length == 3);
	item = item_of("42002009 00000008 0000000047da67f8", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_DATE);
	item = item_of("4200200a 00000004 000d2f00 00000000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_INTERVAL);
	item = item_of("4200200b 00000008 0000000047da67f8", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_DATE_EXTENDED);
	item = item_of("54ffff07 00000000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_TEXT && hc_ttlv_text_is(&item, ""));
	item = item_of("42002001 00000000", b, sizeof(b));
	EXPECT(item.type == HC_TTLV_STRUCTURE && item.length == 0);
}

static void refuses_wrong_lengths(void)
{
	EXPECT(refused("42002002 00000008 0000000000000008", "length"));
	EXPECT(refused("42002002 00000003 00000800", "lacks padding"));
	EXPECT(refused("42002002 00000003 0000080000000000", "length"));
	EXPECT(refused("42002003 00000004 0000000000000000", "length"));
	EXPECT(refused("42002004 00000000", "length"));
	EXPECT(refused("42002004 00000004 0000000100000000", "length"));
	EXPECT(refused("42002005 00000002 0001000000000000", "length"));
	EXPECT(refused("42002006 00000001 0100000000000000", "length"));
	EXPECT(refused("42002009 00000004 0000000000000000", "length"));
	EXPECT(refused("4200200a 00000008 0000000000000000", "length"));
	EXPECT(refused("4200200b 00000004 0000000000000000", "length"));
	EXPECT(refused("42002001 00000004 0000000000000000", "length"));
}

static void refuses_what_does_not_fit(void)
{
	EXPECT(refused("42", "too many"));
	EXPECT(refused("42002007 000000", "too many"));
	EXPECT(refused("42002007 00000001", "longer than"));
	EXPECT(refused("42002007 00000009 4142434445464748", "longer than"));
	EXPECT(refused("42002007 00000009 4142434445464748 49", "lacks padding"));
	EXPECT(refused("42002007 00000005 4142434445 0000", "lacks padding"));
	/* Sums that overflow in 32 bits. */
	EXPECT(refused("42002007 ffffffff 4142434445464748", "longer than"));
	EXPECT(refused("42002008 fffffff9 4142434445464748", "longer than"));
	EXPECT(refused("42002001 fffffff8 4142434445464748", "longer than"));
}

static void refuses_bad_forms(void)
{
	EXPECT(refused("43002002 00000004 0000000800000000", "no KMIP tag"));
	EXPECT(refused("00000000 00000000", "no KMIP tag"));
	EXPECT(refused("42002000 00000000", "unknown type"));
	EXPECT(refused("4200200c 00000000", "unknown type"));
	EXPECT(refused("420020ff 00000000", "unknown type"));
	EXPECT(refused("42002002 00000004 0000000800000001", "padding that is not zero"));
	EXPECT(refused("42002007 00000005 4142434445 000001", "padding that is not zero"));
	EXPECT(refused("42002006 00000008 0000000000000002", "neither 0 nor 1"));
	EXPECT(refused("42002006 00000008 0100000000000001", "neither 0 nor 1"));
	EXPECT(refused("42002007 00000005 4142004445 000000", "NUL"));
	EXPECT(refused("42002007 00000008 4142434445464700", "NUL"));
}

static int check_hex(const char *hex)
{
	uint8_t buffer[512];
	struct hc_ttlv message;

	return hc_ttlv_check(buffer, unhex(hex, buffer, sizeof(buffer)), &message);
}

static void message_fills_its_bytes(void)
{
	EXPECT(check_hex("42007b01 00000010 42000d02 00000004 0000000100000000") == 0);
	EXPECT(check_hex("") == HC_E_KMIP_MALFORMED);
	EXPECT(check_hex("42000d02 00000004 0000000100000000") == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "no structure"));
	EXPECT(check_hex("42007b01 00000010 42000d02 00000004 0000000100000000 42007b0100000000") ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "follow"));
	/* A child that does not fill its structure, and one that overruns it. */
	EXPECT(check_hex("42007b01 00000018 42000d02 00000004 0000000100000000 0000000000000000") ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(check_hex("42007b01 00000010 42000d01 00000008 0000000100000000 0000000000000000") ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(check_hex("42007b01 00000010 42000d01 00000010 0000000100000000") ==
	       HC_E_KMIP_MALFORMED);
}

/* @depth structures in each other; returns the bytes used. */
static size_t nest(uint8_t *buffer, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		uint32_t length = 8 * (depth - 1 - i);
		uint8_t head[8] = { 0x42, 0, 0x7b, 1, 0, 0, (uint8_t)(length >> 8),
				    (uint8_t)length };

		memcpy(buffer + 8 * i, head, sizeof(head));
	}
	return 8 * (size_t)depth;
}

static void depth_is_limited(void)
{
	uint8_t buffer[8 * 1000];
	struct hc_ttlv message;

	EXPECT(hc_ttlv_check(buffer, nest(buffer, 1), &message) == 0);
	EXPECT(hc_ttlv_check(buffer, nest(buffer, HC_TTLV_DEPTH_MAX), &message) == 0);
	EXPECT(hc_ttlv_check(buffer, nest(buffer, HC_TTLV_DEPTH_MAX + 1), &message) ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "nested too deep"));
	EXPECT(hc_ttlv_check(buffer, nest(buffer, 1000), &message) == HC_E_KMIP_MALFORMED);
}

/* One structure with @n empty texts in it. */
static int check_many(uint32_t n)
{
	size_t size = 8 + 8 * (size_t)n;
	uint8_t *buffer = calloc(1, size);
	struct hc_ttlv message;
	int r;

	if (!EXPECT(buffer))
		return 0;
	for (uint32_t i = 0; i <= n; i++)
		memcpy(buffer + 8 * i, (uint8_t[8]){ 0x42, 0, 0x7b, 7 }, 8);
	buffer[3] = 1;
	buffer[5] = (uint8_t)(8 * n >> 16);
	buffer[6] = (uint8_t)(8 * n >> 8);
	buffer[7] = (uint8_t)(8 * n);
	r = hc_ttlv_check(buffer, size, &message);
	free(buffer);
	return r;
}

static void number_of_items_is_limited(void)
{
	EXPECT(check_many(HC_TTLV_ITEMS_MAX - 1) == 0);
	EXPECT(check_many(HC_TTLV_ITEMS_MAX) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "too many"));
}

/* A structure by the table { count required, status optional, items repeated }. */
static int fields_of(const char *hex, bool skip_unknown, unsigned *ret_repeated)
{
	uint8_t b[512];
	struct hc_ttlv structure = item_of(hex, b, sizeof(b));
	struct hc_ttlv count, status, item;
	struct hc_ttlv_cursor run;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_BATCH_COUNT, HC_TTLV_INTEGER, HC_TTLV_REQUIRED, &count, NULL },
		{ HC_TAG_RESULT_STATUS, HC_TTLV_ENUM, HC_TTLV_OPTIONAL, &status, NULL },
		{ HC_TAG_OPERATION, HC_TTLV_ENUM, HC_TTLV_REPEATED, NULL, &run },
	};
	int r = hc_ttlv_fields(&structure, fields, 3, skip_unknown);

	*ret_repeated = 0;
	if (r < 0)
		return r;
	EXPECT(hc_ttlv_integer(&count) == 7);
	while (hc_ttlv_next_of(&run, HC_TAG_OPERATION, &item) > 0)
		++*ret_repeated;
	return status.tag ? 1 : 0;
}

#define COUNT "42000d02 00000004 00000007 00000000"
#define STATUS "42007f05 00000004 00000000 00000000"
#define OPERATION "42005c05 00000004 0000000a 00000000"
#define UNKNOWN "42012305 00000004 0000000a 00000000"
#define EXTENSION "54000105 00000004 0000000a 00000000"

static void fields_follow_the_table(void)
{
	unsigned n;

	EXPECT(fields_of("42007a01 00000010" COUNT, false, &n) == 0 && n == 0);
	EXPECT(fields_of("42007a01 00000020" COUNT STATUS, false, &n) == 1 && n == 0);
	EXPECT(fields_of("42007a01 00000040" COUNT STATUS OPERATION OPERATION, false, &n) == 1);
	EXPECT(n == 2);
	EXPECT(fields_of("42007a01 00000020" COUNT OPERATION, false, &n) == 0 && n == 1);
	/* Extensions may stand anywhere, also between repeated ones. */
	EXPECT(fields_of("42007a01 00000020" EXTENSION COUNT, false, &n) == 0);
	EXPECT(fields_of("42007a01 00000040" COUNT OPERATION EXTENSION OPERATION, false, &n) == 0);
	EXPECT(n == 2);
}

static void fields_are_strict(void)
{
	unsigned n;

	EXPECT(fields_of("42007a01 00000000", false, &n) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "lacks Batch Count"));
	EXPECT(fields_of("42007a01 00000010" STATUS, false, &n) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "lacks Batch Count"));
	EXPECT(fields_of("42007a01 00000020" COUNT COUNT, false, &n) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "doubled"));
	EXPECT(fields_of("42007a01 00000030" COUNT OPERATION STATUS, false, &n) ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "wrong place"));
	/* Also where unknown fields are skipped, known ones keep their order. */
	EXPECT(fields_of("42007a01 00000030" COUNT OPERATION STATUS, true, &n) ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(fields_of("42007a01 00000010" "42000d05 00000004 00000007 00000000", false, &n) ==
	       HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "wrong type"));
}

static void unknown_fields_by_the_version(void)
{
	unsigned n;

	EXPECT(fields_of("42007a01 00000020" COUNT UNKNOWN, false, &n) == HC_E_KMIP_MALFORMED);
	EXPECT(strstr(hc_error_message(), "does not belong"));
	EXPECT(fields_of("42007a01 00000020" COUNT UNKNOWN, true, &n) == 0);
	EXPECT(fields_of("42007a01 00000020" UNKNOWN COUNT, true, &n) == 0);
	EXPECT(fields_of("42007a01 00000040" COUNT OPERATION UNKNOWN OPERATION, true, &n) == 0);
	EXPECT(n == 2);
}

static void writes_what_it_reads(void)
{
	static const char hex[] = "42007b01 00000058"
				  "42002002 00000004 fffffff8 00000000"
				  "42002005 00000004 800000ff 00000000"
				  "42002001 00000010 42002007 00000003 6162630000000000"
				  "42002008 00000008 0102030405060708"
				  "54002008 00000000 42002001 00000000";
	uint8_t in[256], out[256];
	struct hc_ttlv_writer w;
	size_t size = unhex(hex, in, sizeof(in)), written = 0;

	hc_ttlv_writer_init(&w, out, sizeof(out));
	hc_ttlv_begin(&w, 0x42007b);
	hc_ttlv_put_integer(&w, 0x420020, -8);
	hc_ttlv_put_enum(&w, 0x420020, 0x800000ff);
	hc_ttlv_begin(&w, 0x420020);
	hc_ttlv_put_text(&w, 0x420020, "abc");
	hc_ttlv_end(&w);
	hc_ttlv_put_bytes(&w, 0x420020, "\1\2\3\4\5\6\7\10", 8);
	hc_ttlv_put_bytes(&w, 0x540020, NULL, 0);
	hc_ttlv_begin(&w, 0x420020);
	hc_ttlv_end(&w);
	hc_ttlv_end(&w);
	EXPECT(hc_ttlv_finish(&w, &written) == 0);
	EXPECT(written == size && memcmp(in, out, size) == 0);
	memset(out, 0xee, sizeof(out));
	EXPECT(recode(in, size, out, &written) == 0);
	EXPECT(written == size && memcmp(in, out, size) == 0);
}

/* Whatever the buffer's size, nothing is written behind it. */
static void writer_stops_at_the_end(void)
{
	uint8_t out[64];
	struct hc_ttlv_writer w;
	size_t written = 99;

	for (size_t size = 0; size <= 40; size++) {
		memset(out, 0xee, sizeof(out));
		hc_ttlv_writer_init(&w, out, size);
		hc_ttlv_begin(&w, 0x42007b);
		hc_ttlv_put_integer(&w, 0x420020, 1);
		hc_ttlv_put_text(&w, 0x420020, "abcdefg");
		hc_ttlv_end(&w);
		EXPECT(hc_ttlv_finish(&w, &written) == (size == 40 ? 0 : HC_E_INTERNAL));
		for (size_t i = size; i < sizeof(out); i++)
			EXPECT(out[i] == 0xee);
	}
	EXPECT(written == 40);
}

static void writer_wants_balance(void)
{
	uint8_t out[512];
	struct hc_ttlv_writer w;
	size_t written;

	hc_ttlv_writer_init(&w, out, sizeof(out));
	hc_ttlv_begin(&w, 0x42007b);
	EXPECT(hc_ttlv_finish(&w, &written) == HC_E_INTERNAL);
	hc_ttlv_end(&w);
	EXPECT(hc_ttlv_finish(&w, &written) == 0);
	hc_ttlv_end(&w);
	EXPECT(hc_ttlv_finish(&w, &written) == HC_E_INTERNAL);
	hc_ttlv_writer_init(&w, out, sizeof(out));
	for (int i = 0; i <= HC_TTLV_DEPTH_MAX; i++)
		hc_ttlv_begin(&w, 0x42007b);
	EXPECT(w.failed && w.depth == HC_TTLV_DEPTH_MAX);
}

int main(void)
{
	RUN(reads_every_type);
	RUN(refuses_wrong_lengths);
	RUN(refuses_what_does_not_fit);
	RUN(refuses_bad_forms);
	RUN(message_fills_its_bytes);
	RUN(depth_is_limited);
	RUN(number_of_items_is_limited);
	RUN(fields_follow_the_table);
	RUN(fields_are_strict);
	RUN(unknown_fields_by_the_version);
	RUN(writes_what_it_reads);
	RUN(writer_stops_at_the_end);
	RUN(writer_wants_balance);
	return unit_result();
}
