// SPDX-License-Identifier: GPL-2.0
#include "cmd/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/cmd.h"

#define DEADLY 4

static const int deadly[DEADLY] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct sigaction before[DEADLY];
static char part_to_remove[PATH_MAX];

static void remove_part(int signal_number)
{
	unlink(part_to_remove);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* Those that are ignored stay so: whoever said nohup meant it. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = remove_part };

	for (size_t i = 0; i < DEADLY; i++) {
		sigaction(deadly[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(deadly[i], &action, NULL);
	}
}

static void leave_signals(void)
{
	for (size_t i = 0; i < DEADLY; i++)
		sigaction(deadly[i], &before[i], NULL);
}

static int open_folder(const char *path, int flags)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	return open(dirname(copy), flags | O_CLOEXEC, 0600);
}

/* Whatever ends us but SIGKILL takes it away. */
static int open_part(struct cmd_new_file *file)
{
	int r = 0;

	if ((size_t)snprintf(file->part, PATH_MAX, "%s.part", file->path) >= PATH_MAX)
		return hc_fail(HC_E_USAGE, "the name of the output is too long");
	memcpy(part_to_remove, file->part, PATH_MAX);
	cmd_hold_signals();
	file->fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		r = hc_fail_errno(errno, "cannot make %s", file->part);
	else
		catch_signals();
	cmd_release_signals();
	return r;
}

int cmd_new_file_open(const char *path, struct cmd_new_file *ret_file)
{
	struct cmd_new_file file = { .path = path };
	int r = 0;

	if (access(path, F_OK) == 0)
		return hc_fail(HC_E_USAGE, "%s is there already; name another file", path);
	if (strlen(path) >= PATH_MAX)
		return hc_fail(HC_E_USAGE, "the name of the output is too long");
	file.fd = open_folder(path, O_TMPFILE | O_WRONLY);
	/* Before Linux knew files without names, this was a folder opened for writing. */
	if (file.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		r = open_part(&file);
	else if (file.fd < 0)
		r = hc_fail_errno(errno, "cannot make a file for %s", path);
	if (r == 0)
		*ret_file = file;
	return r;
}

static int give_name(const struct cmd_new_file *file)
{
	char self[64];

	/* Unlike rename(), neither writes over what somebody put there meanwhile. */
	if (file->part[0])
		return renameat2(AT_FDCWD, file->part, AT_FDCWD, file->path, RENAME_NOREPLACE);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, file->path, AT_SYMLINK_FOLLOW);
}

int cmd_new_file_keep(struct cmd_new_file *file)
{
	HC_FD folder = open_folder(file->path, O_RDONLY | O_DIRECTORY);

	if (fsync(file->fd) < 0 || give_name(file) < 0)
		return hc_fail_errno(errno, "cannot keep %s", file->path);
	if (file->part[0])
		leave_signals();
	file->part[0] = '\0';
	if (folder < 0 || fsync(folder) < 0)
		return hc_fail_errno(errno, "cannot bring the name %s to the disk", file->path);
	return 0;
}

void cmd_new_file_close(struct cmd_new_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	if (!file->part[0])
		return;
	unlink(file->part);
	file->part[0] = '\0';
	leave_signals();
}
