// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the kernel that takes over after a panic in kdump-keys: looks for keys
 * in the dead kernel's memory as /proc/vmcore shows it, and writes what it finds to
 * /dev/vdb, as text.
 *
 *	registry=ADDRESS	first insert dm-hostcrypt.ko: with a wrong address,
 *				which has to be refused, then with this one
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORT "/dev/vdb"

/* Whatever goes wrong, the machine ends, and the report is not whole. */
static _Noreturn void end(void)
{
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static _Noreturn void die(const char *what)
{
	printf("kdump_init: %s: %s\n", what, strerror(errno));
	end();
}

static int insert(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		die(path);
	if (syscall(SYS_finit_module, fd, parameters, 0))
		error = errno;
	close(fd);
	return error;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void insert_modules(void)
{
	struct dirent **names;
	int count = scandir("/modules", &names, visible, alphasort);

	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
		errno = insert(path, "");
		if (errno)
			die(path);
	}
}

static void mount_at(const char *type, const char *target)
{
	mkdir(target, 0755);
	if (mount("none", target, type, 0, NULL) && errno != EBUSY)
		die(target);
}

/* From here on standard output is the report. */
static void open_report(void)
{
	int fd = -1;

	for (int i = 0; i < 100 && fd < 0; i++) {
		fd = open(REPORT, O_WRONLY);
		usleep(100000);
	}
	if (fd < 0 || dup2(fd, 1) < 0)
		die(REPORT);
}

static void hide(unsigned long long address)
{
	char word[64];

	snprintf(word, sizeof(word), "registry=0x%llx", address + 4096);
	printf("wrong address: %s\n", strerror(insert("/dm-hostcrypt.ko", word)));
	snprintf(word, sizeof(word), "registry=0x%llx", address);
	printf("right address: %s\n", strerror(insert("/dm-hostcrypt.ko", word)));
	printf("removal: %s\n", syscall(SYS_delete_module, "dm_hostcrypt", O_NONBLOCK) ?
			strerror(errno) : "done");
}

/* What the module has said. */
static void show_log(void)
{
	static char log[1 << 20];
	int size = klogctl(3, log, sizeof(log) - 1);

	if (size < 0)
		die("kernel log");
	log[size] = '\0';
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
		char *said = strstr(line, "hostcrypt: ");

		if (said)
			printf("log %s\n", said);
	}
}

static void search(char *const args[])
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		int fd = open("/patterns", O_RDONLY);

		if (fd >= 0 && dup2(fd, 0) == 0)
			execv("/memgrep", args);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die("memgrep");
	/* The child has written at the same place in the report. */
	printf("memgrep ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

int main(void)
{
	const char *address = getenv("registry");

	mount_at("proc", "/proc");
	mount_at("devtmpfs", "/dev");
	insert_modules();
	open_report();
	if (address)
		hide(strtoull(address, NULL, 0));
	show_log();
	search((char *[]){ "memgrep", "/proc/vmcore", NULL });
	search((char *[]){ "memgrep", "--read", "/proc/vmcore", NULL });
	printf("done\n");
	end();
}
