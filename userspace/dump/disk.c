// SPDX-License-Identifier: GPL-2.0
#include "dump/disk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

/* The disk that the partition @sysfs is of; false for anything else. */
static bool find_whole(const char *sysfs, char ret_whole[PATH_MAX])
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%.4000s/partition", sysfs);
	if (access(path, F_OK) < 0)
		return false;
	snprintf(ret_whole, PATH_MAX, "%s", sysfs);
	slash = strrchr(ret_whole, '/');
	*slash = '\0';
	return true;
}

/* @look at the device @sysfs and at everything below it, until it says other than 0,
 * which is returned. */
static int walk(const char *sysfs, int (*look)(const char *sysfs))
{
	char path[PATH_MAX], part[PATH_MAX], real[PATH_MAX];
	struct dirent *entry;
	DIR *folder;
	int r = look(sysfs);

	if (r == 0 && find_whole(sysfs, path))
		return walk(path, look);
	snprintf(path, sizeof(path), "%.4000s/slaves", sysfs);
	folder = opendir(path);
	while (folder && r == 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(part, sizeof(part), "%.3800s/%.255s", path, entry->d_name);
		if (realpath(part, real))
			r = walk(real, look);
	}
	if (folder)
		closedir(folder);
	return r;
}

/* The device-mapper's UUID of @sysfs, which begins with who made it; "" for others. */
static void read_uuid(const char *sysfs, char *ret_uuid, int size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/dm/uuid", sysfs);
	if (!hc_read_line(path, ret_uuid, size))
		ret_uuid[0] = '\0';
}

static int is_encrypted(const char *sysfs)
{
	char uuid[160];

	read_uuid(sysfs, uuid, sizeof(uuid));
	return strncmp(uuid, "HOSTCRYPT-", 10) == 0 || strncmp(uuid, "CRYPT-", 6) == 0;
}

bool hc_disk_encrypted(const char *sysfs)
{
	return walk(sysfs, is_encrypted) != 0;
}

/* The RAM disk has the program @package, which puts @name together. */
static int check_hook(const char *name, const char *hook, const char *package)
{
	char path[128];

	snprintf(path, sizeof(path), "/usr/share/initramfs-tools/hooks/%s", hook);
	if (access(path, X_OK) == 0)
		return 0;
	return hc_fail(HC_E_DUMP_TARGET,
		       "it is on %s, and the RAM disk would have nothing to put that together with "
		       "(%s is not there); install %s, or name a plain disk",
		       name, path, package);
}

static int check_mapped(const char *name, const char *uuid)
{
	if (strncmp(uuid, "LVM-", 4) == 0)
		return check_hook(name, "lvm2", "lvm2");
	if (strstr(uuid, "mpath-"))
		return check_hook(name, "multipath", "multipath-tools-boot");
	return hc_fail(HC_E_DUMP_TARGET,
		       "it is on the device-mapper's device %s, which nothing puts together in the "
		       "capture kernel; name a plain disk or a logical volume",
		       name);
}

/* What of @sysfs, by itself, keeps the capture kernel from finding it. */
static int check_one(const char *sysfs)
{
	static const struct {
		const char *begin, *what;
	} names[] = {
		{ "loop", "a loop device" },	     { "ram", "in memory" },
		{ "zram", "in memory" },	     { "nbd", "a network block device" },
		{ "rbd", "a network block device" }, { "drbd", "a DRBD device" },
		{ "bcache", "a bcache device" },
	};
	const char *name = strrchr(sysfs, '/') + 1;
	char path[PATH_MAX], uuid[160];

	snprintf(path, sizeof(path), "%.4000s/dm", sysfs);
	read_uuid(sysfs, uuid, sizeof(uuid));
	if (access(path, F_OK) == 0)
		return check_mapped(name, uuid);
	snprintf(path, sizeof(path), "%.4000s/md", sysfs);
	if (access(path, F_OK) == 0)
		return check_hook(name, "mdadm", "mdadm");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i].begin);

		if (strncmp(name, names[i].begin, length) == 0 && name[length] >= '0' &&
		    name[length] <= '9')
			return hc_fail(HC_E_DUMP_TARGET,
				       "%s is %s, which is not there in the capture kernel; name a "
				       "disk of this host",
				       name, names[i].what);
	}
	if (strstr(sysfs, "/session") || strstr(sysfs, "/nvme-fabrics/"))
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s is reached through the network, which is not up in the capture "
			       "kernel; name a disk of this host",
			       name);
	return 0;
}

int hc_disk_check(const char *sysfs)
{
	return walk(sysfs, check_one);
}
