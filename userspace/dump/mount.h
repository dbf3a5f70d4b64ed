/* SPDX-License-Identifier: GPL-2.0 */
/* Which file system a path is on. */
#ifndef HC_DUMP_MOUNT_H
#define HC_DUMP_MOUNT_H

#include <limits.h>

struct hc_mount {
	char root[PATH_MAX]; /* what of the file system is mounted */
	char point[PATH_MAX];
	char type[32];
	char source[PATH_MAX]; /* the device */
};

/* The first mount of all of the file system on @device. HC_E_DUMP_TARGET. */
int hc_mount_of(const char *device, struct hc_mount *ret_mount);

/* @path is real: absolute and without links. HC_E_DUMP_TARGET. */
int hc_mount_find(const char *path, struct hc_mount *ret_mount);

#endif
