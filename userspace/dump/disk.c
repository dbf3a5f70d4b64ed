// SPDX-License-Identifier: GPL-2.0
#include "dump/disk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "dump/kexec.h"

int hc_disk_sysfs(const char *device, char ret_sysfs[PATH_MAX])
{
	char link[64];
	struct stat st;

	if (stat(device, &st) < 0 || !S_ISBLK(st.st_mode))
		return hc_fail(HC_E_DUMP_TARGET, "the device %s is not there", device);
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	if (!realpath(link, ret_sysfs))
		return hc_fail_errno(errno, "%s", link);
	return 0;
}

bool hc_disk_encrypted(const char *sysfs)
{
	char path[PATH_MAX], uuid[160];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof(path), "%.4000s/dm/uuid", sysfs);
	if (hc_read_line(path, uuid, sizeof(uuid)) &&
	    (strncmp(uuid, "HOSTCRYPT-", 10) == 0 || strncmp(uuid, "CRYPT-", 6) == 0))
		return true;
	snprintf(path, sizeof(path), "%.4000s/slaves", sysfs);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		char part[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(part, sizeof(part), "%.3800s/%.255s", path, entry->d_name);
		found = hc_disk_encrypted(part);
	}
	if (folder)
		closedir(folder);
	return found;
}
