// SPDX-License-Identifier: GPL-2.0
/*
 * Very many volumes, in one process for each step, since starting programs is
 * what takes time in an emulated guest.
 *
 *	hc-volumes load COUNT [SEED]	a key for each volume: a random one, or the one
 *					that HKDF-SHA256 makes of SEED and its UUID
 *	hc-volumes tables COUNT DEVICE SECTORS [OPTION...]
 *					lines that "dmsetup create --concise" makes them of:
 *					v0, v1..., each SECTORS of DEVICE with its own key
 *	hc-volumes use COUNT		a page written to each, then one read from each
 *	hc-volumes drop COUNT		their keys
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/control.h"

enum {
	PAGE = 4096,

	/* Volumes in a line: dmsetup takes 64 KiB at a time. */
	LINE = 250,
};

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: hc-volumes load|tables|use|drop COUNT ...\n");
	exit(2);
}

static void key_name(unsigned int n, char name[HC_UUID_TEXT])
{
	snprintf(name, HC_UUID_TEXT, "7a1b1c1e-0000-4000-8000-%012x", n);
}

/* NULL for random keys. */
static const char *seed;

static int random_key(struct hc_secret *key)
{
	int r = hc_secret_alloc(HOSTCRYPT_KEY_SIZE, key);

	return r < 0 ? r : hc_secret_random(key);
}

static int seeded_key(const char *name, struct hc_secret *key)
{
	HC_SECRET from = { 0 };
	int r = hc_secret_alloc(strlen(seed), &from);

	if (r < 0)
		return r;
	memcpy(from.data, seed, from.size);
	return hc_secret_hkdf(&from, "hc-volumes", name, HOSTCRYPT_KEY_SIZE, key);
}

static int load(int fd, unsigned int n)
{
	HC_SECRET key = { 0 };
	char name[HC_UUID_TEXT];
	int r;

	key_name(n, name);
	r = seed ? seeded_key(name, &key) : random_key(&key);
	return r < 0 ? r : hc_control_load(fd, name, &key);
}

static int drop(int fd, unsigned int n)
{
	char name[HC_UUID_TEXT];

	key_name(n, name);
	return hc_control_drop(fd, name);
}

static int for_each_key(unsigned int count, int (*step)(int fd, unsigned int n))
{
	int fd = hc_control_open();
	unsigned int n;

	if (fd < 0)
		return 1;
	for (n = 0; n < count; n++)
		if (step(fd, n) < 0)
			return 1;
	close(fd);
	return 0;
}

static void tables(unsigned int count, char **args)
{
	unsigned long sectors = strtoul(args[1], NULL, 0);
	unsigned int n, options = 0;
	char name[HC_UUID_TEXT];
	char **option;

	while (args[2 + options])
		options++;
	for (n = 0; n < count; n++) {
		key_name(n, name);
		if (n)
			putchar(n % LINE ? ';' : '\n');
		printf("v%u,,,rw,0 %lu hostcrypt %s 0 %s %lu %u", n, sectors, name, args[0],
		       n * sectors, options);
		for (option = args + 2; *option; option++)
			printf(" %s", *option);
	}
	putchar('\n');
}

/* A page that no other volume has. */
static void fill(uint8_t page[PAGE], unsigned int n)
{
	unsigned int i;

	for (i = 0; i < PAGE; i++)
		page[i] = (uint8_t)(i * 7 + n * 31 + (n >> 8));
	memcpy(page, &n, sizeof(n));
}

static int transfer(unsigned int n, int write, uint8_t page[PAGE])
{
	char path[64];
	ssize_t done;
	int fd;

	snprintf(path, sizeof(path), "/dev/mapper/v%u", n);
	fd = open(path, (write ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		goto failed;
	done = write ? pwrite(fd, page, PAGE, 0) : pread(fd, page, PAGE, 0);
	if (done != PAGE)
		goto failed;
	close(fd);
	return 0;

failed:
	printf("hc-volumes: %s: %s\n", path, strerror(errno));
	return 1;
}

static int use(unsigned int count)
{
	static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	static uint8_t want[PAGE];
	unsigned int n;

	for (n = 0; n < count; n++) {
		fill(page, n);
		if (transfer(n, 1, page))
			return 1;
	}
	for (n = 0; n < count; n++) {
		memset(page, 0, PAGE);
		fill(want, n);
		if (transfer(n, 0, page))
			return 1;
		if (memcmp(page, want, PAGE)) {
			printf("hc-volumes: v%u does not read as written\n", n);
			return 1;
		}
	}
	printf("%u used\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int count;

	if (argc < 3)
		usage();
	count = (unsigned int)strtoul(argv[2], NULL, 0);
	if (hc_process_harden() < 0) {
		printf("hc-volumes: %s\n", hc_error_message());
		return 1;
	}
	seed = argv[3];
	if (!strcmp(argv[1], "load"))
		return for_each_key(count, load);
	if (!strcmp(argv[1], "drop"))
		return for_each_key(count, drop);
	if (!strcmp(argv[1], "use"))
		return use(count);
	if (strcmp(argv[1], "tables") || argc < 5)
		usage();
	tables(count, argv + 3);
	return 0;
}
