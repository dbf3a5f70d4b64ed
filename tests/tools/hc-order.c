// SPDX-License-Identifier: GPL-2.0
/*
 * Write, and note in the log of dm-log-writes what has been acknowledged.
 *
 *	hc-order TARGET LOG ROUNDS SEED
 *
 * TARGET is a block device on top of LOG's, or a file on a file system there,
 * which is made. Several writers, each in a part of TARGET, write in ways that
 * promise it is on the disk: fsync and fdatasync, direct and buffered, and
 * O_DSYNC (which becomes FUA). When the promise is given, a mark goes into the
 * log: "ack:AT:BYTES:SEQUENCE", several with commas, AT in bytes of the block
 * device. hc-replay checks them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mark.h"
#include "lib/random.h"
#include "lib/record.h"

#define AREA (1024 * 1024)
#define WRITE_MAX (64 * 1024)
#define BATCH 4
#define EXTENTS 64

enum way { FDATASYNC, DSYNC, BUFFERED, WAYS };

#define WRITERS (2 * WAYS)

/* A file's bytes on the device: one piece. */
struct extent {
	uint64_t logical;
	uint64_t physical;
	uint64_t length;
};

struct writer {
	const char *log;
	enum way way;
	int fd;
	uint64_t start;
	unsigned int block;
	uint64_t random;
	uint64_t sequence;
	uint8_t *data;
	char acks[MARK_MAX];
};

static struct extent extents[EXTENTS];
static unsigned int n_extents;

static _Noreturn void die(const char *what)
{
	printf("hc-order: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t draw(struct writer *w, uint64_t below)
{
	return (random_next(&w->random) >> 16) % below;
}

/* Where a byte of TARGET is on the device, and how many follow it there. */
static uint64_t locate(uint64_t at, uint64_t *room)
{
	unsigned int i;

	for (i = 0; i < n_extents; i++) {
		const struct extent *e = &extents[i];

		if (at >= e->logical && at - e->logical < e->length) {
			*room = e->length - (at - e->logical);
			return e->physical + (at - e->logical);
		}
	}
	errno = ENXIO;
	die("a file's extents");
}

/* A new file, its blocks given but not written: where they are stays so. */
static void make_file(const char *path)
{
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
	} u = { .map = { .fm_length = ~UINT64_C(0),
			 .fm_flags = FIEMAP_FLAG_SYNC,
			 .fm_extent_count = EXTENTS } };
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || fallocate(fd, 0, 0, (off_t)WRITERS * AREA) || fsync(fd) ||
	    ioctl(fd, FS_IOC_FIEMAP, &u.map))
		die(path);
	for (n_extents = 0; n_extents < u.map.fm_mapped_extents; n_extents++) {
		const struct fiemap_extent *e = &u.map.fm_extents[n_extents];

		extents[n_extents] =
			(struct extent){ e->fe_logical, e->fe_physical, e->fe_length };
	}
	close(fd);
}

static void find_device(const char *path)
{
	uint64_t size;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		die(path);
	if (size < (uint64_t)WRITERS * AREA) {
		printf("hc-order: %s is too small\n", path);
		exit(2);
	}
	extents[0] = (struct extent){ 0, 0, size };
	n_extents = 1;
	close(fd);
}

/* Write to a place in the writer's area; note what is to be acknowledged. */
static void write_some(struct writer *w)
{
	uint64_t blocks = AREA / w->block, most = WRITE_MAX / w->block, room;
	uint64_t at = w->start + draw(w, blocks) * w->block;
	uint64_t bytes = (1 + draw(w, draw(w, 2) ? most : 2)) * w->block;
	uint64_t physical = locate(at, &room);
	size_t length = strlen(w->acks);

	if (bytes > room)
		bytes = room;
	if (bytes > w->start + AREA - at)
		bytes = w->start + AREA - at;
	records_make(w->data, bytes, physical, ++w->sequence);
	if (pwrite(w->fd, w->data, bytes, (off_t)at) != (ssize_t)bytes)
		die("write");
	snprintf(w->acks + length, sizeof(w->acks) - length, "%s%" PRIu64 ":%" PRIu64 ":%" PRIu64,
		 length ? "," : "ack:", physical, bytes, w->sequence);
}

static void write_round(struct writer *w)
{
	uint64_t n = w->way == DSYNC ? 1 : 1 + draw(w, BATCH);

	w->acks[0] = '\0';
	while (n--)
		write_some(w);
	if (w->way == FDATASYNC && fdatasync(w->fd))
		die("fdatasync");
	if (w->way == BUFFERED && fsync(w->fd))
		die("fsync");
	mark(w->log, "%s", w->acks);
}

/* First everything once, so that from then on each write only overwrites. */
static void write_first(struct writer *w)
{
	uint64_t at, bytes, room;

	w->sequence++;
	for (at = w->start; at < w->start + AREA; at += bytes) {
		uint64_t physical = locate(at, &room);

		bytes = room < WRITE_MAX ? room : WRITE_MAX;
		if (bytes > w->start + AREA - at)
			bytes = w->start + AREA - at;
		records_make(w->data, bytes, physical, w->sequence);
		if (pwrite(w->fd, w->data, bytes, (off_t)at) != (ssize_t)bytes)
			die("first write");
	}
	if (fsync(w->fd))
		die("first fsync");
}

static _Noreturn void run_writer(const char *target, const char *log, unsigned int rounds,
				 uint64_t seed, unsigned int number, unsigned int block)
{
	static const int flags[WAYS] = { [FDATASYNC] = O_DIRECT, [DSYNC] = O_DIRECT | O_DSYNC };
	struct writer w = {
		.log = log,
		.way = number % WAYS,
		.start = (uint64_t)number * AREA,
		.random = (seed * WRITERS + number + 1) * UINT64_C(0x9e3779b97f4a7c15),
		.data = aligned_alloc(4096, WRITE_MAX),
	};

	/* Through the page cache only whole pages, or it would read the rest. */
	w.block = w.way == BUFFERED ? 4096 : block;
	w.fd = open(target, O_RDWR | flags[w.way]);
	if (w.fd < 0 || !w.data)
		die(target);
	write_first(&w);
	while (rounds--)
		write_round(&w);
	close(w.fd);
	free(w.data);
	exit(0);
}

/* The smallest that can be written directly. */
static unsigned int block_of(const char *target, bool device)
{
	int fd = open(target, O_RDONLY), block = 4096;

	if (fd < 0 || (device && ioctl(fd, BLKSSZGET, &block)))
		die(target);
	close(fd);
	return (unsigned int)block;
}

int main(int argc, char **argv)
{
	unsigned int i, block, rounds;
	int status, bad = 0;
	struct stat st;
	bool device;

	if (argc != 5) {
		printf("usage: hc-order TARGET LOG ROUNDS SEED\n");
		return 2;
	}
	device = !stat(argv[1], &st) && S_ISBLK(st.st_mode);
	if (device)
		find_device(argv[1]);
	else
		make_file(argv[1]);
	block = block_of(argv[1], device);
	rounds = (unsigned int)strtoul(argv[3], NULL, 0);
	fflush(stdout);
	for (i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			run_writer(argv[1], argv[2], rounds, strtoull(argv[4], NULL, 0), i, block);
	}
	while (wait(&status) > 0)
		bad |= status;
	return bad ? 1 : 0;
}
