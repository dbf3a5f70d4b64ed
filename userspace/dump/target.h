/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The place where dumps go (dump/place.h), seen from the running system: is it fit
 * for it, and what does the capture kernel need to get there.
 */
#ifndef HC_DUMP_TARGET_H
#define HC_DUMP_TARGET_H

#include <limits.h>
#include <stdint.h>

#include "dump/config.h"
#include "dump/cpio.h"
#include "dump/disk.h"
#include "dump/route.h"
#include "dump/state.h"

#define HC_DUMP_DISKS 2

struct hc_dump_target {
	struct hc_dump_disk disks[HC_DUMP_DISKS];
	size_t n_disks;
	char folder[2 * PATH_MAX]; /* in this system, where dumps appear; "" for others */
	char place[PATH_MAX + 32]; /* the place, as the capture kernel sees it */
	char state[PATH_MAX + 32]; /* the folder of the state, as it sees that; "": none */
	struct hc_route route;	   /* to another host */
	char type[32];		   /* of the file system in a volume */
	uint64_t free_bytes;	   /* there, for a dump */
	char note[256];		   /* what is less than good about it, or "" */
};

/* HC_E_DUMP_TARGET where the capture kernel could not write there. */
int hc_dump_target_find(const struct hc_dump_config *config, struct hc_dump_target *ret_target);

/* The same without asking another host, so without free_bytes for one. */
int hc_dump_target_look(const struct hc_dump_config *config, struct hc_dump_target *ret_target);

/* The kind's own settings for the capture kernel, into the overlay's archive. */
int hc_dump_target_put(const struct hc_dump_config *config, const struct hc_dump_target *target,
		       struct hc_cpio *cpio);

/* Where the state of this host's dumps is kept, whether that is there or not. */
void hc_dump_target_state(const struct hc_dump_config *config,
			  struct hc_dump_state_place *ret_place);

#endif
