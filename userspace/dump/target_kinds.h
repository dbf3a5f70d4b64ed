/* SPDX-License-Identifier: GPL-2.0 */
/* One of these for each kind of place; dump/target.c finds it. */
#ifndef HC_DUMP_TARGET_KINDS_H
#define HC_DUMP_TARGET_KINDS_H

#include "dump/cpio.h"
#include "dump/target.h"

struct hc_dump_target_kind {
	int (*find)(const struct hc_dump_config *config, struct hc_dump_target *target);
	/* What only another host can say; may be NULL. */
	int (*try)(const struct hc_dump_config *config, struct hc_dump_target *target);
	void (*state)(const struct hc_dump_config *config, struct hc_dump_state_place *place);
	/* What else it needs in the capture environment; may be NULL. */
	int (*put)(const struct hc_dump_config *config, const struct hc_dump_target *target,
		   struct hc_cpio *cpio);
};

extern const struct hc_dump_target_kind hc_dump_target_file, hc_dump_target_block,
	hc_dump_target_ssh, hc_dump_target_volume;

#endif
