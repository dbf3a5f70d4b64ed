/* SPDX-License-Identifier: GPL-2.0 */
/* The state of targets that cannot hold it: a file in the folder that "state =" of
 * dump.conf names, or nowhere. */
#ifndef HC_DUMP_LOCAL_STATE_H
#define HC_DUMP_LOCAL_STATE_H

#include "dump/target.h"

/* What the capture kernel needs for it, into @target. HC_E_DUMP_TARGET. */
int hc_dump_local_state_find(const struct hc_dump_config *config, struct hc_dump_target *target);

void hc_dump_local_state(const struct hc_dump_config *config,
			 struct hc_dump_state_place *ret_place);

#endif
