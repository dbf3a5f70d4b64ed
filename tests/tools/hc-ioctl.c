// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of /dev/hostcrypt with arguments that the command would never
 * pass. For tests only: the key is an argument here.
 *
 *	hc-ioctl version [MEMBER=VALUE...]
 *	hc-ioctl load UUID HEX [MEMBER=VALUE...]
 *	hc-ioctl drop UUID [MEMBER=VALUE...]
 *	hc-ioctl inherit UUID [MEMBER=VALUE...]
 *	hc-ioctl list [MEMBER=VALUE...]
 *	hc-ioctl raw NUMBER
 *
 * MEMBER is abi, flags, key_size, count, pointer or reserved (its last word).
 * Prints what came back; on failure the error's name, with exit status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/control.h"
#include "uapi/hostcrypt.h"

/* What MEMBER=VALUE set; the rest as a correct caller would. */
struct overrides {
	uint32_t abi;
	uint32_t flags;
	uint32_t key_size;
	uint32_t count;
	uint32_t reserved;
	const char *pointer;
};

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: hc-ioctl version|load|drop|inherit|list|raw ...\n");
	exit(2);
}

static struct overrides parse_overrides(char **args)
{
	struct overrides o = {
		.abi = HOSTCRYPT_ABI,
		.key_size = HOSTCRYPT_KEY_SIZE,
		.count = 64,
	};

	for (; *args; args++) {
		const char *value = strchr(*args, '=');
		size_t n = value ? (size_t)(value - *args) : 0;
		uint32_t number = value ? (uint32_t)strtoul(value + 1, NULL, 0) : 0;

		if (n == 3 && !strncmp(*args, "abi", n))
			o.abi = number;
		else if (n == 5 && !strncmp(*args, "flags", n))
			o.flags = number;
		else if (n == 8 && !strncmp(*args, "key_size", n))
			o.key_size = number;
		else if (n == 5 && !strncmp(*args, "count", n))
			o.count = number;
		else if (n == 8 && !strncmp(*args, "reserved", n))
			o.reserved = number;
		else if (n == 7 && !strncmp(*args, "pointer", n))
			o.pointer = value + 1;
		else
			usage();
	}
	return o;
}

/* The address for a struct: ours, or the one of pointer=. */
static uint64_t address(const struct overrides *o, const void *ours)
{
	return o->pointer ? strtoull(o->pointer, NULL, 0) : (uintptr_t)ours;
}

static int do_version(int fd, char **args)
{
	struct overrides o = parse_overrides(args);
	struct hostcrypt_version v = { .abi = o.abi, .flags = o.flags };

	v.reserved[3] = o.reserved;
	if (ioctl(fd, HOSTCRYPT_IOC_VERSION, &v) < 0)
		return -1;
	printf("abi %" PRIu32 " release %s table %" PRIu32 ".%" PRIu32 "\n", v.abi, v.release,
	       v.table_major, v.table_minor);
	return 0;
}

static int do_load(int fd, char **args)
{
	struct hostcrypt_load l = { 0 };
	uint8_t key[HOSTCRYPT_KEY_SIZE] = { 0 };
	struct overrides o;
	size_t i;

	if (!args[0] || !args[1] || hc_uuid_parse(args[0], l.uuid) < 0)
		usage();
	for (i = 0; i < sizeof(key); i++)
		if (sscanf(args[1] + 2 * i, "%2hhx", &key[i]) != 1)
			usage();
	o = parse_overrides(args + 2);
	l.abi = o.abi;
	l.flags = o.flags;
	l.key_size = o.key_size;
	l.reserved[4] = o.reserved;
	l.key = address(&o, key);
	return ioctl(fd, HOSTCRYPT_IOC_LOAD, &l);
}

static int do_drop(int fd, char **args)
{
	struct hostcrypt_drop d = { 0 };
	struct overrides o;

	if (!args[0] || hc_uuid_parse(args[0], d.uuid) < 0)
		usage();
	o = parse_overrides(args + 1);
	d.abi = o.abi;
	d.flags = o.flags;
	d.reserved[3] = o.reserved;
	return ioctl(fd, HOSTCRYPT_IOC_DROP, &d);
}

static int do_inherit(int fd, char **args)
{
	struct hostcrypt_inherit i = { 0 };
	struct overrides o;

	if (!args[0] || hc_uuid_parse(args[0], i.uuid) < 0)
		usage();
	o = parse_overrides(args + 1);
	i.abi = o.abi;
	i.flags = o.flags;
	i.reserved[3] = o.reserved;
	return ioctl(fd, HOSTCRYPT_IOC_INHERIT, &i);
}

static int do_list(int fd, char **args)
{
	struct hostcrypt_key_info info[64];
	struct overrides o = parse_overrides(args);
	struct hostcrypt_list l = { .abi = o.abi, .flags = o.flags, .count = o.count };
	char text[HC_UUID_TEXT];
	uint32_t i;

	l.reserved[2] = o.reserved;
	l.entries = address(&o, info);
	if (ioctl(fd, HOSTCRYPT_IOC_LIST, &l) < 0)
		return -1;
	printf("%" PRIu32 " loaded\n", l.count);
	for (i = 0; i < l.count && i < o.count; i++) {
		hc_uuid_format(info[i].uuid, text);
		printf("%s users %" PRIu32 " age_ms %" PRIu64 "\n", text, info[i].users,
		       (uint64_t)info[i].age_ms);
	}
	return 0;
}

static int do_raw(int fd, char **args)
{
	char buffer[4096] = { 0 };

	if (!args[0])
		usage();
	return ioctl(fd, strtoul(args[0], NULL, 0), buffer);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(int fd, char **args);
	} calls[] = {
		{ "version", do_version }, { "load", do_load }, { "drop", do_drop },
		{ "inherit", do_inherit }, { "list", do_list }, { "raw", do_raw },
	};
	size_t i;
	int fd;

	if (argc < 2)
		usage();
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(argv[1], calls[i].name))
			continue;
		fd = open(HOSTCRYPT_DEVICE, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && calls[i].fn(fd, argv + 2) >= 0)
			return 0;
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	usage();
}
