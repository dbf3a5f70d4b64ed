// SPDX-License-Identifier: GPL-2.0
/* Other programs: how they end, and that they do. */
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/child.h"
#include "base/error.h"

static pid_t start(const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	pid_t pid = -1;

	EXPECT(hc_child_start(argv, NULL, 1, 2, &pid) == 0);
	return pid;
}

static void ends_in_time(void)
{
	pid_t pid = start("exit 0");

	EXPECT(hc_child_ends_within(pid, 60));
	EXPECT(hc_child_wait(pid, "it") == 0);
	pid = start("exit 3");
	EXPECT(hc_child_ends_within(pid, 60));
	EXPECT(hc_child_wait(pid, "it") == HC_E_SYSTEM);
	EXPECT(strcmp(hc_error_message(), "it ended with exit status 3") == 0);
	pid = start("kill -9 $$");
	EXPECT(hc_child_ends_within(pid, 60));
	EXPECT(hc_child_wait(pid, "it") == HC_E_SYSTEM && strstr(hc_error_message(), "signal 9"));
}

static void is_killed_when_late(void)
{
	pid_t pid = start("trap '' TERM HUP; exec sleep 60");
	struct timespec began, ended;

	clock_gettime(CLOCK_MONOTONIC, &began);
	EXPECT(!hc_child_ends_within(pid, 1));
	EXPECT(hc_child_wait(pid, "it") == HC_E_SYSTEM && strstr(hc_error_message(), "signal 9"));
	clock_gettime(CLOCK_MONOTONIC, &ended);
	EXPECT(ended.tv_sec - began.tv_sec >= 1 && ended.tv_sec - began.tv_sec < 30);
	EXPECT(kill(pid, 0) < 0);
}

static void is_waited_for(void)
{
	pid_t pid = start("sleep 1");

	EXPECT(hc_child_ends_within(pid, 60));
	EXPECT(hc_child_wait(pid, "it") == 0);
}

int main(void)
{
	RUN(ends_in_time);
	RUN(is_killed_when_late);
	RUN(is_waited_for);
	return unit_result();
}
