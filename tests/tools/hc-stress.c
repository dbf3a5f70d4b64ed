// SPDX-License-Identifier: GPL-2.0
/*
 * Many jobs that read and write a block device at once, each in a part of its
 * own, and compare every byte that they read with what they last wrote there.
 *
 *	hc-stress DEVICE SECTORS JOBS SECONDS SEED
 *
 * Requests are of one block to 4 MiB, in buffers cut at odd places; most are
 * direct, those of every eighth job go through the page cache. No request may
 * fail, whatever happens to the device meanwhile. At the end each job reads all
 * that it has written.
 *
 * Prints what was done; 1 when something was wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/random.h"
#include "lib/record.h"

enum {
	SECTOR = 512,
	PAGE = 4096,
	LARGEST = 4 << 20,
	SEGMENTS = 8,

	/* What a sector holds: nothing known, zeroes, else the write's number. */
	UNKNOWN = 0,
	ZEROES = 1,
	FIRST_WRITE = 2,
};

/* Where the jobs count, in memory that they share. */
struct counts {
	uint64_t reads;
	uint64_t writes;
	uint64_t zeroed;
	uint64_t refused;
	uint64_t bytes;
};

struct job {
	unsigned int number;
	int fd;
	bool direct;
	size_t unit;
	off_t start;
	size_t bytes;
	uint64_t random;
	uint32_t write;		/* the number of the last one */
	uint32_t *holds;	/* per sector, see above */
	uint8_t *buffer;
	struct counts *counts;
};

/* A request, whose first byte is the job's byte @at. */
struct request {
	size_t at;
	size_t size;
	struct iovec segments[SEGMENTS];
	int count;
};

__attribute__((format(printf, 2, 3)))
static _Noreturn void wrong(const struct job *job, const char *format, ...)
{
	va_list args;
	char text[256];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("job %u: %s\n", job->number, text);
	fflush(stdout);
	_exit(1);
}

static size_t below(struct job *job, size_t limit)
{
	return random_next(&job->random) % limit;
}

static void expected(uint64_t out[SECTOR / 8], uint64_t sector, uint32_t holds)
{
	if (holds == ZEROES)
		memset(out, 0, SECTOR);
	else
		records_make(out, SECTOR, sector * SECTOR, holds);
}

/* Small ones mostly; a few are as large as they get. */
static size_t choose_size(struct job *job)
{
	size_t kind = below(job, 100);
	size_t most = kind < 60 ? 16384 : kind < 90 ? 131072 : kind < 97 ? 524288 : LARGEST;

	if (most > job->bytes)
		most = job->bytes;
	return (1 + below(job, most / job->unit)) * job->unit;
}

/* Cut the buffer into segments of whole blocks, none of which need follow on a page. */
static void cut(struct job *job, struct request *request)
{
	uint8_t *data = job->buffer + below(job, PAGE / job->unit) * job->unit;
	size_t rest = request->size, part;

	for (request->count = 0; rest; request->count++) {
		part = (1 + below(job, rest / job->unit)) * job->unit;
		if (request->count == SEGMENTS - 1)
			part = rest;
		request->segments[request->count] = (struct iovec){ data, part };
		data += part;
		rest -= part;
	}
}

static struct request choose_request(struct job *job)
{
	struct request request = { .size = choose_size(job) };

	request.at = below(job, (job->bytes - request.size) / job->unit + 1) * job->unit;
	cut(job, &request);
	return request;
}

static uint8_t *request_data(const struct request *request)
{
	return request->segments[0].iov_base;
}

static uint64_t request_sector(const struct job *job, const struct request *request)
{
	return ((size_t)job->start + request->at) / SECTOR;
}

/*
 * Read or write. What may not wait may be refused, in whole or in part, and is
 * then done again by one that may.
 */
static void transfer(struct job *job, const struct request *request, bool writes, int flags)
{
	off_t at = job->start + (off_t)request->at;
	ssize_t n = writes ? pwritev2(job->fd, request->segments, request->count, at, flags) :
			     preadv2(job->fd, request->segments, request->count, at, flags);

	if (n == (ssize_t)request->size)
		return;
	if ((flags & RWF_NOWAIT) && (n >= 0 || errno == EAGAIN)) {
		job->counts->refused++;
		transfer(job, request, writes, flags & ~RWF_NOWAIT);
		return;
	}
	wrong(job, "%s of %zu at sector %" PRIu64 ": %s", writes ? "write" : "read", request->size,
	      request_sector(job, request), n < 0 ? strerror(errno) : "short");
}

static void compare(const struct job *job, const struct request *request)
{
	const uint8_t *data = request_data(request);
	uint64_t sector = request_sector(job, request), want[SECTOR / 8], found[2];
	size_t i;

	for (i = 0; i < request->size / SECTOR; i++) {
		uint32_t holds = job->holds[request->at / SECTOR + i];

		if (holds == UNKNOWN)
			continue;
		expected(want, sector + i, holds);
		if (!memcmp(data + i * SECTOR, want, SECTOR))
			continue;
		memcpy(found, data + i * SECTOR + 8, sizeof(found));
		wrong(job, "sector %" PRIu64 " (%zu of a read of %zu) holds sector %" PRIx64
		      " of write %" PRIx64 " where write %" PRIu32 " was expected", sector + i, i,
		      request->size / SECTOR, found[0] / SECTOR, found[1], holds);
	}
}

