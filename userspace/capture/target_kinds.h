/* SPDX-License-Identifier: GPL-2.0 */
/* One of these for each kind of place; capture/target.c finds it. */
#ifndef HC_CAPTURE_TARGET_KINDS_H
#define HC_CAPTURE_TARGET_KINDS_H

#include "capture/target.h"

struct target_kind {
	int (*state)(struct target *target, struct hc_dump_state_place *ret_place);
	int (*open)(struct target *target, const char *host, long long now);
	int (*commit)(struct target *target);
	void (*discard)(struct target *target);
};

extern const struct target_kind target_file, target_block, target_ssh;

#endif
