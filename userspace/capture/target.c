// SPDX-License-Identifier: GPL-2.0
#include "capture/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/environment.h"

int target_mount(const char *device, const char *type)
{
	if (!*device)
		return hc_fail(HC_E_DUMP_TARGET, "the device of the dump target is not there");
	if (mkdir(HC_CAPTURE_MOUNT, 0700) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, HC_CAPTURE_MOUNT);
	if (mount(device, HC_CAPTURE_MOUNT, type, MS_NOATIME | MS_NODEV | MS_NOEXEC | MS_NOSUID,
		  NULL) < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s cannot be mounted as %s: %s", device, type,
			       strerror(errno));
	return 0;
}

void target_unmount(void)
{
	sync();
	umount2(HC_CAPTURE_MOUNT, 0);
}

int target_setting(const char *name, char *ret_value, int size)
{
	char path[256];
	FILE *file;
	char *got;

	snprintf(path, sizeof(path), HC_CAPTURE_FOLDER "/%s", name);
	file = fopen(path, "re");
	if (!file)
		return hc_fail_errno(errno, "%s", path);
	got = fgets(ret_value, size, file);
	fclose(file);
	if (!got)
		return hc_fail(HC_E_SYSTEM, "%s is empty", path);
	ret_value[strcspn(ret_value, "\n")] = '\0';
	return 0;
}
