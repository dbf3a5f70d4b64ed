// SPDX-License-Identifier: GPL-2.0
/* How large a dump will be, out of what the kernel says of its memory. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump/estimate.h"

#define MIB (1024ULL * 1024)

static char path[] = "/tmp/hostcrypt-dump-estimate-XXXXXX";

static bool put(const char *text)
{
	FILE *file = fopen(path, "we");

	return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* 1024 MiB, of which 100 are free, 224 cache, 500 programs', 40 huge pages. */
static bool put_usual(void)
{
	return put("MemTotal: 1048576 kB\nMemFree: 102400 kB\nBuffers: 24576 kB\n"
		   "Cached: 204800 kB\nAnonPages: 512000 kB\nHugePages_Total: 20\n"
		   "Hugetlb: 40960 kB\n");
}

/* What is told for @bytes of memory that stay in the dump. */
static uint64_t with_extra(uint64_t bytes)
{
	return bytes + bytes / 16 + 16 * MIB;
}

static void what_is_left_out(void)
{
	struct hc_dump_filter filter = { .version = "1.7.7", .level = 31 };

	if (!EXPECT(put_usual()))
		return;
	EXPECT(hc_dump_estimate_of(path, &filter) == with_extra(160 * MIB));
	filter.level = 23;
	EXPECT(hc_dump_estimate_of(path, &filter) == with_extra(700 * MIB));
	filter.version[0] = '\0';
	EXPECT(hc_dump_estimate_of(path, &filter) == with_extra(1024 * MIB));
}

static void nonsense(void)
{
	struct hc_dump_filter filter = { .version = "1.7.7", .level = 31 };

	EXPECT(put("MemTotal: 1024 kB\nMemFree: 4096 kB\n"));
	EXPECT(hc_dump_estimate_of(path, &filter) == 16 * MIB);
	EXPECT(put("") && hc_dump_estimate_of(path, &filter) == 0);
	unlink(path);
	EXPECT(hc_dump_estimate_of(path, &filter) == 0);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	RUN(what_is_left_out);
	RUN(nonsense);
	unlink(path);
	return unit_result();
}
