/* SPDX-License-Identifier: GPL-2.0 */
/* A block device that the capture kernel needs, and what /sys says of it. */
#ifndef HC_DUMP_DISK_H
#define HC_DUMP_DISK_H

#include <limits.h>
#include <stdbool.h>

struct hc_dump_disk {
	char device[PATH_MAX]; /* as it is called here */
	char sysfs[PATH_MAX];  /* its folder in /sys */
	char spec[128];	       /* by which the capture kernel finds it: UUID=... */
	char type[32];	       /* of the file system to be mounted; "" for none */
	const char *point;     /* where, in the capture kernel */
};

/* Its folder in /sys. HC_E_DUMP_TARGET where @device is none that is there. */
int hc_disk_sysfs(const char *device, char ret_sysfs[PATH_MAX]);

/* Is the device in @sysfs, or one that it is made of, encrypted? */
bool hc_disk_encrypted(const char *sysfs);

/* Will the capture kernel have the device? Not one that is made of others by what the RAM
 * disk does not have, nor one in memory or behind a network. HC_E_DUMP_TARGET. */
int hc_disk_check(const char *sysfs);

#endif
