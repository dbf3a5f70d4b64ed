// SPDX-License-Identifier: GPL-2.0
/*
 * Let the first, then the second, the third... allocation of one call into the
 * kernel fail, until the call gets by without meeting its failure: every error
 * path is taken once. For a kernel with fault injection.
 *
 *	fail-nth load UUID                 load a key (and drop it again)
 *	fail-nth table NAME SECTORS WORDS  load a table of target hostcrypt into a
 *					   device of this name, which there is
 *	fail-nth read|write|fua|flush|discard|zero DEVICE BYTES
 *					   direct I/O, or what BLKDISCARD and
 *					   BLKZEROOUT do, at the device's start
 *
 * Memory that the kernel keeps in reserve is taken from it before each call, so
 * that it has to allocate.
 *
 * Prints how many failures were met and how many of those were reported. A
 * failure must be reported as one of memory, or not at all; what is written in
 * spite of one must be right, and what is not written must be as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <systemd/sd-id128.h>
#include <unistd.h>
#include <uapi/hostcrypt.h>

enum {
	SECTOR = 512,

	/* More than any call here takes; a few hundred are usual. */
	MOST = 5000,
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

static int fail_fd, drop_fd;
static unsigned failures, reported;

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

static void drop_caches(void)
{
	if (pwrite(drop_fd, "2", 1, 0) != 1)
		die("drop_caches: %s", strerror(errno));
}

/*
 * Repeat @call until it meets no failure. @after follows each, with whether it
 * was done.
 */
static void fail_each(int (*call)(void), void (*after)(bool done))
{
	for (unsigned nth = 1; nth <= MOST; nth++) {
		int r, error;
		bool met;

		drop_caches();
		arm(nth);
		r = call();
		error = errno;
		met = disarm();
		if (r && !met)
			die("failed by itself, at %u: %s", nth, strerror(error));
		if (r && error != ENOMEM)
			die("allocation %u failed and was reported as: %s", nth, strerror(error));
		after(!r);
		if (!met)
			return;
		failures++;
		reported += !!r;
	}
	die("no end after %u failures", failures);
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

static void drop_key(bool done)
{
	struct hostcrypt_drop drop = { .abi = HOSTCRYPT_ABI };

	if (!done)
		return;
	memcpy(drop.uuid, load.uuid, sizeof(drop.uuid));
	if (ioctl(control_fd, HOSTCRYPT_IOC_DROP, &drop))
		die("drop: %s", strerror(errno));
}

static void fail_load(const char *uuid)
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
	fail_each(load_key, drop_key);
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

static void clear_table(bool done)
{
	prepare_table();
	(void)done;
	if (ioctl(control_fd, DM_TABLE_CLEAR, &table))
		die("clear: %s", strerror(errno));
}

static void fail_table(const char *name, const char *sectors, const char *words)
{
	table_name = name;
	table_words = words;
	table_sectors = strtoull(sectors, NULL, 10);
	control_fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		die("device mapper: %s", strerror(errno));
	fail_each(load_table, clear_table);
}

/* I/O ------------------------------------------------------------------------*/

static int io_fd;
static size_t io_size;
static uint8_t *buffer, *check;

/* What is on the device, and what it was before the last call: a byte each. */
static uint8_t now, before;

static int done(ssize_t n)
{
	if (n >= 0 && (size_t)n != io_size)
		die("only %zd bytes were moved", n);
	return n < 0 ? -1 : 0;
}

static int do_read(void)
{
	return done(pread(io_fd, check, io_size, 0));
}

static int write_next(int flags)
{
	struct iovec all = { buffer, io_size };

	before = now;
	now = now == 255 ? 1 : now + 1;
	memset(buffer, now, io_size);
	return done(pwritev2(io_fd, &all, 1, 0, flags));
}

static int do_write(void)
{
	return write_next(0);
}

static int do_fua(void)
{
	return write_next(RWF_DSYNC);
}

static int do_flush(void)
{
	return fdatasync(io_fd);
}

static int do_range(unsigned long request)
{
	uint64_t range[2] = { 0, io_size };

	return ioctl(io_fd, request, range);
}

static int do_discard(void)
{
	return do_range(BLKDISCARD);
}

static int do_zero(void)
{
	return do_range(BLKZEROOUT);
}

static void read_back(void)
{
	if (done(pread(io_fd, check, io_size, 0)))
		die("read back: %s", strerror(errno));
}

static bool all_are(const uint8_t *data, uint8_t byte)
{
	return data[0] == byte && !memcmp(data, data + 1, SECTOR - 1);
}

/* A call that failed may have come some way. */
static void check_written(bool whole)
{
	read_back();
	for (size_t at = 0; at < io_size; at += SECTOR)
		if (!all_are(check + at, now) && (whole || !all_are(check + at, before)))
			die("other data came back, at %zu", at);
	if (!whole)
		write_next(0);
}

static void check_zeroed(bool whole)
{
	read_back();
	for (size_t at = 0; whole && at < io_size; at += SECTOR)
		if (!all_are(check + at, 0))
			die("no zeroes came back, at %zu", at);
	write_next(0);
}

static void check_nothing(bool whole)
{
	(void)whole;
}

static const struct io_call {
	const char *name;
	int (*call)(void);
	void (*after)(bool done);
} io_calls[] = {
	{ "read", do_read, check_written },     { "write", do_write, check_written },
	{ "fua", do_fua, check_written },       { "flush", do_flush, check_written },
	{ "discard", do_discard, check_nothing }, { "zero", do_zero, check_zeroed },
};

static const struct io_call *find_io(const char *name)
{
	for (size_t i = 0; i < sizeof(io_calls) / sizeof(io_calls[0]); i++)
		if (!strcmp(name, io_calls[i].name))
			return &io_calls[i];
	return NULL;
}

static void fail_io(const struct io_call *io, const char *device, const char *bytes)
{
	io_size = strtoull(bytes, NULL, 10);
	io_fd = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
	buffer = aligned_alloc(4096, io_size);
	check = aligned_alloc(4096, io_size);
	if (io_fd < 0 || !buffer || !check)
		die("%s: %s", device, strerror(errno));
	if (write_next(0))
		die("%s: %s", device, strerror(errno));
	before = now;
	fail_each(io->call, io->after);
}

int main(int argc, char **argv)
{
	fail_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	drop_fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fail_fd < 0 || drop_fd < 0)
		die("this kernel has no fault injection");
	if (argc == 3 && !strcmp(argv[1], "load"))
		fail_load(argv[2]);
	else if (argc == 5 && !strcmp(argv[1], "table"))
		fail_table(argv[2], argv[3], argv[4]);
	else if (argc == 4 && find_io(argv[1]))
		fail_io(find_io(argv[1]), argv[2], argv[3]);
	else
		die("load UUID, table NAME SECTORS WORDS, or read, write... DEVICE BYTES");
	printf("%u failures met, %u reported\n", failures, reported);
	return 0;
}
