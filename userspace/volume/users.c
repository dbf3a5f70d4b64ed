// SPDX-License-Identifier: GPL-2.0
/* Who uses a block device: asked of /proc and sysfs, for messages. */
#include "volume/device.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct list {
	char *text;
	size_t size;
};

static void add(struct list *list, const char *what, const char *who)
{
	size_t used = strlen(list->text);

	snprintf(list->text + used, list->size - used, "%s%s %s", used ? "; " : "", what, who);
}

static void add_mounts(struct list *list, dev_t number)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4096], where[1024];
	unsigned ma, mi;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d %*d %u:%u %*s %1023s", &ma, &mi, where) == 3 &&
		    makedev(ma, mi) == number)
			add(list, "mounted on", where);
	if (file)
		fclose(file);
}

static void add_swap(struct list *list, dev_t number)
{
	FILE *file = fopen("/proc/swaps", "re");
	char line[4096], path[1024];
	struct stat st;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%1023s", path) == 1 && path[0] == '/' && stat(path, &st) == 0 &&
		    S_ISBLK(st.st_mode) && st.st_rdev == number)
			add(list, "swap space", path);
	if (file)
		fclose(file);
}

/* "253:0" in <folder>/dev. */
static dev_t read_number(int folder, const char *entry)
{
	unsigned ma = 0, mi = 0;
	char path[300];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/dev", entry);
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!file) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	if (fscanf(file, "%u:%u", &ma, &mi) != 2)
		ma = mi = 0;
	fclose(file);
	return makedev(ma, mi);
}

static void add_holders(struct list *list, dev_t number)
{
	char path[128];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(number), minor(number));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL) {
		dev_t holder;

		if (entry->d_name[0] == '.')
			continue;
		holder = read_number(dirfd(dir), entry->d_name);
		hc_device_path(holder, path, sizeof(path));
		add(list, "used by", path);
	}
	if (dir)
		closedir(dir);
}

static bool has_open(const char *pid, dev_t number)
{
	char path[64], target[8];
	bool found = false;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));

		/* Nothing outside of /dev is looked at: it may lie on a dead server. */
		if (n < 5 || memcmp(target, "/dev/", 5) != 0)
			continue;
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISBLK(st.st_mode) &&
			st.st_rdev == number;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void add_processes(struct list *list, dev_t number)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		char path[300], name[64] = "?", who[128];
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid() ||
		    !has_open(entry->d_name, number))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file) {
			if (fgets(name, sizeof(name), file))
				name[strcspn(name, "\n")] = '\0';
			fclose(file);
		}
		snprintf(who, sizeof(who), "%s (process %.20s)", name, entry->d_name);
		add(list, "open in", who);
	}
	if (dir)
		closedir(dir);
}

static void add_device(struct list *list, dev_t number, bool with_processes)
{
	add_mounts(list, number);
	add_swap(list, number);
	add_holders(list, number);
	if (with_processes)
		add_processes(list, number);
}

void hc_device_users(dev_t number, bool with_processes, char *ret_users, size_t size)
{
	struct list list = { ret_users, size };
	char path[128];
	struct dirent *entry;
	DIR *dir;

	ret_users[0] = '\0';
	add_device(&list, number, with_processes);
	/* Partitions are folders below their disk, with a number in "dev". */
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(number), minor(number));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL) {
		char partition[300];

		snprintf(partition, sizeof(partition), "%s/partition", entry->d_name);
		if (entry->d_name[0] != '.' && faccessat(dirfd(dir), partition, F_OK, 0) == 0)
			add_device(&list, read_number(dirfd(dir), entry->d_name), with_processes);
	}
	if (dir)
		closedir(dir);
}
