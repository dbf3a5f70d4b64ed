// SPDX-License-Identifier: GPL-2.0
#include "dump/filter.h"

#include <stdio.h>
#include <string.h>

#include "base/child.h"

#define LEVEL_ALL 31 /* zero, cache, private cache, user and free pages */

static unsigned number(unsigned major, unsigned minor, unsigned patch)
{
	return major * 1000000 + minor * 1000 + patch;
}

void hc_dump_filter(const char *makedumpfile, const char *release,
		    struct hc_dump_filter *ret_filter)
{
	const char *const argv[] = { makedumpfile, "-v", NULL };
	unsigned major = 0, minor = 0, patch = 0, kernel_major = 0, kernel_minor = 0;
	char output[1024];
	const char *at;

	*ret_filter = (struct hc_dump_filter){ .level = LEVEL_ALL };
	if (hc_child_run(argv, NULL, output, sizeof(output)) < 0) {
		ret_filter->note = "there is no makedumpfile that runs: a dump would hold the "
				   "whole memory (encrypted); install the package makedumpfile";
		return;
	}
	at = strstr(output, "version ");
	if (at && sscanf(at, "version %u.%u.%u", &major, &minor, &patch) >= 2)
		snprintf(ret_filter->version, sizeof(ret_filter->version), "%u.%u.%u", major,
			 minor, patch);
	sscanf(release, "%u.%u", &kernel_major, &kernel_minor);
	/* From 6.10 on slab pages look like user pages to older ones. */
	if (number(kernel_major, kernel_minor, 0) >= number(6, 10, 0) &&
	    number(major, minor, patch) < number(1, 7, 7)) {
		ret_filter->level = LEVEL_ALL - HC_DUMP_LEVEL_USER;
		ret_filter->note = "this makedumpfile is older than this kernel: a dump would "
				   "hold user memory too (encrypted); with 1.7.7 or newer, put in "
				   "/usr/local/bin or named in dump.conf, it is left out";
	}
}
