/* SPDX-License-Identifier: GPL-2.0 */
/* A folder of this system that the capture kernel shall write to: what it has to
 * mount, and what it finds there. */
#ifndef HC_DUMP_FOLDER_H
#define HC_DUMP_FOLDER_H

#include <limits.h>
#include <stdint.h>

#include "dump/disk.h"

struct hc_dump_folder {
	struct hc_dump_disk disk;
	char path[PATH_MAX]; /* of the folder, seen from the file system's root */
	uint64_t free_bytes;
};

/* HC_E_DUMP_TARGET where the capture kernel could not write there. */
int hc_dump_folder_find(const char *directory, struct hc_dump_folder *ret_folder);

#endif
