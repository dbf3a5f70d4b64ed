// SPDX-License-Identifier: GPL-2.0
#include "dump/local_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "dump/environment.h"
#include "dump/folder.h"

/* Where it is not said. */
#define FOLDER "/var/lib/hostcrypt"

static const char *folder_of(const struct hc_dump_config *config)
{
	return config->state ? config->state : FOLDER;
}

int hc_dump_local_state_find(const struct hc_dump_config *config, struct hc_dump_target *target)
{
	static struct hc_dump_folder folder;
	const char *path = folder_of(config);
	int r;

	if (!path[0])
		return 0;
	if (!config->state && mkdir(path, 0700) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, "%s", path);
	r = hc_dump_folder_find(path, &folder);
	if (r < 0)
		return hc_context(r, "where the capture kernel is to leave what became of a dump "
				     "(\"state =\" in dump.conf names a folder, or \"none\")");
	target->disks[target->n_disks] = folder.disk;
	target->disks[target->n_disks++].point = HC_CAPTURE_STATE_MOUNT;
	snprintf(target->state, sizeof(target->state), "%s%s", HC_CAPTURE_STATE_MOUNT,
		 folder.path);
	return 0;
}

void hc_dump_local_state(const struct hc_dump_config *config,
			 struct hc_dump_state_place *ret_place)
{
	if (folder_of(config)[0])
		hc_dump_state_in(folder_of(config), ret_place);
}
