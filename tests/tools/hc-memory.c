// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of processes, to be swapped out, or not to be:
 *
 *	hc-memory use MIB JOBS ROUNDS	each of JOBS processes fills its share of
 *					MIB, and goes through it ROUNDS times in
 *					an order of its own, comparing and
 *					changing every page
 *	hc-memory take LEFT FILE	lock memory until no more than LEFT MiB
 *					can be had, and hold it while FILE exists
 *
 * Prints what was done; 1 and the place where a page was not as it should be.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	WORDS = PAGE / sizeof(uint64_t),
	MIB = 1 << 20,
};

static _Noreturn void die(const char *what)
{
	printf("hc-memory: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(2);
}

static uint8_t *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

/* use ------------------------------------------------------------------------*/

static uint64_t next(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *x;
}

static uint64_t seed(unsigned int job, size_t page, unsigned int round)
{
	return ((uint64_t)job << 56 | (uint64_t)round << 40 | page) * UINT64_C(0x9e3779b97f4a7c15);
}

static void fill(uint64_t *page, uint64_t x)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		page[i] = next(&x);
}

static bool is_filled(const uint64_t *page, uint64_t x)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		if (page[i] != next(&x))
			return false;
	return true;
}

/* All have filled their share before any looks at its own: it is all in use at once. */
static pthread_barrier_t *barrier;

static void make_barrier(unsigned int jobs)
{
	pthread_barrierattr_t shared;

	barrier = mmap(NULL, sizeof(*barrier), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (barrier == MAP_FAILED || pthread_barrierattr_init(&shared) ||
	    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED) ||
	    pthread_barrier_init(barrier, &shared, jobs))
		die("barrier");
}

static _Noreturn void use_share(unsigned int job, size_t pages, unsigned int rounds)
{
	uint64_t *memory = (uint64_t *)(void *)map(pages * PAGE);
	unsigned int round;
	size_t i, page;

	for (page = 0; page < pages; page++)
		fill(memory + page * WORDS, seed(job, page, 0));
	pthread_barrier_wait(barrier);
	for (round = 1; round <= rounds; round++) {
		/* Odd and prime steps: every page once, or, backwards, in order. */
		for (i = 0; i < pages; i++) {
			page = round % 2 ? i * 7919 % pages : pages - 1 - i;
			if (!is_filled(memory + page * WORDS, seed(job, page, round - 1))) {
				printf("job %u, round %u: page %zu of %zu is not as it was\n", job,
				       round, page, pages);
				fflush(stdout);
				_exit(1);
			}
			fill(memory + page * WORDS, seed(job, page, round));
		}
	}
	_exit(0);
}

static int do_use(size_t mib, unsigned int jobs, unsigned int rounds)
{
	size_t pages = mib * MIB / PAGE / jobs;
	unsigned int job;
	int status, bad = 0;

	/* 7919 is prime: unless it divides the number, each page has its turn. */
	pages -= pages % 7919 == 0;
	make_barrier(jobs);
	for (job = 0; job < jobs; job++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			use_share(job, pages, rounds);
	}
	while (wait(&status) > 0)
		bad |= status;
	if (!bad)
		printf("%zu pages by %u jobs, %u times\n", pages * jobs, jobs, rounds);
	return bad ? 1 : 0;
}

/* take -----------------------------------------------------------------------*/

static size_t mib_available(void)
{
	char line[128];
	size_t kib = 0;
	FILE *file = fopen("/proc/meminfo", "r");

	if (!file)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %zu kB", &kib) == 1)
			break;
	fclose(file);
	return kib / 1024;
}

static int do_take(size_t left, const char *file)
{
	size_t taken = 0;

	while (mib_available() > left) {
		if (mlock(map(MIB), MIB))
			die("mlock");
		taken++;
	}
	printf("%zu MiB taken, %zu left\n", taken, mib_available());
	fflush(stdout);
	while (!access(file, F_OK))
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "use"))
		return do_use(strtoull(argv[2], NULL, 0), (unsigned int)atoi(argv[3]),
			      (unsigned int)atoi(argv[4]));
	if (argc == 4 && !strcmp(argv[1], "take"))
		return do_take(strtoull(argv[2], NULL, 0), argv[3]);
	fprintf(stderr, "usage: hc-memory use MIB JOBS ROUNDS | take LEFT FILE\n");
	return 2;
}
