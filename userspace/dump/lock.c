// SPDX-License-Identifier: GPL-2.0
#include "dump/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define LOCK_FILE "/run/hostcrypt/dump-lock"

/* In tenths of a second. */
#define MOMENT 5

int hc_dump_lock(void (*on_wait)(void), int *ret_lock)
{
	static const struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };
	HC_FD fd = -1;

	if (mkdir("/run/hostcrypt", 0700) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, "/run/hostcrypt");
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hc_fail_errno(errno, LOCK_FILE);
	for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return hc_fail_errno(errno, LOCK_FILE);
		if (tries == MOMENT)
			on_wait();
		nanosleep(&tenth, NULL);
	}
	*ret_lock = fd;
	fd = -1;
	return 0;
}
