// SPDX-License-Identifier: GPL-2.0
/* volume:NAME[/FOLDER], in the running system. The volume's key goes nowhere: the
 * capture kernel takes it over from the memory of the dead one. */
#include "dump/target_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <blkid/blkid.h>

#include "base/error.h"
#include "dump/environment.h"
#include "dump/local_state.h"
#include "dump/mount.h"
#include "dump/overlay.h"
#include "volume/device.h"
#include "volume/dm.h"

/* The device that the volume is on. */
static int find_device(const struct hc_dm_status *status, struct hc_dump_disk *disk)
{
	char *uuid;
	int r;

	hc_device_path(status->table.device, disk->device, sizeof(disk->device));
	r = hc_disk_sysfs(disk->device, disk->sysfs);
	if (r < 0)
		return r;
	if (hc_disk_encrypted(disk->sysfs))
		return hc_fail(HC_E_DUMP_TARGET,
			       "the volume is on %s, which is encrypted itself; name one on a plain "
			       "device",
			       disk->device);
	r = hc_disk_check(disk->sysfs);
	if (r < 0)
		return hc_context(r, "the volume's device");
	/* One with its header elsewhere has only its name. */
	uuid = blkid_get_tag_value(NULL, "UUID", disk->device);
	snprintf(disk->spec, sizeof(disk->spec), "%s%.100s", uuid ? "UUID=" : "",
		 uuid ? uuid : disk->device);
	free(uuid);
	return 0;
}

/* The folder, where the volume is mounted now. */
static int find_folder(const struct hc_dump_place *place, struct hc_dump_target *target)
{
	static struct hc_mount mount;
	static char device[PATH_MAX];
	char *folder = target->folder;
	struct statvfs space;
	struct stat st;
	int r;

	snprintf(device, sizeof(device), "/dev/mapper/%s", place->volume);
	r = hc_mount_of(device, &mount);
	if (r < 0)
		return r;
	if (strncmp(mount.type, "ext", 3) != 0 && strcmp(mount.type, "xfs") != 0)
		return hc_fail(HC_E_DUMP_TARGET,
			       "it holds a file system of type %s; the capture kernel writes to "
			       "ext4, ext3, ext2 and xfs",
			       mount.type);
	snprintf(folder, sizeof(target->folder), "%s%s", mount.point, place->path);
	if (stat(folder, &st) < 0 || statvfs(folder, &space) < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", folder, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return hc_fail(HC_E_DUMP_TARGET, "%s is no folder", folder);
	snprintf(target->type, sizeof(target->type), "%s", mount.type);
	target->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	return 0;
}

static int find(const struct hc_dump_config *config, struct hc_dump_target *target)
{
	struct hc_dm_status status;
	int r = hc_dm_status(config->target.volume, &status);

	if (r == 0)
		r = find_folder(&config->target, target);
	if (r == 0)
		r = find_device(&status, &target->disks[target->n_disks++]);
	if (r == 0)
		r = hc_dump_local_state_find(config, target);
	if (r == 0)
		snprintf(target->place, sizeof(target->place), "%s", config->target.text);
	return r;
}

static int put(const struct hc_dump_config *config, const struct hc_dump_target *target,
	       struct hc_cpio *cpio)
{
	struct hc_dm_status status;
	char params[256], line[480];
	int r = hc_dm_status(config->target.volume, &status);

	if (r == 0)
		r = hc_dm_format(&status.table, params, sizeof(params));
	if (r < 0)
		return r;
	snprintf(line, sizeof(line), "%s %s %s %llu %s", target->disks[0].spec, status.luks_uuid,
		 target->type, (unsigned long long)status.table.length, params);
	return hc_dump_overlay_line(cpio, HC_CAPTURE_VOLUME, line);
}

const struct hc_dump_target_kind hc_dump_target_volume = {
	.find = find,
	.state = hc_dump_local_state,
	.put = put,
};
