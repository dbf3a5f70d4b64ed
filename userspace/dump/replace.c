// SPDX-License-Identifier: GPL-2.0
#include "dump/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/header.h"

static int old_path(const char *path, char ret_old[PATH_MAX])
{
	if (snprintf(ret_old, PATH_MAX, "%s" HC_DUMP_OLD_SUFFIX, path) >= PATH_MAX)
		return hc_fail(HC_E_USAGE, "the name of the dump is too long");
	return 0;
}

/* What was done to names in the folder of @path is on the disk. */
static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	HC_FD folder = -1;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) < 0)
		return hc_fail_errno(errno, "cannot bring the folder of %s to the disk", path);
	return 0;
}

/* It gets its name when all of it is on the disk: a part of it is never taken for it. */
static int keep_old(const char *path, const char *beside, const uint8_t *old)
{
	HC_FD fd = -1;
	char part[PATH_MAX];
	int r;

	if (snprintf(part, sizeof(part), "%s.part", beside) >= PATH_MAX)
		return hc_fail(HC_E_USAGE, "the name of the dump is too long");
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot make %s", part);
	r = hc_write_all(fd, old, HC_DUMP_AREA);
	if (r == 0 && (fsync(fd) < 0 || rename(part, beside) < 0))
		r = -errno;
	if (r < 0) {
		unlink(part);
		return hc_fail_errno(-r, "cannot keep the old header in %s", beside);
	}
	return sync_folder(path);
}

int hc_dump_replace(int fd, const char *path, const uint8_t old[HC_DUMP_AREA],
		    const uint8_t area[HC_DUMP_AREA])
{
	char beside[PATH_MAX];
	int r = old_path(path, beside);

	if (r == 0)
		r = keep_old(path, beside, old);
	if (r < 0)
		return r;
	r = hc_pwrite_all(fd, area, HC_DUMP_AREA, 0);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return hc_fail_errno(-r, "cannot write %s; its old header is in %s, try again", path,
				     beside);
	return hc_dump_replace_done(path);
}

bool hc_dump_replaced(const char *path, const uint8_t area[HC_DUMP_AREA],
		      uint8_t ret_old[HC_DUMP_AREA])
{
	struct hc_dump_header *header = malloc(sizeof(*header));
	char beside[PATH_MAX];
	HC_FD fd = -1;
	bool same = false;

	if (header && old_path(path, beside) == 0)
		fd = open(beside, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && hc_read_all(fd, ret_old, HC_DUMP_AREA) == 0 &&
	    hc_dump_header_parse(ret_old, header) == 0)
		/* Up to the end of "info" a header never changes, torn or not. */
		same = memcmp(area, ret_old, header->info_at + header->info_size) == 0;
	free(header);
	return same;
}

int hc_dump_replace_done(const char *path)
{
	char beside[PATH_MAX];
	int r = old_path(path, beside);

	if (r < 0)
		return r;
	if (unlink(beside) < 0 && errno != ENOENT)
		return hc_fail_errno(errno, "cannot remove %s", beside);
	return sync_folder(path);
}
