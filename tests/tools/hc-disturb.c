// SPDX-License-Identifier: GPL-2.0
/*
 * Do to volumes, keys and CPUs under I/O what may be done to them, again and
 * again in one process, until the file UNTIL is gone:
 *
 *	hc-disturb UNTIL volume NAME SECTORS PARAMETERS
 *		suspend it, with and without a flush, and resume it, every other
 *		time with a table of SECTORS and up to 3 MiB more
 *	hc-disturb UNTIL keys UUID
 *		load and drop keys; UUID is in use and cannot be dropped
 *	hc-disturb UNTIL cpu NUMBER
 *		take it offline and online
 *
 * Prints how often; 1 and the reason when one of those did not go as it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kernel/control.h"
#include "uapi/hostcrypt.h"

enum { MIB_SECTORS = 2048, SPARE_KEYS = 4 };

__attribute__((format(printf, 1, 2)))
static _Noreturn void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("hc-disturb: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	exit(1);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: hc-disturb UNTIL volume NAME SECTORS PARAMETERS"
			"|keys UUID|cpu NUMBER\n");
	exit(2);
}

/* Up to @most milliseconds. */
static void pause_up_to(int most)
{
	struct timespec time = { .tv_nsec = (long)(rand() % most) * 1000000 };

	nanosleep(&time, NULL);
}

static void volume_task(struct dm_task *task, const char *name, const char *what)
{
	if (!task || !dm_task_set_name(task, name) || !dm_task_run(task))
		wrong("%s: %s: %s", name, what, strerror(errno));
	dm_task_destroy(task);
}

static void load_table(const char *name, uint64_t sectors, const char *parameters)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_RELOAD);

	if (!task || !dm_task_add_target(task, 0, sectors, "hostcrypt", parameters))
		wrong("%s: no memory", name);
	volume_task(task, name, "load");
}

static void suspend_volume(const char *name, bool flush)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_SUSPEND);

	if (!flush && (!task || !dm_task_no_flush(task)))
		wrong("%s: no memory", name);
	volume_task(task, name, "suspend");
}

static void disturb_volume(char **args)
{
	bool change = rand() % 2;

	if (change)
		load_table(args[0], strtoull(args[1], NULL, 0) + rand() % 4 * MIB_SECTORS, args[2]);
	/* What shrinks must not leave I/O for what is gone: flush. */
	suspend_volume(args[0], change || rand() % 2);
	pause_up_to(20);
	volume_task(dm_task_create(DM_DEVICE_RESUME), args[0], "resume");
	pause_up_to(400);
}

/* One call that must come to @error, or to nothing when it is 0. */
static void key_call(unsigned long call, void *arg, int error, const char *what)
{
	static int fd = -1;
	int err;

	if (fd < 0)
		fd = open(HOSTCRYPT_DEVICE, O_RDWR | O_CLOEXEC);
	err = fd < 0 || ioctl(fd, call, arg) ? errno : 0;
	if (err != error)
		wrong("%s: %s", what, err ? strerrorname_np(err) : "succeeded");
}

static void load_key(const char *uuid, uint8_t tail, uint8_t fill, int error)
{
	uint8_t key[HOSTCRYPT_KEY_SIZE];
	struct hostcrypt_load load = {
		.abi = HOSTCRYPT_ABI,
		.key_size = sizeof(key),
		.key = (uintptr_t)key,
	};
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(fill + i);
	if (hc_uuid_parse(uuid, load.uuid) < 0)
		usage();
	load.uuid[HOSTCRYPT_UUID_SIZE - 1] ^= tail;
	key_call(HOSTCRYPT_IOC_LOAD, &load, error, "load");
}

static void drop_key(const char *uuid, uint8_t tail, int error)
{
	struct hostcrypt_drop drop = { .abi = HOSTCRYPT_ABI };

	if (hc_uuid_parse(uuid, drop.uuid) < 0)
		usage();
	drop.uuid[HOSTCRYPT_UUID_SIZE - 1] ^= tail;
	key_call(HOSTCRYPT_IOC_DROP, &drop, error, "drop");
}

static void list_keys(void)
{
	struct hostcrypt_key_info info[64];
	struct hostcrypt_list list = {
		.abi = HOSTCRYPT_ABI,
		.count = sizeof(info) / sizeof(info[0]),
		.entries = (uintptr_t)info,
	};

	key_call(HOSTCRYPT_IOC_LIST, &list, 0, "list");
	if (list.count <= SPARE_KEYS)
		wrong("list: %" PRIu32 " keys", list.count);
}

static void disturb_keys(char **args)
{
	uint8_t tail;

	for (tail = 1; tail <= SPARE_KEYS; tail++)
		load_key(args[0], tail, tail, 0);
	drop_key(args[0], 0, EBUSY);
	load_key(args[0], 0, 200, EEXIST);
	list_keys();
	for (tail = 1; tail <= SPARE_KEYS; tail++) {
		pause_up_to(20);
		drop_key(args[0], tail, 0);
	}
	drop_key(args[0], 1, ENOKEY);
	pause_up_to(100);
}

static void set_online(const char *cpu, const char *online)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%s/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, online, 1) != 1)
		wrong("%s: %s", path, strerror(errno));
	close(fd);
}

static void disturb_cpu(char **args)
{
	set_online(args[0], "0");
	pause_up_to(300);
	set_online(args[0], "1");
	pause_up_to(1000);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int argc;
		void (*fn)(char **args);
	} kinds[] = {
		{ "volume", 6, disturb_volume },
		{ "keys", 4, disturb_keys },
		{ "cpu", 4, disturb_cpu },
	};
	unsigned int turns = 0;
	size_t i = 0;

	while (argc < 3 || strcmp(kinds[i].name, argv[2]))
		if (argc < 3 || ++i == sizeof(kinds) / sizeof(kinds[0]))
			usage();
	if (argc != kinds[i].argc)
		usage();
	srand((unsigned int)getpid());
	for (; !access(argv[1], F_OK); turns++)
		kinds[i].fn(argv + 3);
	printf("%u\n", turns);
	return turns ? 0 : 1;
}
