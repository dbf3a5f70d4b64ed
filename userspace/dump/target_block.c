// SPDX-License-Identifier: GPL-2.0
/* block:DEVICE, in the running system. */
#include "dump/target_kinds.h"

#include <stdio.h>

#include "base/error.h"
#include "dump/environment.h"
#include "dump/mark.h"
#include "dump/overlay.h"
#include "volume/device.h"

static int find(const struct hc_dump_config *config, struct hc_dump_target *target)
{
	static struct hc_dump_mark mark;
	const char *device = config->target.path;
	struct hc_dump_disk *disk = &target->disks[target->n_disks++];
	int r = hc_disk_sysfs(device, disk->sysfs);

	if (r == 0)
		r = hc_dump_mark_read(device, &mark);
	/* Nobody else may have it: a dump would go over what he writes. */
	if (r == 0)
		r = hc_device_check_unused(device, false);
	if (r < 0)
		return r;
	if (hc_disk_encrypted(disk->sysfs))
		return hc_fail(HC_E_DUMP_TARGET,
			       "it is encrypted, and the capture kernel does not have its key; "
			       "dumps are encrypted by themselves, so name a plain device");
	r = hc_disk_check(disk->sysfs);
	if (r < 0)
		return r;
	snprintf(disk->device, sizeof(disk->device), "%s", device);
	if ((size_t)snprintf(disk->spec, sizeof(disk->spec), "%s", device) >= sizeof(disk->spec))
		return hc_fail(HC_E_DUMP_TARGET, "the path is too long");
	snprintf(target->place, sizeof(target->place), "%s", config->target.text);
	target->free_bytes = mark.room;
	if (mark.occupied)
		snprintf(target->note, sizeof(target->note),
			 "the device holds a dump, and no other is taken until that is fetched "
			 "(\"hostcrypt dump fetch\")");
	return 0;
}

static void state(const struct hc_dump_config *config, struct hc_dump_state_place *place)
{
	static struct hc_dump_mark mark;

	if (hc_dump_mark_read(config->target.path, &mark) == 0)
		*place = mark.state;
}

/* By which the capture kernel knows the device. */
static int put(const struct hc_dump_config *config, const struct hc_dump_target *target,
	       struct hc_cpio *cpio)
{
	static struct hc_dump_mark mark;
	int r = hc_dump_mark_read(config->target.path, &mark);

	(void)target;
	return r == 0 ? hc_dump_overlay_line(cpio, HC_CAPTURE_MARK, mark.id) : r;
}

const struct hc_dump_target_kind hc_dump_target_block = {
	.find = find,
	.state = state,
	.put = put,
};
