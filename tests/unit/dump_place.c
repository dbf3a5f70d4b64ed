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

static bool is_ssh(const char *text, const char *user, const char *host, unsigned port,
		   const char *path)
{
	struct hc_dump_place place;
	char why[256];
	bool same = hc_dump_place_parse(text, &place, why, sizeof(why)) == 0;

	if (!same) {
		printf("%s: %s\n", text, why);
		return false;
	}
	same = place.kind == HC_DUMP_TO_SSH && strcmp(place.user, user) == 0 &&
	       strcmp(place.host, host) == 0 && place.port == port &&
	       strcmp(place.path, path) == 0;
	hc_dump_place_free(&place);
	return same;
}

static void other_hosts(void)
{
	EXPECT(is_ssh("ssh:dump@host/srv/dumps", "dump", "host", 22, "/srv/dumps"));
	EXPECT(is_ssh("ssh:dump@host.example:2222/", "dump", "host.example", 2222, "/"));
	EXPECT(is_ssh("ssh:d-u.m_p@10.0.2.2/a-b/c_d", "d-u.m_p", "10.0.2.2", 22, "/a-b/c_d"));
	EXPECT(is_ssh("ssh:d@[2001:db8::1]/srv", "d", "2001:db8::1", 22, "/srv"));
	EXPECT(is_ssh("ssh:d@[fd00::1]:65535/srv", "d", "fd00::1", 65535, "/srv"));
	EXPECT(refused("ssh:host/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:@host/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host:/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host:0/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host:65536/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host:-1/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host:2222srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@fd00::1/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@[fd00::1/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:-o@host/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@-oProxyCommand/srv", "ssh:dump@host"));
	EXPECT(refused("ssh:d@host/$(id)", "takes letters"));
	EXPECT(refused("ssh:d@host/a b", "takes letters"));
	EXPECT(refused("ssh:d@host/a'b", "takes letters"));
}

static void volumes(void)
{
	struct hc_dump_place place;
	char why[256];

	EXPECT(is("volume:vm1", HC_DUMP_TO_VOLUME, "/"));
	EXPECT(is("volume:vm1/crash/here", HC_DUMP_TO_VOLUME, "/crash/here"));
	if (EXPECT(hc_dump_place_parse("volume:vm1/x", &place, why, sizeof(why)) == 0)) {
		EXPECT(strcmp(place.volume, "vm1") == 0);
		hc_dump_place_free(&place);
	}
	EXPECT(refused("volume:", "by its name"));
	EXPECT(refused("volume:/crash", "by its name"));
	EXPECT(refused("volume:a b", "by its name"));
	EXPECT(refused("volume:../x", "by its name"));
	EXPECT(refused("volume:a234567890123456789012345678901234567890123456789/x", "by its name"));
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
	RUN(other_hosts);
	RUN(volumes);
	RUN(unknown);
	return unit_result();
}
