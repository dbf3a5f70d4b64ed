// SPDX-License-Identifier: GPL-2.0
#include "dump/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <blkid/blkid.h>

#include "base/error.h"
#include "dump/disk.h"
#include "dump/mount.h"

static int check_mount(const char *directory, const struct hc_mount *mount)
{
	if (strncmp(mount->source, "/dev/", 5) != 0)
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s is on %s (%s), which the capture kernel cannot mount; name a "
			       "folder on a disk of this host",
			       directory, mount->source, mount->type);
	if (strncmp(mount->type, "ext", 3) != 0 && strcmp(mount->type, "xfs") != 0)
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s is on a file system of type %s; the capture kernel writes to "
			       "ext4, ext3, ext2 and xfs",
			       directory, mount->type);
	return 0;
}

/* What can be said of the device that is mounted. */
static int find_device(const char *directory, struct hc_dump_folder *folder)
{
	char *uuid;
	int r = hc_disk_sysfs(folder->disk.device, folder->disk.sysfs);

	if (r < 0)
		return hc_context(r, "%s", directory);
	if (hc_disk_encrypted(folder->disk.sysfs))
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s is on an encrypted device, whose key the capture kernel does "
			       "not have; dumps are encrypted by themselves, so name a folder on "
			       "a plain one",
			       directory);
	r = hc_disk_check(folder->disk.sysfs);
	if (r < 0)
		return hc_context(r, "%s", directory);
	uuid = blkid_get_tag_value(NULL, "UUID", folder->disk.device);
	if (!uuid)
		return hc_fail(HC_E_DUMP_TARGET, "the file system on %s has no UUID",
			       folder->disk.device);
	snprintf(folder->disk.spec, sizeof(folder->disk.spec), "UUID=%s", uuid);
	free(uuid);
	return 0;
}

int hc_dump_folder_find(const char *directory, struct hc_dump_folder *ret_folder)
{
	static struct hc_mount mount;
	static char real[PATH_MAX];
	struct statvfs space;
	struct stat st;
	const char *rest;
	int r;

	if (!realpath(directory, real) || stat(real, &st) < 0 || statvfs(real, &space) < 0)
		return hc_fail(HC_E_DUMP_TARGET, "the folder %s: %s", directory,
			       strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return hc_fail(HC_E_DUMP_TARGET, "%s is no folder", directory);
	r = hc_mount_find(real, &mount);
	if (r == 0)
		r = check_mount(directory, &mount);
	if (r < 0)
		return r;
	rest = strcmp(mount.point, "/") == 0 ? real : real + strlen(mount.point);
	snprintf(ret_folder->disk.device, sizeof(ret_folder->disk.device), "%s", mount.source);
	snprintf(ret_folder->disk.type, sizeof(ret_folder->disk.type), "%s", mount.type);
	if ((size_t)snprintf(ret_folder->path, sizeof(ret_folder->path), "%s%s",
			     strcmp(mount.root, "/") == 0 ? "" : mount.root,
			     rest) >= sizeof(ret_folder->path))
		return hc_fail(HC_E_DUMP_TARGET, "%s: the path is too long", directory);
	ret_folder->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	return find_device(directory, ret_folder);
}
