// SPDX-License-Identifier: GPL-2.0
#include "dump/estimate.h"

#include <stdio.h>
#include <string.h>

#define KIB 1024ULL
#define MIB (1024 * KIB)

/* The kernel's log, headers, and what a page costs beside its bytes. */
#define EXTRA_BYTES (16 * MIB)
#define EXTRA_SHARE 16

enum field {
	TOTAL,
	FREE,
	BUFFERS,
	CACHED,
	ANON,
	HUGE,
	FIELDS,
};

static const char *const names[FIELDS] = {
	[TOTAL] = "MemTotal:", [FREE] = "MemFree:",    [BUFFERS] = "Buffers:",
	[CACHED] = "Cached:",  [ANON] = "AnonPages:",  [HUGE] = "Hugetlb:",
};

static void take(const char *line, uint64_t fields[FIELDS])
{
	unsigned long long kib;
	char name[64];

	if (sscanf(line, "%63s %llu", name, &kib) != 2)
		return;
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(name, names[i]) == 0)
			fields[i] = kib * KIB;
}

uint64_t hc_dump_estimate_of(const char *meminfo, const struct hc_dump_filter *filter)
{
	uint64_t fields[FIELDS] = { 0 }, left = 0, bytes;
	char line[256];
	FILE *file = fopen(meminfo, "re");

	while (file && fgets(line, sizeof(line), file))
		take(line, fields);
	if (file)
		fclose(file);
	if (fields[TOTAL] == 0)
		return 0;
	/* Without makedumpfile all of the memory is taken. */
	if (filter->version[0]) {
		left = fields[FREE] + fields[BUFFERS] + fields[CACHED];
		if (filter->level & HC_DUMP_LEVEL_USER)
			left += fields[ANON] + fields[HUGE];
	}
	bytes = left < fields[TOTAL] ? fields[TOTAL] - left : 0;
	return bytes + bytes / EXTRA_SHARE + EXTRA_BYTES;
}

uint64_t hc_dump_estimate(const struct hc_dump_filter *filter)
{
	return hc_dump_estimate_of("/proc/meminfo", filter);
}
