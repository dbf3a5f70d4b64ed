// SPDX-License-Identifier: GPL-2.0
/*
 * Load a table into an existing device again and again, each time with another
 * allocation of the kernel failing, until one load gets by with fewer than
 * that. For kernels with fault injection.
 *
 *	hc-reload NAME LENGTH TARGET PARAMETERS
 *
 * Prints how many allocations a load takes and how many of those loads failed.
 */
#include <fcntl.h>
#include <libdevmapper.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 2000

static void quiet(int level, const char *file, int line, int code, const char *format, ...)
{
	(void)level;
	(void)file;
	(void)line;
	(void)code;
	(void)format;
}

static int fail_nth_open(void)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror("fail-nth");
		exit(2);
	}
	return fd;
}

/* Have the @n-th allocation from here on fail; 0 ends it. */
static void arm(int fd, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fd, text, (size_t)length, 0) != length) {
		perror("fail-nth");
		exit(2);
	}
}

/* Whether the one that was to fail has been reached. */
static bool reached(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0) {
		perror("fail-nth");
		exit(2);
	}
	return atoi(text) == 0;
}

static bool simple(int type, const char *name)
{
	struct dm_task *task = dm_task_create(type);
	bool ok = task && dm_task_set_name(task, name) && dm_task_run(task);

	if (task)
		dm_task_destroy(task);
	return ok;
}

/* One load; @all is set when the kernel needed fewer than @n allocations. */
static bool load(int fd, char **argv, unsigned int n, bool *all)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_RELOAD);
	bool ok;

	if (!task || !dm_task_set_name(task, argv[1]) ||
	    !dm_task_add_target(task, 0, strtoull(argv[2], NULL, 0), argv[3], argv[4]))
		exit(2);
	arm(fd, n);
	ok = dm_task_run(task);
	*all = !reached(fd);
	arm(fd, 0);
	dm_task_destroy(task);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int n, failed = 0;
	bool all = false, ok = false;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "usage: hc-reload NAME LENGTH TARGET PARAMETERS\n");
		return 2;
	}
	dm_log_with_errno_init(quiet);
	fd = fail_nth_open();
	for (n = 1; n <= MOST && !all; n++) {
		ok = load(fd, argv, n, &all);
		failed += !ok;
		if (!simple(DM_DEVICE_CLEAR, argv[1])) {
			printf("the table of allocation %u cannot be cleared\n", n);
			return 1;
		}
	}
	printf("%u allocations, %u loads failed\n", n - 2, failed);
	return all && ok ? 0 : 1;
}
