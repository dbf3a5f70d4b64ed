// SPDX-License-Identifier: GPL-2.0
#include "volume/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "volume/signature.h"

#define WIPE_CHUNK (1 << 20)

/* How often, with a pause between, somebody gets a chance to let go. */
#define TRIES 10

static const struct timespec breath = { .tv_nsec = 100 * 1000 * 1000 };

/* First line of a sysfs attribute of a device, of the whole disk for a
 * partition; "" where it is not there. */
static void attribute(dev_t number, const char *name, char *ret_value, size_t size)
{
	static const char *const places[] = { "", "../" };

	ret_value[0] = '\0';
	for (size_t i = 0; i < 2 && !ret_value[0]; i++) {
		char path[128];
		FILE *file;

		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s%s", major(number),
			 minor(number), places[i], name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(ret_value, (int)size, file))
			ret_value[strcspn(ret_value, "\n")] = '\0';
		fclose(file);
	}
}

static int check_kind(const char *path, dev_t number)
{
	char value[64];

	attribute(number, "queue/zoned", value, sizeof(value));
	if (value[0] && strcmp(value, "none") != 0)
		return hc_fail(HC_E_DEVICE_UNFIT,
			       "%s is a zoned device (%s); use a device that can "
			       "be written anywhere",
			       path, value);
	attribute(number, "integrity/format", value, sizeof(value));
	if (value[0] && strcmp(value, "none") != 0 && strcmp(value, "nop") != 0)
		return hc_fail(HC_E_DEVICE_UNFIT,
			       "%s carries integrity metadata (%s), which does not "
			       "go with encryption; format it without",
			       path, value);
	return 0;
}

int hc_device_look(const char *path, struct hc_device *ret_device)
{
	struct hc_device device = { 0 };
	HC_FD fd = -1;
	struct stat st;
	int ro = 0, block_size = 0;
	int r;

	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? hc_fail(HC_E_DEVICE_MISSING, "there is no device %s", path)
			       : hc_fail_errno(errno, "cannot look at %s", path);
	if (!S_ISBLK(st.st_mode))
		return hc_fail(HC_E_DEVICE_UNFIT,
			       "%s is no block device; for a file, make one with "
			       "\"losetup --find --show %s\"",
			       path, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return hc_fail(HC_E_PERMISSION, "not allowed to open %s; run as root", path);
	if (fd < 0 && (errno == ENXIO || errno == ENODEV || errno == ENOMEDIUM))
		return hc_fail(HC_E_DEVICE_MISSING, "the device %s is not there (%s)", path,
			       strerror(errno));
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", path);
	r = hc_fd_bytes(fd, &device.bytes);
	if (r < 0 || ioctl(fd, BLKSSZGET, &block_size) < 0 || ioctl(fd, BLKROGET, &ro) < 0)
		return hc_fail_errno(r < 0 ? -r : errno, "cannot get the size of %s", path);
	device.number = st.st_rdev;
	device.block_size = (unsigned)block_size;
	device.readonly = ro;
	r = check_kind(path, st.st_rdev);
	if (r < 0)
		return r;
	*ret_device = device;
	return 0;
}

/* 0, or 1 when the kernel says that somebody holds it. */
static int is_held(const char *path)
{
	HC_FD fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd >= 0)
		return 0;
	if (errno == EBUSY)
		return 1;
	return hc_fail_errno(errno, "cannot open %s", path);
}

int hc_device_check_unused(const char *path, bool strict)
{
	char users[HC_DEVICE_USERS] = "";
	struct stat st;
	int held = 0;

	if (stat(path, &st) < 0)
		return hc_fail(HC_E_DEVICE_MISSING, "there is no device %s", path);
	/* udev looks at a device for a moment after it appeared or was written:
	 * only a mount, a swap or a holder is believed at once. */
	for (int i = 0; i < TRIES; i++) {
		if (i > 0)
			nanosleep(&breath, NULL);
		held = is_held(path);
		if (held < 0)
			return held;
		hc_device_users(st.st_rdev, false, users, sizeof(users));
		if (users[0])
			break;
		if (strict)
			hc_device_users(st.st_rdev, true, users, sizeof(users));
		if (!held && !users[0])
			return 0;
	}
	return hc_fail(HC_E_DEVICE_BUSY, "%s is in use%s%s; free it first", path,
		       users[0] ? ": " : " by the kernel or another program", users);
}

void hc_device_path(dev_t number, char *ret_path, size_t size)
{
	char name[128], link[64], target[256];
	ssize_t n;

	attribute(number, "dm/name", name, sizeof(name));
	if (name[0]) {
		snprintf(ret_path, size, "/dev/mapper/%s", name);
		return;
	}
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(number), minor(number));
	n = readlink(link, target, sizeof(target) - 1);
	if (n > 0) {
		const char *slash;

		target[n] = '\0';
		slash = strrchr(target, '/');
		snprintf(ret_path, size, "/dev/%s", slash ? slash + 1 : target);
		/* sysfs writes "cciss!c0d0" for /dev/cciss/c0d0. */
		for (char *c = ret_path; *c; c++)
			if (*c == '!')
				*c = '/';
		return;
	}
	snprintf(ret_path, size, "%u:%u", major(number), minor(number));
}

int hc_device_signature(const char *path, char ret_found[HC_DEVICE_FOUND])
{
	HC_FD fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", path);
	return hc_signature_find(fd, path, ret_found, HC_DEVICE_FOUND);
}

/* Zeros to the first @front bytes. */
static int zero_front(int fd, uint64_t front)
{
	uint8_t *zeros = calloc(1, WIPE_CHUNK);
	uint64_t at = 0;
	int r = 0;

	if (!zeros)
		return -ENOMEM;
	while (r == 0 && at < front) {
		uint64_t chunk = front - at < WIPE_CHUNK ? front - at : WIPE_CHUNK;

		r = hc_pwrite_all(fd, zeros, chunk, at);
		at += chunk;
	}
	free(zeros);
	return r;
}

/* Fails on partitions and on devices that have none: nothing to forget. udev
 * may have one open for a moment. */
static void forget_partitions(int fd)
{
	for (int i = 0; i < TRIES; i++) {
		if (ioctl(fd, BLKRRPART) == 0 || errno != EBUSY)
			return;
		nanosleep(&breath, NULL);
	}
}

int hc_device_wipe(const char *path, uint64_t front)
{
	HC_FD fd = -1;
	struct stat st;
	uint64_t bytes;
	int r;

	fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		return hc_fail(HC_E_DEVICE_BUSY, "%s is in use; free it first", path);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot write to %s", path);
	r = hc_signature_wipe(fd, path);
	if (r < 0)
		return r;
	r = hc_fd_bytes(fd, &bytes);
	if (r == 0)
		r = zero_front(fd, front < bytes ? front : bytes);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return hc_fail_errno(-r, "cannot write to %s", path);
	if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode))
		forget_partitions(fd);
	return 0;
}
