// SPDX-License-Identifier: GPL-2.0
/* The table line: what is understood, and each way to be refused. */
#include <linux/blkdev.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "suites.h"
#include "table.h"

#define KEY	"3f2504e0-4f89-41d3-9a0c-0305e82c3301"
#define LINE	KEY " 0 /dev/x 0"

/* Split @line at its spaces and parse it. */
static int hc_parse(struct kunit *test, struct hc_table *table, sector_t begin, sector_t len,
		    const char *line, char **error)
{
	char *rest = kunit_kzalloc(test, strlen(line) + 1, GFP_KERNEL), *word, *argv[20];
	unsigned int argc = 0;

	KUNIT_ASSERT_NOT_NULL(test, rest);
	memcpy(rest, line, strlen(line));
	while ((word = strsep(&rest, " ")))
		if (*word && argc < ARRAY_SIZE(argv))
			argv[argc++] = word;
	*error = NULL;
	return hc_table_parse(table, begin, len, argc, argv, error);
}

static void hc_test_plain(struct kunit *test)
{
	static const u8 uuid[] = { 0x3f, 0x25, 0x04, 0xe0, 0x4f, 0x89, 0x41, 0xd3,
				   0x9a, 0x0c, 0x03, 0x05, 0xe8, 0x2c, 0x33, 0x01 };
	struct hc_table table;
	char *error;

	KUNIT_ASSERT_EQ(test, hc_parse(test, &table, 0, 100, KEY " 24 /dev/x 32768", &error), 0);
	KUNIT_EXPECT_NULL(test, error);
	KUNIT_EXPECT_MEMEQ(test, table.key.b, uuid, sizeof(uuid));
	KUNIT_EXPECT_EQ(test, table.tweak_offset, 24);
	KUNIT_EXPECT_STREQ(test, table.device, "/dev/x");
	KUNIT_EXPECT_EQ(test, table.offset, 32768);
	KUNIT_EXPECT_EQ(test, table.unit, 512);
	KUNIT_EXPECT_FALSE(test, table.allow_discards);
	KUNIT_EXPECT_FALSE(test, table.allow_slow_cipher);

	KUNIT_EXPECT_EQ(test, hc_parse(test, &table, 0, 100,
				       "3F2504E0-4F89-41D3-9A0C-0305E82C3301 0 8:16 0 0",
				       &error), 0);
	KUNIT_EXPECT_MEMEQ(test, table.key.b, uuid, sizeof(uuid));
}

static void hc_test_options(struct kunit *test)
{
	static const char all[] =
		KEY " 8 8:0 8 3 allow_slow_cipher sector_size:4096 allow_discards";
	struct hc_table table;
	char *error;

	KUNIT_ASSERT_EQ(test, hc_parse(test, &table, 8, 16, all, &error), 0);
	KUNIT_EXPECT_EQ(test, table.unit, 4096);
	KUNIT_EXPECT_TRUE(test, table.allow_discards);
	KUNIT_EXPECT_TRUE(test, table.allow_slow_cipher);

	KUNIT_ASSERT_EQ(test, hc_parse(test, &table, 0, 2, LINE " 1 sector_size:1024", &error), 0);
	KUNIT_EXPECT_EQ(test, table.unit, 1024);
	KUNIT_EXPECT_FALSE(test, table.allow_discards);
	KUNIT_ASSERT_EQ(test, hc_parse(test, &table, 0, 4, LINE " 1 sector_size:2048", &error), 0);
	KUNIT_EXPECT_EQ(test, table.unit, 2048);
	KUNIT_ASSERT_EQ(test, hc_parse(test, &table, 0, 1, LINE " 1 sector_size:512", &error), 0);
	KUNIT_EXPECT_EQ(test, table.unit, 512);
}

/* The largest numbers that fit. */
static void hc_test_limits(struct kunit *test)
{
	struct hc_table table;
	char *error;

	KUNIT_EXPECT_EQ(test, hc_parse(test, &table, 0, 15,
				       KEY " 18446744073709551600 /dev/x 18446744073709551600",
				       &error), 0);
	KUNIT_EXPECT_EQ(test, table.tweak_offset, U64_MAX - 15);
}

struct hc_refusal {
	const char *name;
	sector_t begin;
	sector_t len;
	const char *line;
	const char *error;
};

#define OPTIONS	"the number of options does not match the options given"
#define SIZE	"sector_size: expected 512, 1024, 2048 or 4096"

