// SPDX-License-Identifier: GPL-2.0
#include "capture/target_kinds.h"

#include "base/error.h"
#include "capture/log.h"
#include "capture/mount.h"
#include "dump/environment.h"

int target_local_state(struct target *target, struct hc_dump_state_place *ret_place)
{
	const char *folder = target->config->state;

	if (!folder || !folder[0])
		return 0;
	if (mount_at(HC_CAPTURE_STATE_MOUNT) < 0)
		log_say("nothing is kept of what becomes of it: %s", hc_error_message());
	else
		hc_dump_state_in(folder, ret_place);
	return 0;
}
