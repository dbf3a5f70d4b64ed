/* SPDX-License-Identifier: GPL-2.0 */
/* One of these for each kind of place; capture/target.c finds it. */
#ifndef HC_CAPTURE_TARGET_KINDS_H
#define HC_CAPTURE_TARGET_KINDS_H

#include "capture/target.h"

/* Of the kinds whose state is kept beside them, where "state =" says; one that cannot
 * be kept is no reason against a dump. */
int target_local_state(struct target *target, struct hc_dump_state_place *ret_place);

/* The part file in @folder. */
int target_open_part(struct target *target, const char *folder, const char *host, long long now);
int target_commit_part(struct target *target);
void target_discard_part(struct target *target);
void target_recover_part(struct target *target);

struct target_kind {
	int (*state)(struct target *target, struct hc_dump_state_place *ret_place);
	int (*open)(struct target *target, const char *host, long long now);
	int (*commit)(struct target *target);
	void (*discard)(struct target *target);
	/* The target's descriptors and its sender are not this process's. */
	void (*recover)(struct target *target);
};

extern const struct target_kind target_file, target_block, target_ssh, target_volume;

#endif
