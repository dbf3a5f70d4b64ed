// SPDX-License-Identifier: GPL-2.0
/*
 * Let the first, then the second, the third... allocation of one call into the
 * kernel fail, until the call gets by without meeting its failure: every error
 * path is taken once. For a kernel with fault injection.
 *
 *	fail-nth load UUID                 load a key (and drop it again)
 *	fail-nth table NAME SECTORS WORDS MOST
 *					   load a table of target hostcrypt; not
 *					   beyond the MOSTth allocation, where
 *					   device mapper's own begin
 *	fail-nth read|write DEVICE         256 KiB of direct I/O
 *
 * Prints how many failures were met. A failure must be reported as one of
 * memory, or not at all; what is written in spite of one must be right.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <systemd/sd-id128.h>
#include <unistd.h>
#include <uapi/hostcrypt.h>

enum {
	IO_SIZE = 256 * 1024,
};

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("fail-nth: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static int fail_fd;
static unsigned most = 5000;

/* The @nth allocation from now on fails. */
static void arm(unsigned nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fail_fd, text, (size_t)length, 0) != length)
		die("fail-nth: %s", strerror(errno));
}

/* True if the failure was met. */
static bool disarm(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth: %s", strerror(errno));
	arm(0);
	return atoi(text) == 0;
}

/*
 * Repeat @call until it meets no failure or has met the last one wanted. @undo,
 * unless NULL, follows each success. Returns how many failures were met.
 */
static unsigned fail_each(int (*call)(void), void (*undo)(void))
{
	unsigned failures = 0;

	/* The later ones are much alike (pages for pools): take some of them. */
	for (unsigned nth = 1; nth <= most; nth += 1 + nth / 16) {
		int r, error;
		bool met;

		arm(nth);
		r = call();
		error = errno;
		met = disarm();
		if (r && !met)
			die("failed by itself, at %u: %s", nth, strerror(error));
		if (r && error != ENOMEM)
			die("allocation %u failed and was reported as: %s", nth, strerror(error));
		if (!r && undo)
			undo();
		if (!met)
			return failures;
		failures++;
	}
	return failures;
}

/* load ---------------------------------------------------------------------*/

static uint8_t key[HOSTCRYPT_KEY_SIZE];
static struct hostcrypt_load load = {
	.abi = HOSTCRYPT_ABI,
	.key_size = HOSTCRYPT_KEY_SIZE,
};
static int control_fd;

static int load_key(void)
{
	return ioctl(control_fd, HOSTCRYPT_IOC_LOAD, &load);
}

static void drop_key(void)
{
	struct hostcrypt_drop drop = { .abi = HOSTCRYPT_ABI };

	memcpy(drop.uuid, load.uuid, sizeof(drop.uuid));
	if (ioctl(control_fd, HOSTCRYPT_IOC_DROP, &drop))
		die("drop: %s", strerror(errno));
}

static unsigned fail_load(const char *uuid)
{
	sd_id128_t id;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 1);
	load.key = (uintptr_t)key;
	if (sd_id128_from_string(uuid, &id))
		die("'%s' is no UUID", uuid);
	memcpy(load.uuid, id.bytes, sizeof(load.uuid));
	control_fd = open(HOSTCRYPT_DEVICE, O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		die("%s: %s", HOSTCRYPT_DEVICE, strerror(errno));
	return fail_each(load_key, drop_key);
}

/* table --------------------------------------------------------------------*/

struct table_call {
	struct dm_ioctl head;
	struct dm_target_spec spec;
	char words[1024];
};

static struct table_call table;
static const char *table_name, *table_words;
static uint64_t table_sectors;

static void prepare_table(void)
{
	memset(&table, 0, sizeof(table));
	table.head.version[0] = DM_VERSION_MAJOR;
	table.head.data_size = sizeof(table);
	table.head.data_start = offsetof(struct table_call, spec);
	table.head.target_count = 1;
	snprintf(table.head.name, sizeof(table.head.name), "%s", table_name);
	table.spec.length = table_sectors;
	snprintf(table.spec.target_type, sizeof(table.spec.target_type), "hostcrypt");
	snprintf(table.words, sizeof(table.words), "%s", table_words);
}

static int load_table(void)
{
	prepare_table();
	return ioctl(control_fd, DM_TABLE_LOAD, &table);
}

static void clear_table(void)
{
	prepare_table();
	if (ioctl(control_fd, DM_TABLE_CLEAR, &table))
		die("clear: %s", strerror(errno));
}

static unsigned fail_table(const char *name, const char *sectors, const char *words,
			   const char *last)
{
	unsigned met;

	table_name = name;
	table_words = words;
	most = (unsigned)strtoul(last, NULL, 10);
	table_sectors = strtoull(sectors, NULL, 10);
	control_fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		die("device mapper: %s", strerror(errno));
	prepare_table();
	if (ioctl(control_fd, DM_DEV_CREATE, &table))
		die("create: %s", strerror(errno));
	met = fail_each(load_table, clear_table);
	prepare_table();
	if (ioctl(control_fd, DM_DEV_REMOVE, &table))
		die("remove: %s", strerror(errno));
	return met;
}

/* read, write ----------------------------------------------------------------*/

static int io_fd;
static char *buffer, *check;
static unsigned generation;

static int wrong(ssize_t done)
{
	if (done < 0)
		return -1;
	if (done != IO_SIZE)
		die("only %zd bytes were moved", done);
	return 0;
}

static int do_read(void)
{
	return wrong(pread(io_fd, buffer, IO_SIZE, 0));
}

static int do_write(void)
{
	generation++;
	memset(buffer, (int)generation, IO_SIZE);
	return wrong(pwrite(io_fd, buffer, IO_SIZE, 0));
}

static void check_io(void)
{
	if (wrong(pread(io_fd, check, IO_SIZE, 0)))
		die("read back: %s", strerror(errno));
	if (memcmp(buffer, check, IO_SIZE))
		die("other data came back");
}

static unsigned fail_io(const char *device, bool writing)
{
	io_fd = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
	buffer = aligned_alloc(4096, IO_SIZE);
	check = aligned_alloc(4096, IO_SIZE);
	if (io_fd < 0 || !buffer || !check)
		die("%s: %s", device, strerror(errno));
	return fail_each(writing ? do_write : do_read, check_io);
}

int main(int argc, char **argv)
{
	unsigned met;

	fail_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		die("this kernel has no fault injection");
	if (argc == 3 && !strcmp(argv[1], "load"))
		met = fail_load(argv[2]);
	else if (argc == 6 && !strcmp(argv[1], "table"))
		met = fail_table(argv[2], argv[3], argv[4], argv[5]);
	else if (argc == 3 && !strcmp(argv[1], "read"))
		met = fail_io(argv[2], false);
	else if (argc == 3 && !strcmp(argv[1], "write"))
		met = fail_io(argv[2], true);
	else
		die("load UUID, table NAME SECTORS WORDS MOST, read DEVICE or write DEVICE");
	printf("%u failures met\n", met);
	return 0;
}
