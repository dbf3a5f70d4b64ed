// SPDX-License-Identifier: GPL-2.0
#include "dump/target.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <blkid/blkid.h>

#include "base/error.h"
#include "dump/kexec.h"

struct mount {
	char root[PATH_MAX], point[PATH_MAX], type[32], source[PATH_MAX];
};

/* The kernel writes blanks and backslashes in octal. */
static void unescape(char *text)
{
	char *to = text;
	unsigned code;

	for (; *text; text++) {
		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/root rw" */
static bool parse(const char *line, struct mount *ret_mount)
{
	const char *rest = strstr(line, " - ");

	if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", ret_mount->root,
			    ret_mount->point) != 2 ||
	    sscanf(rest, " - %31s %4095s", ret_mount->type, ret_mount->source) != 2)
		return false;
	unescape(ret_mount->root);
	unescape(ret_mount->point);
	unescape(ret_mount->source);
	return true;
}

static bool below(const char *path, const char *point)
{
	size_t length = strlen(point);

	if (strcmp(point, "/") == 0)
		return true;
	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The mount that @path is on: the deepest, and of those at one place the last. */
static int find_mount(const char *path, struct mount *ret_mount)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	static struct mount mount;

	if (!file)
		return hc_fail_errno(errno, "/proc/self/mountinfo");
	while (getline(&line, &room, file) > 0)
		if (parse(line, &mount) && below(path, mount.point) &&
		    (!found || strlen(mount.point) >= strlen(ret_mount->point))) {
			*ret_mount = mount;
			found = true;
		}
	free(line);
	fclose(file);
	return found ? 0 : hc_fail(HC_E_DUMP_TARGET, "%s: on no file system", path);
}

/* Is the device in @sysfs, or one that it is made of, encrypted? */
static bool encrypted(const char *sysfs)
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
		found = encrypted(part);
	}
	if (folder)
		closedir(folder);
	return found;
}

static int check_mount(const char *directory, const struct mount *mount)
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
static int find_device(const char *directory, struct hc_dump_target *target)
{
	char link[64], *uuid;
	struct stat st;

	if (stat(target->device, &st) < 0 || !S_ISBLK(st.st_mode))
		return hc_fail(HC_E_DUMP_TARGET, "%s: the device %s is not there", directory,
			       target->device);
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	if (!realpath(link, target->sysfs))
		return hc_fail_errno(errno, "%s", link);
	if (encrypted(target->sysfs))
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s is on an encrypted device, whose key the capture kernel does "
			       "not have; dumps are encrypted by themselves, so name a folder on "
			       "a plain one",
			       directory);
	uuid = blkid_get_tag_value(NULL, "UUID", target->device);
	if (!uuid)
		return hc_fail(HC_E_DUMP_TARGET, "the file system on %s has no UUID",
			       target->device);
	snprintf(target->uuid, sizeof(target->uuid), "%s", uuid);
	free(uuid);
	return 0;
}

int hc_dump_target_find(const char *directory, struct hc_dump_target *ret_target)
{
	static struct mount mount;
	static char real[PATH_MAX];
	struct hc_dump_target *target = ret_target;
	struct statvfs space;
	struct stat st;
	const char *rest;
	int r;

	if (!realpath(directory, real) || stat(real, &st) < 0 || statvfs(real, &space) < 0)
		return hc_fail(HC_E_DUMP_TARGET, "the dump target %s: %s", directory,
			       strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return hc_fail(HC_E_DUMP_TARGET, "the dump target %s is no folder", directory);
	r = find_mount(real, &mount);
	if (r == 0)
		r = check_mount(directory, &mount);
	if (r < 0)
		return r;
	rest = strcmp(mount.point, "/") == 0 ? real : real + strlen(mount.point);
	snprintf(target->device, sizeof(target->device), "%s", mount.source);
	snprintf(target->type, sizeof(target->type), "%s", mount.type);
	if ((size_t)snprintf(target->path, sizeof(target->path), "%s%s",
			     strcmp(mount.root, "/") == 0 ? "" : mount.root,
			     rest) >= sizeof(target->path))
		return hc_fail(HC_E_DUMP_TARGET, "%s: the path is too long", directory);
	target->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	return find_device(directory, target);
}
