// SPDX-License-Identifier: GPL-2.0
/* file:FOLDER, in the capture kernel. */
#include "capture/target_kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "capture/log.h"
#include "capture/mount.h"
#include "dump/environment.h"

static int state(struct target *target, struct hc_dump_state_place *ret_place)
{
	int r = mount_at(HC_CAPTURE_MOUNT);

	if (r == 0)
		hc_dump_state_in(target->config->target.path, ret_place);
	return r;
}

int target_open_part(struct target *target, const char *folder, const char *host, long long now)
{
	int r = hc_dump_part_create(folder, host, now, &target->part);

	snprintf(target->folder, sizeof(target->folder), "%s", folder);
	if (r < 0)
		return r;
	target->fd = target->part.fd;
	snprintf(target->name, sizeof(target->name), "%s", target->part.name);
	return 0;
}

int target_commit_part(struct target *target)
{
	return hc_dump_part_commit(&target->part);
}

void target_discard_part(struct target *target)
{
	hc_dump_part_discard(&target->part);
}

void target_recover_part(struct target *target)
{
	target->part.fd = -1;
	target->part.directory = open(target->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target->part.directory < 0)
		log_say("%s: %s", target->folder, strerror(errno));
	else
		hc_dump_part_discard(&target->part);
}

static int open_part(struct target *target, const char *host, long long now)
{
	return target_open_part(target, target->config->target.path, host, now);
}

const struct target_kind target_file = {
	.state = state,
	.open = open_part,
	.commit = target_commit_part,
	.discard = target_discard_part,
	.recover = target_recover_part,
};
