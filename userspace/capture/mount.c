// SPDX-License-Identifier: GPL-2.0
#include "capture/mount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <blkid/blkid.h>

#include "base/error.h"
#include "dump/environment.h"

/* "UUID=... ext4 /run/target" */
struct line {
	char spec[128], type[32], point[64];
};

static int find_line(const char *point, struct line *ret_line)
{
	static const char path[] = HC_CAPTURE_FOLDER "/" HC_CAPTURE_DISKS;
	FILE *file = fopen(path, "re");
	bool found = false;

	if (!file)
		return hc_fail_errno(errno, "%s", path);
	while (!found && fscanf(file, "%127s %31s %63s", ret_line->spec, ret_line->type,
				ret_line->point) == 3)
		found = strcmp(ret_line->point, point) == 0;
	fclose(file);
	return found ? 0 : hc_fail(HC_E_DUMP_TARGET, "%s names no disk for %s", path, point);
}

int mount_device(const char *device, const char *type, const char *point)
{
	if (mkdir(point, 0700) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, "%s", point);
	if (mount(device, point, type, MS_NOATIME | MS_NODEV | MS_NOEXEC | MS_NOSUID, NULL) < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s cannot be mounted as %s: %s", device, type,
			       strerror(errno));
	return 0;
}

int mount_at(const char *point)
{
	struct line line;
	char *device;
	int r = find_line(point, &line);

	if (r < 0)
		return r;
	device = blkid_evaluate_spec(line.spec, NULL);
	if (!device)
		r = hc_fail(HC_E_DUMP_TARGET, "the disk of the dump target (%s) is not there",
			    line.spec);
	else
		r = mount_device(device, line.type, point);
	free(device);
	return r;
}

void mount_end(void)
{
	sync();
	umount2(HC_CAPTURE_MOUNT, 0);
	umount2(HC_CAPTURE_STATE_MOUNT, 0);
}
