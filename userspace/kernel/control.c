// SPDX-License-Identifier: GPL-2.0
#include "kernel/control.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

#define MODPROBE "/sbin/modprobe"
#define MODULE "dm-hostcrypt"

/* More keys than this and something is wrong with the module's answer. */
#define KEYS_MAX (1 << 20)

/*
 * Ask modprobe once. Its own words are thrown away: whether it worked is seen
 * by whether the device is there, and our sentence says what to do.
 */
static void load_module(void)
{
	char *argv[] = { (char[]){ MODPROBE }, (char[]){ "-q" }, (char[]){ MODULE }, NULL };
	char *envp[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL };
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return;
	if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn(&pid, MODPROBE, &actions, NULL, argv, envp) == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&actions);
}

static int fail_absent(void)
{
	return hc_fail(HC_E_MODULE_ABSENT,
		       "the kernel module %s is not loaded and modprobe could not load it; "
		       "install it for this kernel (\"dkms status\" shows for which it was "
		       "built) and run \"modprobe %s\"",
		       MODULE, MODULE);
}

static int open_device(void)
{
	struct stat st;
	int fd = open(HOSTCRYPT_DEVICE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode)) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

static int check_version(int fd)
{
	struct hostcrypt_version version;
	int r = hc_control_version(fd, &version);

	if (r < 0)
		return r;
	if (version.abi != HOSTCRYPT_ABI)
		return hc_fail(HC_E_MODULE_VERSION,
			       "the loaded dm-hostcrypt %s speaks interface %u, this command "
			       "(%s) speaks %u; close all volumes, unload it and load the module "
			       "that was installed with this command",
			       version.release, version.abi, HC_VERSION, HOSTCRYPT_ABI);
	if (version.table_major != HC_TABLE_MAJOR)
		return hc_fail(HC_E_MODULE_VERSION,
			       "the loaded dm-hostcrypt %s reads table lines of version %u, this "
			       "command (%s) writes version %u; close all volumes, unload it and "
			       "load the module that was installed with this command",
			       version.release, version.table_major, HC_VERSION, HC_TABLE_MAJOR);
	return 0;
}

