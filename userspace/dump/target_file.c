// SPDX-License-Identifier: GPL-2.0
/* file:FOLDER. Each dump is a file of its own, the state one beside them. */
#include "dump/target_kinds.h"

#include <stdio.h>

#include "dump/environment.h"
#include "dump/folder.h"

static int find(const struct hc_dump_config *config, struct hc_dump_target *target)
{
	static struct hc_dump_folder folder;
	int r = hc_dump_folder_find(config->target.path, &folder);

	if (r < 0)
		return r;
	target->disks[target->n_disks] = folder.disk;
	target->disks[target->n_disks++].point = HC_CAPTURE_MOUNT;
	target->free_bytes = folder.free_bytes;
	snprintf(target->folder, sizeof(target->folder), "%s", config->target.path);
	snprintf(target->place, sizeof(target->place), "file:%s%s", HC_CAPTURE_MOUNT,
		 folder.path);
	return 0;
}

static void state(const struct hc_dump_config *config, struct hc_dump_state_place *place)
{
	hc_dump_state_in(config->target.path, place);
}

const struct hc_dump_target_kind hc_dump_target_file = {
	.find = find,
	.state = state,
};