static const struct hc_refusal hc_refusals[] = {
	{ "nothing", 0, 8, "", "expected <key-uuid> <tweak_offset> <device> <offset>" },
	{ "no offset", 0, 8, KEY " 0 /dev/x",
	  "expected <key-uuid> <tweak_offset> <device> <offset>" },
	{ "key short", 0, 8, "3f2504e0-4f89-41d3-9a0c-0305e82c330 0 /dev/x 0",
	  "key: expected a UUID of 36 characters" },
	{ "key long", 0, 8, KEY "0 0 /dev/x 0", "key: expected a UUID of 36 characters" },
	{ "key not hex", 0, 8, "3f2504e0-4f89-41d3-9a0c-0305e82c330g 0 /dev/x 0",
	  "key: expected a UUID of 36 characters" },
	{ "key without dashes", 0, 8, "3f2504e04f8941d39a0c0305e82c330100000 0 /dev/x 0",
	  "key: expected a UUID of 36 characters" },
	{ "key bytes", 0, 8, ":64:logon:x 0 /dev/x 0", "key: expected a UUID of 36 characters" },
	{ "key nil", 0, 8, "00000000-0000-0000-0000-000000000000 0 /dev/x 0",
	  "key: the nil UUID names no key" },
	{ "tweak no number", 0, 8, KEY " x /dev/x 0",
	  "tweak_offset: expected a number of sectors" },
	{ "tweak negative", 0, 8, KEY " -1 /dev/x 0",
	  "tweak_offset: expected a number of sectors" },
	{ "tweak hex", 0, 8, KEY " 0x10 /dev/x 0", "tweak_offset: expected a number of sectors" },
	{ "tweak too large", 0, 8, KEY " 18446744073709551616 /dev/x 0",
	  "tweak_offset: expected a number of sectors" },
	{ "tweak wraps", 0, 16, KEY " 18446744073709551600 /dev/x 0",
	  "tweak_offset: the tweak would wrap around" },
	{ "offset no number", 0, 8, KEY " 0 /dev/x 1k", "offset: expected a number of sectors" },
	{ "offset negative", 0, 8, KEY " 0 /dev/x -8", "offset: expected a number of sectors" },
	{ "offset wraps", 0, 16, KEY " 0 /dev/x 18446744073709551600",
	  "offset: the end lies beyond any device" },
	{ "options not counted", 0, 8, LINE " allow_discards", OPTIONS },
	{ "options too few", 0, 8, LINE " 2 allow_discards", OPTIONS },
	{ "options too many", 0, 8, LINE " 1 allow_discards sector_size:512", OPTIONS },
	{ "options zero but one", 0, 8, LINE " 0 allow_discards", OPTIONS },
	{ "options negative", 0, 8, LINE " -1", OPTIONS },
	{ "option unknown", 0, 8, LINE " 1 same_cpu_crypt", "unknown option" },
	{ "option prefix", 0, 8, LINE " 1 allow_discard", "unknown option" },
	{ "option with more", 0, 8, LINE " 1 allow_discards:1", "unknown option" },
	{ "option twice", 0, 8, LINE " 2 allow_discards allow_discards",
	  "an option is given twice" },
	{ "slow twice", 0, 8, LINE " 2 allow_slow_cipher allow_slow_cipher",
	  "an option is given twice" },
	{ "size twice", 0, 8, LINE " 2 sector_size:512 sector_size:512",
	  "an option is given twice" },
	{ "size empty", 0, 8, LINE " 1 sector_size:", SIZE },
	{ "size zero", 0, 8, LINE " 1 sector_size:0", SIZE },
	{ "size small", 0, 8, LINE " 1 sector_size:256", SIZE },
	{ "size odd", 0, 8, LINE " 1 sector_size:1536", SIZE },
	{ "size large", 0, 16, LINE " 1 sector_size:8192", SIZE },
	{ "size text", 0, 8, LINE " 1 sector_size:4k", SIZE },
	{ "start misaligned", 4, 8, LINE " 1 sector_size:4096",
	  "start is not a multiple of sector_size" },
	{ "length misaligned", 0, 9, LINE " 1 sector_size:1024",
	  "length is not a multiple of sector_size" },
	{ "tweak misaligned", 0, 8, KEY " 4 /dev/x 0 1 sector_size:4096",
	  "tweak_offset is not a multiple of sector_size" },
	{ "offset misaligned", 0, 8, KEY " 0 /dev/x 2 1 sector_size:2048",
	  "offset is not a multiple of sector_size" },
};

static void hc_refusal_name(const struct hc_refusal *refusal, char *name)
{
	strscpy(name, refusal->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hc_refusals, hc_refusals, hc_refusal_name);

static void hc_test_refusal(struct kunit *test)
{
	const struct hc_refusal *r = test->param_value;
	struct hc_table table;
	char *error;

	KUNIT_EXPECT_EQ(test, hc_parse(test, &table, r->begin, r->len, r->line, &error), -EINVAL);
	KUNIT_ASSERT_NOT_NULL(test, error);
	KUNIT_EXPECT_STREQ(test, error, r->error);
}

static struct kunit_case hc_table_cases[] = {
	KUNIT_CASE(hc_test_plain),
	KUNIT_CASE(hc_test_options),
	KUNIT_CASE(hc_test_limits),
	KUNIT_CASE_PARAM(hc_test_refusal, hc_refusals_gen_params),
	{}
};

struct kunit_suite hc_table_suite = {
	.name = "hostcrypt_table",
	.test_cases = hc_table_cases,
};
