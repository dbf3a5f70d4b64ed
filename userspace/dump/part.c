// SPDX-License-Identifier: GPL-2.0
#include "dump/part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

void hc_dump_part_name(const char *host, long long now, struct hc_dump_part *part)
{
	time_t seconds = (time_t)now;
	char stamp[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(part->name, sizeof(part->name), "%.64s-%s" HC_DUMP_SUFFIX, host, stamp);
	snprintf(part->part, sizeof(part->part), "%s" HC_DUMP_PART_SUFFIX, part->name);
}

int hc_dump_part_create(const char *directory, const char *host, long long now,
			struct hc_dump_part *ret_part)
{
	struct hc_dump_part part = { .directory = -1, .fd = -1 };

	hc_dump_part_name(host, now, &part);
	part.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (part.directory < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", directory, strerror(errno));
	part.fd = openat(part.directory, part.part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (part.fd < 0) {
		int error = errno;

		close(part.directory);
		return hc_fail(HC_E_DUMP_TARGET, "%s/%s: %s", directory, part.part,
			       strerror(error));
	}
	*ret_part = part;
	return 0;
}

int hc_dump_part_commit(struct hc_dump_part *part)
{
	int r = 0;

	if (fsync(part->fd) < 0 ||
	    renameat2(part->directory, part->part, part->directory, part->name,
		      RENAME_NOREPLACE) < 0)
		r = hc_fail(HC_E_DUMP_TARGET, "%s: %s", part->name, strerror(errno));
	else
		part->part[0] = '\0';
	if (r == 0 && fsync(part->directory) < 0)
		r = hc_fail(HC_E_DUMP_TARGET, "%s: %s", part->name, strerror(errno));
	hc_dump_part_discard(part);
	return r;
}

void hc_dump_part_discard(struct hc_dump_part *part)
{
	if (part->fd >= 0)
		close(part->fd);
	part->fd = -1;
	if (part->part[0])
		unlinkat(part->directory, part->part, 0);
	part->part[0] = '\0';
	if (part->directory >= 0)
		close(part->directory);
	part->directory = -1;
}

static time_t boot_time(void)
{
	struct timespec up;

	clock_gettime(CLOCK_BOOTTIME, &up);
	return time(NULL) - up.tv_sec;
}

bool hc_dump_name_ends(const char *name, const char *suffix)
{
	size_t length = strlen(name), n = strlen(suffix);

	return length > n && strcmp(name + length - n, suffix) == 0;
}

int hc_dump_part_sweep(const char *directory, void (*on_removed)(const char *name))
{
	time_t boot = boot_time();
	DIR *folder = opendir(directory);
	struct dirent *entry;
	struct stat st;
	int r = 0;

	if (!folder)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", directory, strerror(errno));
	while (r == 0 && (entry = readdir(folder))) {
		if (!hc_dump_name_ends(entry->d_name, HC_DUMP_SUFFIX HC_DUMP_PART_SUFFIX) ||
		    fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_mtime >= boot)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) < 0)
			r = hc_fail(HC_E_DUMP_TARGET, "%s/%s cannot be removed: %s", directory,
				    entry->d_name, strerror(errno));
		else
			on_removed(entry->d_name);
	}
	closedir(folder);
	return r;
}
