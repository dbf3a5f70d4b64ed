// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of a QEMU guest's initial RAM disk: inserts the modules in /modules in
 * the order of their names, mounts the root that the machine shares over
 * virtio-fs, read-only, and goes on with the program that the kernel's command
 * line names as rig_init=.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	printf("stage1: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	/* The kernel panics when PID 1 is gone, and the rig sees it. */
	exit(1);
}

static void insert_modules(void)
{
	struct dirent **names;
	int count = scandir("/modules", &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[512];
		int fd;

		if (names[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			die(path);
		close(fd);
	}
}

int main(void)
{
	const char *next = getenv("rig_init");

	if (!next) {
		errno = EINVAL;
		die("no rig_init= on the kernel's command line");
	}
	insert_modules();
	if (mount("rig-root", "/newroot", "virtiofs", MS_RDONLY, NULL))
		die("the machine's root");
	if (mount("none", "/newroot/dev", "devtmpfs", 0, NULL))
		die("/dev");
	if (chdir("/newroot") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") ||
	    chdir("/"))
		die("the change of root");
	execl(next, next, (char *)NULL);
	die(next);
}
