// SPDX-License-Identifier: GPL-2.0
/* Table lines and status lines as text. */
#include "unit.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "volume/dm.h"

#define KEY "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

static void plain_table_has_no_options(void)
{
	struct hc_dm_table table = {
		.key_uuid = KEY, .device = makedev(8, 16), .offset = 32768, .sector_size = 512
	};
	char params[256];

	EXPECT(hc_dm_format(&table, params, sizeof(params)) == 0);
	EXPECT(strcmp(params, KEY " 0 8:16 32768") == 0);
}

static void all_options(void)
{
	struct hc_dm_table table = { .key_uuid = KEY,
				     .device = makedev(259, 3),
				     .tweak_offset = 8,
				     .sector_size = 4096,
				     .allow_discards = true,
				     .allow_slow_cipher = true };
	char params[256];

	EXPECT(hc_dm_format(&table, params, sizeof(params)) == 0);
	EXPECT(strcmp(params, KEY " 8 259:3 0 3 sector_size:4096 allow_discards "
				  "allow_slow_cipher") == 0);
}

static void both_ways(void)
{
	struct hc_dm_table table = { .key_uuid = KEY,
				     .device = makedev(259, 1048575),
				     .tweak_offset = UINT64_MAX,
				     .offset = UINT64_MAX,
				     .sector_size = 2048,
				     .allow_discards = true,
				     .allow_slow_cipher = true };
	struct hc_dm_table back;
	char params[256];

	EXPECT(hc_dm_format(&table, params, sizeof(params)) == 0);
	EXPECT(hc_dm_parse_table(params, &back));
	EXPECT(strcmp(back.key_uuid, KEY) == 0 && back.device == table.device);
	EXPECT(back.tweak_offset == UINT64_MAX && back.offset == UINT64_MAX);
	EXPECT(back.sector_size == 2048 && back.allow_discards && back.allow_slow_cipher);
	EXPECT(hc_dm_format(&table, params, 40) == HC_E_INTERNAL);
}

static void wrong_table_is_refused(void)
{
	struct hc_dm_table table;

	EXPECT(!hc_dm_parse_table("", &table));
	EXPECT(!hc_dm_parse_table("aes-xts-plain64", &table));
	EXPECT(!hc_dm_parse_table(KEY " 0 sda 0", &table));
}

static void status_passes_over_unknown_words(void)
{
	struct hc_dm_status status = { 0 };

	hc_dm_parse_status("active cipher:xts(ecb(aes-generic)) sector_size:4096 reads:1 "
			   "read_bytes:4096 writes:2 written_bytes:8192 deferred:3 errors:4 "
			   "converted:17/99 new",
			   &status);
	EXPECT(strcmp(status.cipher_driver, "xts(ecb(aes-generic))") == 0);
	EXPECT(status.reads == 1 && status.read_bytes == 4096);
	EXPECT(status.writes == 2 && status.written_bytes == 8192);
	EXPECT(status.deferred == 3 && status.errors == 4);
	hc_dm_parse_status("", &status);
	EXPECT(status.reads == 1);
}

int main(void)
{
	RUN(plain_table_has_no_options);
	RUN(all_options);
	RUN(both_ways);
	RUN(wrong_table_is_refused);
	RUN(status_passes_over_unknown_words);
	return unit_result();
}
