// SPDX-License-Identifier: GPL-2.0
#include "dump/command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dump/environment.h"

/* Words of the running kernel that the capture kernel must not have: with "=" at
 * the end, those that begin so. */
static const char *const dropped[] = {
	"BOOT_IMAGE=",	"initrd=",    "root=",	       "rootflags=",  "rootfstype=",
	"rootdelay=",	"ro",	      "rw",	       "init=",	      "rdinit=",
	"resume=",	"crashkernel=", "hugepages=",  "hugepagesz=", "default_hugepagesz=",
	"hugetlb_cma=", "cma=",	      "kvm_cma_resv_ratio=", "movablecore=", "kernelcore=",
	"mem=",		"memmap=",    "nr_cpus=",      "maxcpus=",    "isolcpus=",
	"nohz_full=",	"boot=",	"panic=",	"quiet",	"splash",
	"debug",	"break=",	"fastboot",	"elfcorehdr=",	HC_CAPTURE_REGISTRY,
	"crash_kexec_post_notifiers",	"systemd.unit=",
};

/*
 * One CPU; devices that were in use are reset; interrupts that nobody awaits are
 * looked after; freed memory, keys too, is wiped; a capture kernel that fails does
 * not stay, and neither does one in which nobody comes to feed an armed watchdog; the
 * RAM disk's files may fill more than half of the memory, as they may not in a tmpfs.
 */
#define ADDED                                                                                      \
	"boot=hostcrypt nr_cpus=1 reset_devices irqpoll noresume init_on_free=1 panic=10 "        \
	"transparent_hugepage=never numa=off rootfstype=ramfs watchdog.open_timeout=300"

static bool is_dropped(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		size_t n = strlen(dropped[i]);
		bool prefix = dropped[i][n - 1] == '=';

		if ((prefix ? length >= n : length == n) && strncmp(word, dropped[i], n) == 0)
			return true;
	}
	return false;
}

/* The length of the word at @at; blanks between double quotes belong to it. */
static size_t word_length(const char *at)
{
	bool quoted = false;
	size_t n;

	for (n = 0; at[n] && (quoted || (at[n] != ' ' && at[n] != '\n')); n++)
		if (at[n] == '"')
			quoted = !quoted;
	return n;
}

int hc_dump_command_line(const char *running, const char *registry, char *ret_line,
			 size_t size)
{
	size_t used = 0;

	while (*running && used < size) {
		size_t length;

		running += strspn(running, " \n");
		length = word_length(running);
		/* What stands behind "--" is for the first program. */
		if (length == 0 || (length == 2 && strncmp(running, "--", 2) == 0))
			break;
		if (!is_dropped(running, length))
			used += (size_t)snprintf(ret_line + used, size - used, "%.*s ",
						 (int)length, running);
		running += length;
	}
	if (used < size)
		used += (size_t)snprintf(ret_line + used, size - used,
					 ADDED " " HC_CAPTURE_REGISTRY "%s", registry);
	if (used >= size)
		return hc_fail(HC_E_DUMP_LOAD,
			       "the kernel's command line is too long to add to it");
	return 0;
}
