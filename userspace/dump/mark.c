// SPDX-License-Identifier: GPL-2.0
#include "dump/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/format.h"
#include "volume/device.h"

#define BLOCK 4096
#define TITLE "hostcrypt dump device 1 "
#define UUID_LENGTH 36
/* Below that there is no room for anything behind a dump's header. */
#define SMALLEST (1024 * 1024)

/* Is there a dump at the start? Its header is checked by whoever reads it. */
static bool is_occupied(int fd)
{
	char magic[HC_DUMP_MAGIC_SIZE];

	return hc_pread_all(fd, magic, sizeof(magic), 0) == 0 &&
	       memcmp(magic, HC_DUMP_MAGIC, sizeof(magic)) == 0;
}

static void set_place(struct hc_dump_mark *mark, const char *device)
{
	/* A logical volume's name, or one of /dev/disk, is a link; a state's must not be. */
	if (!realpath(device, mark->state.path))
		snprintf(mark->state.path, sizeof(mark->state.path), "%s", device);
	snprintf(mark->state.title, sizeof(mark->state.title), TITLE "%s", mark->id);
	mark->state.offset = mark->room;
}

int hc_dump_mark_read(const char *device, struct hc_dump_mark *ret_mark)
{
	HC_FD fd = open(device, O_RDONLY | O_CLOEXEC);
	struct hc_dump_mark mark = { 0 };
	char line[sizeof(TITLE) + UUID_LENGTH + 1] = "";
	uint64_t bytes;

	if (fd < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", device, strerror(errno));
	if (hc_fd_bytes(fd, &bytes) < 0 || bytes < SMALLEST)
		return hc_fail(HC_E_DUMP_TARGET, "%s has no room for a dump", device);
	mark.room = bytes / BLOCK * BLOCK - BLOCK;
	if (hc_pread_all(fd, line, sizeof(line) - 1, mark.room) < 0 ||
	    strncmp(line, TITLE, strlen(TITLE)) != 0 || line[sizeof(line) - 2] != '\n')
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s is not given to dumps; \"hostcrypt dump format %s\" does "
			       "that, and what is on it is lost",
			       device, device);
	snprintf(mark.id, sizeof(mark.id), "%.*s", UUID_LENGTH, line + strlen(TITLE));
	mark.occupied = is_occupied(fd);
	set_place(&mark, device);
	*ret_mark = mark;
	return 0;
}

static int check_empty(const char *device)
{
	char found[HC_DEVICE_FOUND];
	HC_FD fd = open(device, O_RDONLY | O_CLOEXEC);
	int r = hc_device_signature(device, found);

	if (r < 0)
		return r;
	if (fd >= 0 && is_occupied(fd))
		return hc_fail(HC_E_DEVICE_NOT_EMPTY,
			       "%s holds a dump; \"hostcrypt dump fetch\" takes it away, --force "
			       "gives it up",
			       device);
	if (found[0])
		return hc_fail(HC_E_DEVICE_NOT_EMPTY,
			       "%s holds %s; with --force it is given to dumps nevertheless, and "
			       "what is on it is lost",
			       device, found);
	return 0;
}

static int make_id(char ret_id[40])
{
	HC_FD fd = open("/proc/sys/kernel/random/uuid", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || hc_read_all(fd, ret_id, UUID_LENGTH) < 0)
		return hc_fail(HC_E_SYSTEM, "the kernel makes no UUID");
	ret_id[UUID_LENGTH] = '\0';
	return 0;
}

/* One that is ours keeps its UUID, by which a capture kernel that is loaded knows it. */
static int make_or_keep_id(const char *device, char ret_id[40])
{
	static struct hc_dump_mark old;

	if (hc_dump_mark_read(device, &old) < 0)
		return make_id(ret_id);
	snprintf(ret_id, sizeof(old.id), "%s", old.id);
	return 0;
}

int hc_dump_mark_make(const char *device, bool force)
{
	static const struct hc_dump_state_file fresh;
	struct hc_dump_mark mark = { 0 };
	struct hc_device look;
	int r = hc_device_look(device, &look);

	if (r == 0 && look.readonly)
		r = hc_fail(HC_E_DEVICE_UNFIT, "%s can only be read", device);
	if (r == 0 && look.bytes < SMALLEST)
		r = hc_fail(HC_E_DEVICE_SMALL, "%s has no room for a dump", device);
	if (r == 0)
		r = hc_device_check_unused(device, true);
	if (r == 0 && !force)
		r = check_empty(device);
	if (r == 0)
		r = make_or_keep_id(device, mark.id);
	if (r == 0)
		r = hc_device_wipe(device, HC_DUMP_AREA + BLOCK);
	if (r < 0)
		return r;
	mark.room = look.bytes / BLOCK * BLOCK - BLOCK;
	set_place(&mark, device);
	return hc_dump_state_write(&mark.state, &fresh);
}

int hc_dump_mark_clear(int fd)
{
	/* With a frame's first word behind it: nothing of the old dump can follow the next
	 * one's header. */
	static const uint8_t zeros[HC_DUMP_AREA + BLOCK];
	int r = hc_pwrite_all(fd, zeros, sizeof(zeros), 0);

	return r == 0 && fsync(fd) < 0 ? -errno : r;
}
