/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block device that is given to dumps whole. One dump begins at its start, as in a
 * file; its last whole block of 4096 bytes is the state (dump/state.h), whose first
 * line is "hostcrypt dump device 1" and a UUID. That line makes the device ours: the
 * capture kernel finds it by its UUID, whatever it is called by then, and nothing
 * is written to a device without it.
 *
 * There is room for one dump. It is kept until somebody fetches it.
 */
#ifndef HC_DUMP_MARK_H
#define HC_DUMP_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/state.h"

struct hc_dump_mark {
	char id[40];
	uint64_t room; /* bytes for a dump, up to the state */
	bool occupied; /* there is one */
	struct hc_dump_state_place state;
};

/* HC_E_DUMP_TARGET where @device is not ours. */
int hc_dump_mark_read(const char *device, struct hc_dump_mark *ret_mark);

/*
 * Make @device ours; what was on it is lost. Unless @force, it is refused where it
 * holds anything that libblkid knows, or a dump. In use: always.
 */
int hc_dump_mark_make(const char *device, bool force);

/* The start of the device that is open as @fd holds no dump any more. 0 or a
 * negative errno. */
int hc_dump_mark_clear(int fd);

#endif
