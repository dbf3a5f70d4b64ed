// SPDX-License-Identifier: GPL-2.0
/* Every spelling of "target =", and what is refused with which words. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dump/place.h"

static bool is(const char *text, enum hc_dump_kind kind, const char *path)
{
	struct hc_dump_place place;
	char why[256];
	bool same = hc_dump_place_parse(text, &place, why, sizeof(why)) == 0;

	if (!same) {
		printf("%s: %s\n", text, why);
		return false;
	}
	same = place.kind == kind && strcmp(place.text, text) == 0 &&
	       strcmp(place.path, path) == 0;
	hc_dump_place_free(&place);
	return same;
}

/* Refused with @words; @ret_place is left alone. */
static bool refused(const char *text, const char *words)
{
	struct hc_dump_place place = { .kind = HC_DUMP_KINDS };
	char why[256] = "";
	int r = hc_dump_place_parse(text, &place, why, sizeof(why));

	if (r == HC_E_CONFIG && strstr(why, words) && place.kind == HC_DUMP_KINDS)
		return true;
	printf("%s: code %d, \"%s\"\n", text, r, why);
	return false;
}

static void folders(void)
{
	EXPECT(is("file:/var/crash", HC_DUMP_TO_FILE, "/var/crash"));
	EXPECT(is("file:/", HC_DUMP_TO_FILE, "/"));
	EXPECT(refused("file:crash", "begins with \"/\""));
	EXPECT(refused("file:", "begins with \"/\""));
}

static void devices(void)
{
	EXPECT(is("block:/dev/sdb3", HC_DUMP_TO_BLOCK, "/dev/sdb3"));
	EXPECT(is("block:/dev/disk/by-id/x-part1", HC_DUMP_TO_BLOCK, "/dev/disk/by-id/x-part1"));
	EXPECT(refused("block:sdb3", "begins with \"/dev/\""));
	EXPECT(refused("block:/var/disk", "begins with \"/dev/\""));
	EXPECT(refused("block:", "begins with \"/dev/\""));
}

static void unknown(void)
{
	EXPECT(refused("/var/crash", "write file:"));
	EXPECT(refused("nfs:/var/crash", "write file:"));
	EXPECT(refused("File:/var/crash", "write file:"));
	EXPECT(refused("", "write file:"));
}

int main(void)
{
	RUN(folders);
	RUN(devices);
	RUN(unknown);
	return unit_result();
}
