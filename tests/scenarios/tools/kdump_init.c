// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the kernel that takes over after a panic: copies the dead kernel's memory
 * as /proc/vmcore shows it to /dev/vdb, from its second MiB on; the first gets a
 * report, as text.
 *
 *	registry=ADDRESS	first insert dm-hostcrypt.ko: with a wrong address,
 *				which has to be refused, then with this one
 *	inherit=N		with a volume of the dead kernel's: N before its memory
 *				is looked at, N+1 afterwards
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kdump_volume.h"

#define DISK "/dev/vdb"
#define VMCORE "/proc/vmcore"

enum { PAGE = 4096, CHUNK = 1 << 20 };

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
		fd = open(DISK, O_WRONLY);
		usleep(100000);
	}
	if (fd < 0 || dup2(fd, 1) < 0)
		die(DISK);
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

/* Read and mapped are two ways through the kernel: both have to show the same. */
static void copy_chunk(int from, off_t at, size_t size, int to)
{
	static uint8_t data[CHUNK] __attribute__((aligned(PAGE)));
	uint8_t *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, from, at);
	size_t got = 0;

	if (mapped == MAP_FAILED)
		die("mapping " VMCORE);
	while (got < size) {
		ssize_t n = pread(from, data + got, size - got, at + (off_t)got);

		if (n <= 0)
			die("reading " VMCORE);
		got += (size_t)n;
	}
	if (memcmp(data, mapped, size))
		printf("read and mapped differ at %lld\n", (long long)at);
	munmap(mapped, size);
	/* The end of the last one is what was there before. */
	size = (size + PAGE - 1) / PAGE * PAGE;
	if (pwrite(to, data, size, CHUNK + at) != (ssize_t)size)
		die("writing " DISK);
}

static void copy_memory(void)
{
	int from = open(VMCORE, O_RDONLY | O_CLOEXEC);
	int to = open(DISK, O_WRONLY | O_DIRECT | O_CLOEXEC);
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st))
		die(VMCORE);
	for (off_t at = 0; at < st.st_size; at += CHUNK)
		copy_chunk(from, at, st.st_size - at < CHUNK ? (size_t)(st.st_size - at) : CHUNK,
			   to);
	printf("copied %lld\n", (long long)st.st_size);
	close(from);
	close(to);
}

int main(void)
{
	const char *address = getenv("registry"), *volume = getenv("inherit");

	mount_at("proc", "/proc");
	mount_at("devtmpfs", "/dev");
	insert_modules();
	open_report();
	if (address)
		hide(strtoull(address, NULL, 0));
	if (volume)
		take_over((unsigned int)atoi(volume));
	copy_memory();
	if (volume)
		take_over((unsigned int)atoi(volume) + 1);
	show_log();
	printf("done\n");
	end();
}
