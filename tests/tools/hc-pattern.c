// SPDX-License-Identifier: GPL-2.0
/*
 * Fill a block device with a pattern and compare it, in requests of many sizes,
 * direct and through the page cache, in one process: starting programs is what
 * takes time in an emulated guest.
 *
 *	hc-pattern write DEVICE SECTORS SEED
 *	hc-pattern check DEVICE SECTORS SEED	1 and the place where it differs
 *	hc-pattern absent DEVICE SECTORS SEED	1 when the pattern is found anywhere
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECTOR 512

/* Sizes of requests, in turn; all multiples of any logical block size. */
static const size_t sizes[] = { 4096, 65536, 8192, 1048576, 12288, 131072, 262144, 16384, 528384 };

static _Noreturn void die(const char *what)
{
	printf("hc-pattern: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* What belongs at @sector: a stream that no other sector or seed has. */
static void pattern(uint8_t out[SECTOR], uint64_t sector, uint64_t seed)
{
	uint64_t x = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
		     sector * UINT64_C(0xd1342543de82ef95);
	size_t i;

	for (i = 0; i < SECTOR; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		x += i;
		memcpy(out + i, &x, sizeof(x));
	}
}

static uint8_t *pattern_alloc(size_t bytes, uint64_t seed)
{
	uint8_t *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
	size_t at;

	if (!p)
		die("memory");
	for (at = 0; at < bytes; at += SECTOR)
		pattern(p + at, at / SECTOR, seed);
	return p;
}

/* The size of the next request, cut at the end. */
static size_t next_size(size_t at, size_t bytes, unsigned int *turn)
{
	size_t size = sizes[(*turn)++ % (sizeof(sizes) / sizeof(sizes[0]))];

	return size < bytes - at ? size : bytes - at;
}

static void do_write(const char *device, uint8_t *want, size_t bytes)
{
	int direct = open(device, O_WRONLY | O_DIRECT), cached = open(device, O_WRONLY);
	unsigned int turn = 0;
	size_t at, size;

	if (direct < 0 || cached < 0)
		die(device);
	/* The direct half first: the cache must not hold what goes past it. */
	for (at = 0; at < bytes / 2 / 4096 * 4096; at += size) {
		size = next_size(at, bytes / 2 / 4096 * 4096, &turn);
		if (pwrite(direct, want + at, size, (off_t)at) != (ssize_t)size)
			die("direct write");
	}
	for (; at < bytes; at += size) {
		size = next_size(at, bytes, &turn);
		if (pwrite(cached, want + at, size, (off_t)at) != (ssize_t)size)
			die("write");
	}
	if (fsync(cached) || close(direct) || close(cached))
		die("fsync");
}

static void compare(const uint8_t *got, const uint8_t *want, size_t size, size_t at)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (got[i] != want[i])
			break;
	if (i == size)
		return;
	printf("differs at byte %zu\n", at + i);
	exit(1);
}

static void read_all(const char *device, int flags, unsigned int turn, const uint8_t *want,
		     size_t bytes)
{
	int fd = open(device, O_RDONLY | flags);
	uint8_t *got = aligned_alloc(4096, 1048576);
	size_t at, size;

	if (fd < 0 || !got)
		die(device);
	if (ioctl(fd, BLKFLSBUF) < 0)
		die("BLKFLSBUF");
	for (at = 0; at < bytes; at += size) {
		size = next_size(at, bytes, &turn);
		if (pread(fd, got, size, (off_t)at) != (ssize_t)size)
			die("read");
		compare(got, want + at, size, at);
	}
	free(got);
	close(fd);
}

static void do_check(const char *device, const uint8_t *want, size_t bytes)
{
	read_all(device, 0, 0, want, bytes);
	read_all(device, O_DIRECT, 3, want, bytes / 4096 * 4096);
}

static void do_absent(const char *device, const uint8_t *want, size_t bytes)
{
	int fd = open(device, O_RDONLY);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	uint8_t *disk = end < 0 ? NULL : malloc((size_t)end);
	size_t part, got = 0;
	ssize_t n;

	if (!disk || ioctl(fd, BLKFLSBUF) < 0)
		die(device);
	while (got < (size_t)end) {
		n = pread(fd, disk + got, (size_t)end - got, (off_t)got);
		if (n <= 0)
			die("read");
		got += (size_t)n;
	}
	for (part = 0; part < 4; part++) {
		const uint8_t *probe = want + bytes / 4 * part / 16 * 16;

		if (!memmem(disk, got, probe, 16))
			continue;
		printf("plaintext is on the disk\n");
		exit(1);
	}
	free(disk);
	close(fd);
}

int main(int argc, char **argv)
{
	uint8_t *want;
	size_t bytes;

	if (argc != 5) {
		printf("usage: hc-pattern write|check|absent DEVICE SECTORS SEED\n");
		return 2;
	}
	bytes = strtoull(argv[3], NULL, 0) * SECTOR;
	want = pattern_alloc(bytes, strtoull(argv[4], NULL, 0));
	if (!strcmp(argv[1], "write"))
		do_write(argv[2], want, bytes);
	else if (!strcmp(argv[1], "check"))
		do_check(argv[2], want, bytes);
	else if (!strcmp(argv[1], "absent"))
		do_absent(argv[2], want, bytes);
	else
		return 2;
	free(want);
	return 0;
}