int hc_control_open(void)
{
	int fd, r;

	fd = open_device();
	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV) {
		load_module();
		fd = open_device();
	}
	if (fd == -EACCES || fd == -EPERM)
		return hc_fail(HC_E_PERMISSION, "not allowed to open %s; run as root",
			       HOSTCRYPT_DEVICE);
	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV)
		return fail_absent();
	if (fd < 0)
		return hc_fail_errno(-fd, "cannot open %s", HOSTCRYPT_DEVICE);
	r = check_version(fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int hc_control_lock(int fd)
{
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return hc_fail_errno(errno, "cannot lock %s", HOSTCRYPT_DEVICE);
	return 0;
}

int hc_control_version(int fd, struct hostcrypt_version *ret_version)
{
	struct hostcrypt_version version = { .abi = HOSTCRYPT_ABI };

	if (ioctl(fd, HOSTCRYPT_IOC_VERSION, &version) < 0) {
		if (errno == ENOTTY)
			return hc_fail(HC_E_MODULE_VERSION,
				       "%s does not answer as dm-hostcrypt does; unload the module "
				       "and load the one that was installed with this command",
				       HOSTCRYPT_DEVICE);
		if (errno == EPERM)
			return hc_fail(HC_E_PERMISSION, "not allowed to use %s; run as root",
				       HOSTCRYPT_DEVICE);
		return hc_fail_errno(errno, "%s did not say its version", HOSTCRYPT_DEVICE);
	}
	version.release[sizeof(version.release) - 1] = '\0';
	*ret_version = version;
	return 0;
}

/* What every call may answer. */
static int refused(int errnum, const char *call, const char *what)
{
	switch (errnum) {
	case EPROTO:
		return hc_fail(HC_E_MODULE_VERSION,
			       "dm-hostcrypt does not speak interface %u of this command; load the "
			       "module that was installed with this command",
			       HOSTCRYPT_ABI);
	case EPERM:
	case EACCES:
		return hc_fail(HC_E_PERMISSION, "not allowed to %s %s; run as root", call, what);
	case ENOMEM:
		return hc_fail(HC_E_MODULE_REFUSED,
			       "dm-hostcrypt has no memory to %s %s; free memory and try again",
			       call, what);
	default:
		return hc_fail(HC_E_MODULE_REFUSED,
			       "dm-hostcrypt refused to %s %s (%s); the kernel log may say why",
			       call, what, strerror(errnum));
	}
}

int hc_control_load(int fd, const char *uuid, const struct hc_secret *dek)
{
	struct hostcrypt_load load = { .abi = HOSTCRYPT_ABI };
	int r = hc_uuid_parse(uuid, load.uuid);

	if (r < 0)
		return r;
	if (!dek->data || dek->size != HOSTCRYPT_KEY_SIZE)
		return hc_fail(HC_E_KEY_INVALID, "a key has %d bytes, not %zu", HOSTCRYPT_KEY_SIZE,
			       dek->size);
	load.key = (uintptr_t)dek->data;
	load.key_size = HOSTCRYPT_KEY_SIZE;
	if (ioctl(fd, HOSTCRYPT_IOC_LOAD, &load) == 0)
		return 0;
	switch (errno) {
	case EEXIST:
		return hc_fail(
			HC_E_KEY_CONFLICT,
			"other key bytes are loaded under %s; close the volume that uses them "
			"and run \"hostcrypt key drop %s\"",
			uuid, uuid);
	case EKEYREJECTED:
		return hc_fail(HC_E_KEY_INVALID,
			       "the two halves of key %s are equal, which makes XTS unsafe; "
			       "use 64 random bytes",
			       uuid);
	default:
		return refused(errno, "load key", uuid);
	}
}

int hc_control_drop(int fd, const char *uuid)
{
	struct hostcrypt_drop drop = { .abi = HOSTCRYPT_ABI };
	int r = hc_uuid_parse(uuid, drop.uuid);

	if (r < 0)
		return r;
	if (ioctl(fd, HOSTCRYPT_IOC_DROP, &drop) == 0)
		return 0;
	switch (errno) {
	case ENOKEY:
		return hc_fail(HC_E_KEY_NOT_LOADED, "no key is loaded under %s", uuid);
	case EBUSY:
		return hc_fail(HC_E_KEY_BUSY,
			       "key %s is in use by a device; close the volume first", uuid);
	default:
		return refused(errno, "drop key", uuid);
	}
}

int hc_control_inherit(int fd, const char *uuid)
{
	struct hostcrypt_inherit inherit = { .abi = HOSTCRYPT_ABI };
	int r = hc_uuid_parse(uuid, inherit.uuid);

	if (r < 0)
		return r;
	if (ioctl(fd, HOSTCRYPT_IOC_INHERIT, &inherit) == 0)
		return 0;
	switch (errno) {
	case EOPNOTSUPP:
		return hc_fail(HC_E_MODULE_REFUSED,
			       "this kernel saves no dump, or dm-hostcrypt was loaded without "
			       "registry=: there is no kernel to take key %s over from",
			       uuid);
	case ENOKEY:
		return hc_fail(HC_E_KEY_NOT_LOADED,
			       "the kernel that died had no key %s; a volume has to be open to "
			       "take a dump",
			       uuid);
	case EBADMSG:
		return hc_fail(HC_E_KEY_INVALID,
			       "key %s was damaged in the memory of the kernel that died", uuid);
	case EEXIST:
		return hc_fail(HC_E_KEY_CONFLICT,
			       "other key bytes are loaded under %s; run \"hostcrypt key drop %s\"",
			       uuid, uuid);
	default:
		return refused(errno, "take over key", uuid);
	}
}

int hc_control_list(int fd, struct hostcrypt_key_info **ret_keys, size_t *ret_n)
{
	struct hostcrypt_key_info *keys = NULL;
	uint32_t room = 0;

	for (;;) {
		struct hostcrypt_list list = {
			.abi = HOSTCRYPT_ABI,
			.entries = (uintptr_t)keys,
			.count = room,
		};

		if (ioctl(fd, HOSTCRYPT_IOC_LIST, &list) < 0) {
			int e = errno;

			free(keys);
			return refused(e, "list", "the keys");
		}
		if (list.count <= room) {
			*ret_keys = keys;
			*ret_n = list.count;
			return 0;
		}
		free(keys);
		if (list.count > KEYS_MAX)
			return hc_fail(HC_E_MODULE_REFUSED, "dm-hostcrypt claims to hold %u keys",
				       list.count);
		/* Some more, for keys loaded between the two calls. */
		room = list.count + 8;
		keys = calloc(room, sizeof(*keys));
		if (!keys)
			return hc_fail(HC_E_MEMORY, "no memory for a list of %u keys", room);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

int hc_uuid_parse(const char *text, uint8_t ret_uuid[HOSTCRYPT_UUID_SIZE])
{
	uint8_t uuid[HOSTCRYPT_UUID_SIZE] = { 0 };
	size_t digits = 0;

	if (strlen(text) != HC_UUID_TEXT - 1)
		goto bad;
	for (size_t i = 0; i < HC_UUID_TEXT - 1; i++) {
		int digit = hex_digit(text[i]);

		if (is_dash_place(i)) {
			if (text[i] != '-')
				goto bad;
			continue;
		}
		if (digit < 0)
			goto bad;
		uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | digit);
		digits++;
	}
	memcpy(ret_uuid, uuid, sizeof(uuid));
	return 0;
bad:
	return hc_fail(HC_E_USAGE,
		       "\"%.40s\" is no UUID; it looks like 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
		       text);
}

void hc_uuid_format(const uint8_t uuid[HOSTCRYPT_UUID_SIZE], char ret_text[HC_UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < HOSTCRYPT_UUID_SIZE; i++) {
		if (is_dash_place(at))
			ret_text[at++] = '-';
		ret_text[at++] = hex[uuid[i] >> 4];
		ret_text[at++] = hex[uuid[i] & 15];
	}
	ret_text[at] = '\0';
}
