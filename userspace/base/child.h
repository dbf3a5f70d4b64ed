/* SPDX-License-Identifier: GPL-2.0 */
/* Other programs, by their full path; standard input is /dev/null. */
#ifndef HC_BASE_CHILD_H
#define HC_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Start @argv with standard output and error on @out and @err. @more is added to
 * an environment that holds nothing but PATH; NULL for nothing.
 */
int hc_child_start(const char *const *argv, const char *const *more, int out, int err,
		   pid_t *ret_pid);

/* The same with its standard input on @in. */
int hc_child_feed(const char *const *argv, const char *const *more, int in, int out, int err,
		  pid_t *ret_pid);

/*
 * Wait until @pid ends, for @seconds at most: false where it did not, and is killed.
 * hc_child_wait() follows in either case.
 */
bool hc_child_ends_within(pid_t pid, unsigned seconds);

/* Wait for @pid, which is called @name: 0, or HC_E_SYSTEM with how it ended. */
int hc_child_wait(pid_t pid, const char *name);

/*
 * Run @argv to its end. What it prints, on either channel, is in @ret_output, cut
 * to @size with its NUL; a failure's sentence ends with the last line of it.
 */
int hc_child_run(const char *const *argv, const char *const *more, char *ret_output,
		 size_t size);

#endif
