// SPDX-License-Identifier: GPL-2.0
/*
 * Direct I/O that may not wait (RWF_NOWAIT), by several jobs at once, each in a
 * part of the device of its own. A request is done, or refused with EAGAIN and
 * then done again with waiting; what was refused must have changed nothing.
 * Every byte read is compared with what was written.
 *
 *	hc-nowait DEVICE SECTORS JOBS REQUESTS SEED [BYTES [drop]]
 *
 * Requests are of one block to 1 MiB, or all of BYTES. With "drop" the kernel is
 * told before each to give back the memory that it keeps for later. Prints "DONE
 * done REFUSED refused"; 1 when a byte is wrong or a request fails otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/random.h"

enum { SECTOR = 512, PAGE = 4096, LARGEST = 1 << 20 };

/* In memory that the jobs share. */
struct counts {
	uint64_t done;
	uint64_t refused;
};

struct job {
	int fd;
	off_t start;
	size_t bytes;		/* of this job's part */
	size_t unit;
	size_t size;		/* of each request, or 0 */
	bool drop;
	uint64_t random;
	uint8_t *now;		/* what the device holds in this part */
	uint8_t *buffer;
	struct counts *counts;
};

static _Noreturn void die(const char *what)
{
	printf("hc-nowait: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t draw(struct job *job)
{
	return random_next(&job->random);
}

static void draw_bytes(struct job *job, uint8_t *to, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += sizeof(uint64_t)) {
		uint64_t x = draw(job);

		memcpy(to + i, &x, sizeof(x));
	}
}

static size_t draw_size(struct job *job)
{
	size_t most = job->bytes < LARGEST ? job->bytes : LARGEST;

	if (job->size)
		return job->size;
	/* Every order of magnitude as often as any other. */
	most >>= draw(job) % 12;
	return most < job->unit ? job->unit : (1 + draw(job) % (most / job->unit)) * job->unit;
}

/* True when done, false when refused. */
static bool transfer(struct job *job, bool write, size_t at, size_t size, int flags)
{
	struct iovec iov = { .iov_base = job->buffer, .iov_len = size };
	off_t offset = job->start + (off_t)at;
	ssize_t n = write ? pwritev2(job->fd, &iov, 1, offset, flags) :
			    preadv2(job->fd, &iov, 1, offset, flags);

	if (n < 0 && errno == EAGAIN && flags)
		return false;
	if (n < 0)
		die(write ? "write" : "read");
	if ((size_t)n != size) {
		printf("hc-nowait: %zd of %zu bytes at %jd\n", n, size, (intmax_t)offset);
		exit(1);
	}
	return true;
}

static void compare(struct job *job, size_t at, size_t size, const char *when)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (job->buffer[i] != job->now[at + i]) {
			printf("hc-nowait: byte %jd is wrong %s\n",
			       (intmax_t)(job->start + (off_t)(at + i)), when);
			exit(1);
		}
}

static void count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void read_one(struct job *job, size_t at, size_t size)
{
	memset(job->buffer, 0x5a, size);
	if (transfer(job, false, at, size, RWF_NOWAIT)) {
		count(&job->counts->done);
	} else {
		count(&job->counts->refused);
		transfer(job, false, at, size, 0);
	}
	compare(job, at, size, "in a read");
}

static void write_one(struct job *job, size_t at, size_t size)
{
	draw_bytes(job, job->buffer, size);
	if (transfer(job, true, at, size, RWF_NOWAIT)) {
		count(&job->counts->done);
		memcpy(job->now + at, job->buffer, size);
		return;
	}
	count(&job->counts->refused);
	transfer(job, false, at, size, 0);
	compare(job, at, size, "after a refused write");
	draw_bytes(job, job->buffer, size);
	transfer(job, true, at, size, 0);
	memcpy(job->now + at, job->buffer, size);
}

/* Page cache, and all that has a shrinker. */
static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "3", 1) != 1)
		die("drop_caches");
	close(fd);
}

static void run(struct job *job, unsigned int requests)
{
	unsigned int i;
	size_t at;

	for (at = 0; at < job->bytes; at += LARGEST) {
		size_t part = job->bytes - at < LARGEST ? job->bytes - at : LARGEST;

		draw_bytes(job, job->buffer, part);
		memcpy(job->now + at, job->buffer, part);
		transfer(job, true, at, part, 0);
	}
	for (i = 0; i < requests; i++) {
		size_t size = draw_size(job);
		size_t place = draw(job) % ((job->bytes - size) / job->unit + 1) * job->unit;

		if (job->drop)
			drop_caches();
		if (draw(job) & 1)
			write_one(job, place, size);
		else
			read_one(job, place, size);
	}
	for (at = 0; at < job->bytes; at += LARGEST) {
		size_t part = job->bytes - at < LARGEST ? job->bytes - at : LARGEST;

		transfer(job, false, at, part, 0);
		compare(job, at, part, "at the end");
	}
}

static void *map(size_t bytes, int kind)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("memory");
	return p;
}

int main(int argc, char **argv)
{
	unsigned int jobs, requests, n, failed = 0;
	struct job job = { 0 };
	uint64_t bytes, seed;
	int unit, status;

	if (argc < 6 || argc > 8) {
		fprintf(stderr,
			"usage: hc-nowait DEVICE SECTORS JOBS REQUESTS SEED [BYTES [drop]]\n");
		return 2;
	}
	bytes = strtoull(argv[2], NULL, 0) * SECTOR;
	jobs = (unsigned int)strtoul(argv[3], NULL, 0);
	requests = (unsigned int)strtoul(argv[4], NULL, 0);
	seed = strtoull(argv[5], NULL, 0);
	job.size = argc > 6 ? strtoul(argv[6], NULL, 0) : 0;
	job.drop = argc > 7;
	job.fd = open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (job.fd < 0 || ioctl(job.fd, BLKSSZGET, &unit))
		die(argv[1]);
	job.unit = (size_t)unit;
	job.bytes = bytes / jobs / PAGE * PAGE;
	job.counts = map(PAGE, MAP_SHARED);

	for (n = 0; n < jobs; n++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		job.start = (off_t)(n * job.bytes);
		job.random = (seed * jobs + n + 1) * UINT64_C(0x9e3779b97f4a7c15);
		job.now = map(job.bytes, MAP_PRIVATE);
		job.buffer = map(LARGEST, MAP_PRIVATE);
		run(&job, requests);
		return 0;
	}
	while (wait(&status) > 0)
		failed += status != 0;
	printf("%" PRIu64 " done %" PRIu64 " refused\n", job.counts->done, job.counts->refused);
	return failed ? 1 : 0;
}
