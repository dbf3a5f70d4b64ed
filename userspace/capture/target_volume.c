// SPDX-License-Identifier: GPL-2.0
/* volume:NAME[/FOLDER], in the capture kernel. No key server is asked: the key comes out
 * of the dead kernel's memory, and never lay anywhere else. */
#include "capture/target_kinds.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <blkid/blkid.h>

#include "base/error.h"
#include "base/file.h"
#include "capture/log.h"
#include "capture/mount.h"
#include "capture/setting.h"
#include "dump/environment.h"
#include "kernel/control.h"
#include "volume/dm.h"

struct volume {
	char spec[128], luks_uuid[HC_UUID_TEXT], type[32];
	struct hc_dm_table table;
};

static int read_volume(struct volume *volume)
{
	char line[512];
	unsigned long long length;
	int r = setting_read(HC_CAPTURE_VOLUME, line, sizeof(line)), params = 0;

	if (r < 0)
		return r;
	if (sscanf(line, "%127s %36s %31s %llu %n", volume->spec, volume->luks_uuid, volume->type,
		   &length, &params) != 4 ||
	    !hc_dm_parse_table(line + params, &volume->table))
		return hc_fail(HC_E_INTERNAL, "the volume's settings are not understood");
	volume->table.length = length;
	return 0;
}

/* The number of the device that the volume is on, in this kernel. */
static int find_device(struct volume *volume)
{
	char *device = blkid_evaluate_spec(volume->spec, NULL);
	struct stat st;
	int r = 0;

	if (!device || stat(device, &st) < 0)
		r = hc_fail(HC_E_DUMP_TARGET, "the volume's device (%s) is not there",
			    volume->spec);
	else
		volume->table.device = st.st_rdev;
	free(device);
	return r;
}

static int inherit_key(const struct volume *volume)
{
	HC_FD control = hc_control_open();

	return control < 0 ? control : hc_control_inherit(control, volume->table.key_uuid);
}

static int open_volume(const char *name, bool is_open, struct volume *volume)
{
	char device[64];
	struct hc_dm_status status;
	int r = read_volume(volume);

	hc_dm_without_udev();
	if (r == 0)
		r = find_device(volume);
	if (r == 0 && !is_open)
		r = inherit_key(volume);
	if (r == 0 && !is_open)
		r = hc_dm_create(name, volume->luks_uuid, &volume->table, false);
	if (r == 0)
		r = hc_dm_status(name, &status);
	if (r < 0)
		return hc_context(r, "the volume %s", name);
	snprintf(device, sizeof(device), "/dev/dm-%u", minor(status.number));
	log_say("volume %s is open", name);
	return mount_device(device, volume->type, HC_CAPTURE_MOUNT);
}

static int open_part(struct target *target, const char *host, long long now)
{
	const struct hc_dump_place *place = &target->config->target;
	struct volume volume = { 0 };
	char folder[4096];
	int r = open_volume(place->volume, target->trial, &volume);

	if (r < 0)
		return r;
	snprintf(folder, sizeof(folder), "%s%s", HC_CAPTURE_MOUNT, place->path);
	return target_open_part(target, folder, host, now);
}

const struct target_kind target_volume = {
	.state = target_local_state,
	.open = open_part,
	.commit = target_commit_part,
	.discard = target_discard_part,
	.recover = target_recover_part,
};
