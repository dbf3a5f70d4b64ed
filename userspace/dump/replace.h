/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The header area of a dump, written over where it is. It does not fit into one write
 * of a disk, so the old one is on the disk beside, under the dump's name with
 * HC_DUMP_OLD_SUFFIX behind, before the dump is touched, and until the new one is there.
 */
#ifndef HC_DUMP_REPLACE_H
#define HC_DUMP_REPLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/format.h"

#define HC_DUMP_OLD_SUFFIX ".old-header"

/* Write @area over the header of the dump @path, which is open as @fd and holds @old. */
int hc_dump_replace(int fd, const char *path, const uint8_t old[HC_DUMP_AREA],
		    const uint8_t area[HC_DUMP_AREA]);

/*
 * The old header beside the dump @path whose header now reads @area: true when there
 * is one and it is of the same dump. It is needed where the new one is not whole.
 */
bool hc_dump_replaced(const char *path, const uint8_t area[HC_DUMP_AREA],
		      uint8_t ret_old[HC_DUMP_AREA]);

/* A whole header is in place: nobody needs the old one. */
int hc_dump_replace_done(const char *path);

#endif
