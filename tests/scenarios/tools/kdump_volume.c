// SPDX-License-Identifier: GPL-2.0
/* A volume of the dead kernel's in the one that saves the dump: its key taken over,
 * its device made, and the page read that hc-volumes has written. */
#include "kdump_volume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uapi/hostcrypt.h"

enum { PAGE = 4096, SECTORS = 128 };

/* As hc-volumes names its keys. */
static int inherit(unsigned int n)
{
	struct hostcrypt_inherit arg = {
		.abi = HOSTCRYPT_ABI,
		.uuid = { 0x7a, 0x1b, 0x1c, 0x1e, 0, 0, 0x40, 0, 0x80, 0 },
	};
	int fd = open(HOSTCRYPT_DEVICE, O_RDWR | O_CLOEXEC), error = 0;

	arg.uuid[15] = (uint8_t)n;
	if (fd < 0 || ioctl(fd, HOSTCRYPT_IOC_INHERIT, &arg))
		error = errno;
	close(fd);
	return error;
}

/* A request of device mapper with room for one target. */
struct request {
	struct dm_ioctl io;
	struct dm_target_spec target;
	char parameters[256];
};

static void start_request(struct request *request, unsigned int n)
{
	*request = (struct request){
		.io = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(*request),
			.data_start = offsetof(struct request, target),
		},
	};
	snprintf(request->io.name, sizeof(request->io.name), "v%u", n);
}

/* Its number, or -1. */
static int make_device(unsigned int n)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	struct request request;

	start_request(&request, n);
	if (fd < 0 || ioctl(fd, DM_DEV_CREATE, &request))
		return -1;
	start_request(&request, n);
	request.io.target_count = 1;
	request.target.length = SECTORS;
	strcpy(request.target.target_type, "hostcrypt");
	snprintf(request.parameters, sizeof(request.parameters),
		 "7a1b1c1e-0000-4000-8000-%012x 0 /dev/vda %u", n, n * SECTORS);
	if (ioctl(fd, DM_TABLE_LOAD, &request))
		return -1;
	start_request(&request, n);
	if (ioctl(fd, DM_DEV_SUSPEND, &request))
		return -1;
	close(fd);
	return (int)(request.io.dev & 0xff);
}

static const char *read_page(int device, unsigned int n)
{
	static uint8_t page[PAGE], want[PAGE];
	char path[64];
	ssize_t got;
	int fd;

	for (unsigned int i = 0; i < PAGE; i++)
		want[i] = (uint8_t)(i * 7 + n * 31 + (n >> 8));
	memcpy(want, &n, sizeof(n));
	snprintf(path, sizeof(path), "/dev/dm-%d", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = read(fd, page, PAGE);
	close(fd);
	if (got != PAGE)
		return strerror(errno);
	return memcmp(page, want, PAGE) ? "other bytes" : "as it was written";
}

void take_over(unsigned int n)
{
	int error = inherit(n), device;

	printf("key %u: %s\n", n, strerror(error));
	if (error)
		return;
	device = make_device(n);
	printf("volume %u: %s\n", n, device < 0 ? strerror(errno) : read_page(device, n));
}
