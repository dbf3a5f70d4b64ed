// SPDX-License-Identifier: GPL-2.0
#include "dump/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/kexec.h"

/* Which of them has no hardware is not said otherwise. */
#define SOFTDOG "Software Watchdog"
#define CLASS "/sys/class/watchdog/watchdog%u/%s"

static bool read_line(unsigned number, const char *name, char *ret_line, int size)
{
	char path[64];

	snprintf(path, sizeof(path), CLASS, number, name);
	return hc_read_line(path, ret_line, size);
}

static bool find(unsigned number, struct hc_watchdog *ret_watchdog)
{
	char path[64], state[16];

	snprintf(path, sizeof(path), CLASS, number, "");
	if (!realpath(path, ret_watchdog->sysfs) ||
	    !read_line(number, "identity", ret_watchdog->identity,
		       sizeof(ret_watchdog->identity)) ||
	    strcmp(ret_watchdog->identity, SOFTDOG) == 0)
		return false;
	ret_watchdog->number = number;
	ret_watchdog->armed = read_line(number, "state", state, sizeof(state)) &&
			      strcmp(state, "active") == 0;
	return true;
}

size_t hc_watchdogs_find(struct hc_watchdog ret_all[HC_WATCHDOGS])
{
	size_t n = 0;

	for (unsigned number = 0; number < HC_WATCHDOGS; number++)
		if (find(number, &ret_all[n]))
			n++;
	return n;
}
