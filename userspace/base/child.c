// SPDX-License-Identifier: GPL-2.0
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define ENVIRONMENT_MAX 8

int hc_child_start(const char *const *argv, const char *const *more, int out, int err,
		   pid_t *ret_pid)
{
	HC_FD nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (nothing < 0)
		return hc_fail_errno(errno, "/dev/null");
	return hc_child_feed(argv, more, nothing, out, err, ret_pid);
}

int hc_child_feed(const char *const *argv, const char *const *more, int in, int out, int err,
		  pid_t *ret_pid)
{
	const char *envp[ENVIRONMENT_MAX + 1] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin" };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t pipe;
	int r;

	for (size_t n = 1; more && *more && n < ENVIRONMENT_MAX; n++)
		envp[n] = *more++;
	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
		return hc_fail(HC_E_MEMORY, "out of memory");
	/* A reader that is gone ends them, also where we are deaf to that. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &pipe);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, err, 2);
	if (r == 0)
		r = posix_spawn(ret_pid, argv[0], &actions, &attributes, (char *const *)argv,
				(char *const *)envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return r == 0 ? 0 : hc_fail_errno(r, "%s", argv[0]);
}

bool hc_child_ends_within(pid_t pid, unsigned seconds)
{
	static const struct timespec breath = { .tv_nsec = 20 * 1000 * 1000 };

	for (unsigned i = 0; i < seconds * 50; i++) {
		siginfo_t info = { 0 };

		/* Its status is left for hc_child_wait(). */
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
			return true;
		nanosleep(&breath, NULL);
	}
	kill(pid, SIGKILL);
	return false;
}

int hc_child_wait(pid_t pid, const char *name)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hc_fail_errno(errno, "wait for %s", name);
	if (WIFSIGNALED(status))
		return hc_fail(HC_E_SYSTEM, "%s was ended by signal %d%s", name, WTERMSIG(status),
			       WTERMSIG(status) == SIGKILL ? " (out of memory?)" : "");
	if (WEXITSTATUS(status) != 0)
		return hc_fail(HC_E_SYSTEM, "%s ended with exit status %d", name,
			       WEXITSTATUS(status));
	return 0;
}

/* The last line of @text that is not empty; @text loses what stands behind it. */
static const char *last_line(char *text)
{
	char *end = text + strlen(text), *start;

	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		*--end = '\0';
	start = strrchr(text, '\n');
	return start ? start + 1 : text;
}

int hc_child_run(const char *const *argv, const char *const *more, char *ret_output,
		 size_t size)
{
	HC_FD fd = memfd_create("output", MFD_CLOEXEC);
	ssize_t n;
	pid_t pid;
	int r;

	if (fd < 0)
		return hc_fail_errno(errno, "memory for the output of %s", argv[0]);
	r = hc_child_start(argv, more, fd, fd, &pid);
	if (r < 0)
		return r;
	r = hc_child_wait(pid, argv[0]);
	n = pread(fd, ret_output, size - 1, 0);
	ret_output[n > 0 ? n : 0] = '\0';
	if (r < 0 && ret_output[0]) {
		char text[512];
		off_t end = lseek(fd, 0, SEEK_END);

		/* The end of the output, which may be longer than @size. */
		n = pread(fd, text, sizeof(text) - 1,
			  end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) + 1 : 0);
		text[n > 0 ? n : 0] = '\0';
		return hc_fail(r, "%s failed: %s", argv[0], last_line(text));
	}
	return r;
}
