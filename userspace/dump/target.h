/* SPDX-License-Identifier: GPL-2.0 */
/* Where in the machine the folder of a dump target is: what the capture kernel has
 * to mount, and what it finds there. */
#ifndef HC_DUMP_TARGET_H
#define HC_DUMP_TARGET_H

#include <limits.h>
#include <stdint.h>

struct hc_dump_target {
	char device[PATH_MAX]; /* of the file system, as mounted here */
	char uuid[64];	       /* of the file system */
	char type[32];
	char path[PATH_MAX]; /* of the folder, seen from the file system's root */
	char sysfs[PATH_MAX]; /* the device in /sys */
	uint64_t free_bytes;
};

/* HC_E_DUMP_TARGET where the capture kernel could not write there. */
int hc_dump_target_find(const char *directory, struct hc_dump_target *ret_target);

#endif