static void note(struct job *job, const struct request *request, uint32_t holds)
{
	size_t i;

	for (i = 0; i < request->size / SECTOR; i++)
		job->holds[request->at / SECTOR + i] = holds;
	job->counts->bytes += request->size;
}

static void do_read(struct job *job)
{
	struct request request = choose_request(job);

	memset(request_data(&request), 0xa5, request.size);
	transfer(job, &request, false, job->direct && !below(job, 8) ? RWF_NOWAIT : 0);
	compare(job, &request);
	job->counts->reads++;
	job->counts->bytes += request.size;
}

static void do_write(struct job *job)
{
	struct request request = choose_request(job);
	size_t kind = below(job, 16);

	job->write++;
	records_make(request_data(&request), request.size,
		     request_sector(job, &request) * SECTOR, job->write);
	transfer(job, &request, true,
		 kind == 0 ? RWF_DSYNC : kind == 1 && job->direct ? RWF_NOWAIT : 0);
	note(job, &request, job->write);
	job->counts->writes++;
}

static void do_zero(struct job *job)
{
	struct request request = choose_request(job);
	uint64_t range[2] = { (uint64_t)job->start + request.at, request.size };

	if (ioctl(job->fd, BLKZEROOUT, range))
		wrong(job, "zeroes of %zu at sector %" PRIu64 ": %s", request.size,
		      request_sector(job, &request), strerror(errno));
	note(job, &request, ZEROES);
	job->counts->zeroed++;
}

static void do_flush(struct job *job)
{
	if (fdatasync(job->fd))
		wrong(job, "flush: %s", strerror(errno));
}

static bool known(const struct job *job, size_t at)
{
	return at < job->bytes && job->holds[at / SECTOR] != UNKNOWN;
}

/* All that the job has written. */
static void read_all(struct job *job)
{
	struct request request = { 0 };

	for (; request.at < job->bytes; request.at += request.size) {
		request.size = 0;
		while (request.size < LARGEST && known(job, request.at + request.size))
			request.size += job->unit;
		if (request.size) {
			cut(job, &request);
			transfer(job, &request, false, 0);
			compare(job, &request);
		} else {
			request.size = job->unit;
		}
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run(struct job *job, double end)
{
	size_t kind;

	while (now() < end) {
		kind = below(job, 100);
		if (kind < 48)
			do_read(job);
		else if (kind < 96)
			do_write(job);
		else if (kind < 98)
			do_zero(job);
		else
			do_flush(job);
	}
	do_flush(job);
	read_all(job);
}

static void *must_have(void *memory)
{
	if (!memory || memory == MAP_FAILED) {
		perror("hc-stress: memory");
		_exit(2);
	}
	return memory;
}

static void open_device(struct job *job, const char *device)
{
	int unit;

	job->direct = job->number % 8 != 7;
	job->fd = open(device, O_RDWR | O_CLOEXEC | (job->direct ? O_DIRECT : 0));
	if (job->fd < 0 || ioctl(job->fd, BLKSSZGET, &unit))
		wrong(job, "%s: %s", device, strerror(errno));
	job->unit = (size_t)unit;
}

/* The child's whole life. */
static _Noreturn void run_job(struct job job, const char *device, double end)
{
	open_device(&job, device);
	job.holds = must_have(calloc(job.bytes / SECTOR, sizeof(*job.holds)));
	job.buffer = must_have(aligned_alloc(PAGE, LARGEST + PAGE));
	job.write = FIRST_WRITE;
	run(&job, end);
	_exit(0);
}

static int start_jobs(const char *device, size_t bytes, unsigned int jobs, double end,
		      uint64_t seed, struct counts *counts)
{
	size_t part = bytes / jobs / PAGE * PAGE;
	unsigned int i;

	for (i = 0; i < jobs; i++) {
		struct job job = {
			.number = i,
			.start = (off_t)(i * part),
			.bytes = part,
			.random = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15),
			.counts = &counts[i],
		};
		pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (!pid)
			run_job(job, device, end);
	}
	return 0;
}

static bool all_well(void)
{
	bool well = true;
	int status;

	while (wait(&status) > 0)
		well = well && WIFEXITED(status) && !WEXITSTATUS(status);
	return well;
}

static void print_sum(const struct counts *counts, unsigned int jobs)
{
	struct counts sum = { 0 };
	unsigned int i;

	for (i = 0; i < jobs; i++) {
		sum.reads += counts[i].reads;
		sum.writes += counts[i].writes;
		sum.zeroed += counts[i].zeroed;
		sum.refused += counts[i].refused;
		sum.bytes += counts[i].bytes;
	}
	printf("%" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64 " of zeroes, %" PRIu64
	       " refused, %" PRIu64 " MiB\n", sum.reads, sum.writes, sum.zeroed, sum.refused,
	       sum.bytes >> 20);
}

int main(int argc, char **argv)
{
	unsigned int jobs;
	struct counts *counts;
	bool well;

	if (argc != 6 || !(jobs = (unsigned int)atoi(argv[3]))) {
		fprintf(stderr, "usage: hc-stress DEVICE SECTORS JOBS SECONDS SEED\n");
		return 2;
	}
	setlinebuf(stdout);
	counts = must_have(mmap(NULL, jobs * sizeof(*counts), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	if (start_jobs(argv[1], strtoull(argv[2], NULL, 0) * SECTOR, jobs,
		       now() + atof(argv[4]), strtoull(argv[5], NULL, 0), counts)) {
		perror("hc-stress: fork");
		return 2;
	}
	well = all_well();
	print_sum(counts, jobs);
	return well ? 0 : 1;
}
