// SPDX-License-Identifier: GPL-2.0
#include "capture/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "capture/log.h"
#include "capture/progress.h"
#include "capture/watchdog.h"

/* For what was killed to be gone, for cleaning up (another host may be asked), and for
 * a restart that ends everything in good order. */
#define END_SECONDS 10
#define CLEAN_SECONDS 60
#define RESTART_SECONDS 30

/* Of the processes that the kernel may kill for their memory. */
#define NEVER "-1000"
#define FIRST "1000"

static void write_word(const char *path, const char *word)
{
	HC_FD fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || hc_write_all(fd, word, strlen(word)) < 0)
		log_say("%s: %s", path, strerror(errno));
}

static void take_score(const char *score)
{
	write_word("/proc/self/oom_score_adj", score);
}

/* Its own programs come with it when it is killed. */
static pid_t begin(int (*work)(void))
{
	pid_t pid = fork();

	if (pid != 0) {
		/* Both do it: neither knows which of them comes first. */
		if (pid > 0)
			setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	take_score(FIRST);
	_exit(work() < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static bool ends_within(pid_t pid, unsigned seconds, int *ret_status)
{
	static const struct timespec breath = { .tv_nsec = 100 * 1000 * 1000 };

	for (unsigned i = 0; i < seconds * 10; i++) {
		watchdog_feed();
		if (waitpid(pid, ret_status, WNOHANG) != 0)
			return true;
		nanosleep(&breath, NULL);
	}
	return false;
}

/* False where it gets on no more. The seconds are those in which the guard itself ran. */
static bool watch(pid_t pid, int *ret_status)
{
	uint64_t seen = progress_steps();

	for (unsigned idle = 0; idle < progress_limit();) {
		if (ends_within(pid, 1, ret_status))
			return true;
		idle = progress_steps() == seen ? idle + 1 : 0;
		seen = progress_steps();
	}
	return false;
}

/* With what it started. False where the kernel does not let go of it. */
static bool end(pid_t pid)
{
	int status;

	kill(-pid, SIGKILL);
	return ends_within(pid, END_SECONDS, &status);
}

/* The sentence on an end that @status tells of; "" for one that was told. */
static void tell_end(int status, char *ret_why, size_t size)
{
	ret_why[0] = '\0';
	if (WIFSIGNALED(status))
		snprintf(ret_why, size, "hostcrypt-capture was ended by signal %d%s",
			 WTERMSIG(status), WTERMSIG(status) == SIGKILL ? " (out of memory?)" : "");
	else if (WEXITSTATUS(status) > EXIT_FAILURE)
		snprintf(ret_why, size, "hostcrypt-capture ended with exit status %d",
			 WEXITSTATUS(status));
}

/* What was begun, seen from the process that cleans up. */
static void (*to_clean)(const char *why);
static char reason[256];

static int clean_up(void)
{
	to_clean(reason);
	return 0;
}

static void clean_within(unsigned seconds)
{
	pid_t pid = begin(clean_up);
	int status;

	if (pid < 0)
		log_say("nothing can be cleaned up: %s", strerror(errno));
	else if (!ends_within(pid, seconds, &status) && !end(pid))
		log_say("what was begun cannot be cleaned up");
}

void guard_run(int (*work)(void), void (*clean)(const char *why))
{
	unsigned seconds = CLEAN_SECONDS;
	int status = 0;
	pid_t pid;

	/* Where memory cannot be locked there is no swap either that it could go to. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	take_score(NEVER);
	watchdog_begin();
	to_clean = clean;
	pid = begin(work);
	if (pid < 0) {
		snprintf(reason, sizeof(reason), "hostcrypt-capture cannot be started: %s",
			 strerror(errno));
	} else if (watch(pid, &status)) {
		tell_end(status, reason, sizeof(reason));
		/* Programs that outlived it. */
		kill(-pid, SIGKILL);
	} else {
		bool gone = end(pid);

		snprintf(reason, sizeof(reason), "%s made no progress for %u s%s",
			 progress_awaited(), progress_limit(),
			 gone ? "" : ", and the kernel does not let go of it");
		/* What it hangs in will not do better for us. */
		seconds = gone ? CLEAN_SECONDS : END_SECONDS;
	}
	if (!reason[0])
		return;
	log_say("%s", reason);
	clean_within(seconds);
}

static int restart(void)
{
	return reboot(RB_AUTOBOOT);
}

void guard_restart(void)
{
	pid_t pid;
	int status;

	log_say("starting the machine again");
	pid = begin(restart);
	/* A driver that is asked to put its device down can hang as well. */
	if (pid > 0)
		ends_within(pid, RESTART_SECONDS, &status);
	write_word("/proc/sysrq-trigger", "b");
}
