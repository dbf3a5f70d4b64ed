/* SPDX-License-Identifier: GPL-2.0 */
/*
 * This machine's hardware watchdogs. One that somebody armed goes on counting when the
 * kernel panics, and would end the capture kernel in the middle of a dump. (softdog is
 * none: it dies with its kernel. ipmi_watchdog does not show itself in /sys.)
 */
#ifndef HC_DUMP_WATCHDOG_H
#define HC_DUMP_WATCHDOG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define HC_WATCHDOGS 4

struct hc_watchdog {
	unsigned number;	/* /dev/watchdogNUMBER */
	char identity[64];	/* by which another kernel's driver names it, too */
	char sysfs[PATH_MAX];	/* below the hardware, where the driver tells */
	bool armed;
};

/* Their number. */
size_t hc_watchdogs_find(struct hc_watchdog ret_all[HC_WATCHDOGS]);

#endif
