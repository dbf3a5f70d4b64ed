// SPDX-License-Identifier: GPL-2.0
#include "dump/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "dump/kexec.h"
#include "dump/watchdog.h"

#define MODINFO "/sbin/modinfo"
#define SSH "/usr/bin/ssh"

/* What the image is made of, one line for each part; kept beside it. */
#define STAMP_SIZE 8192

/* The folder with hook, boot script and hostcrypt-capture: beside this program in
 * the build folder, under PREFIX/lib once installed. */
static int find_folder(char ret_folder[PATH_MAX])
{
	static const char *const places[] = { "capture", "../lib/hostcrypt/capture" };
	static char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/hostcrypt-capture", self, places[i]);
		if (access(path, X_OK) == 0) {
			*strrchr(path, '/') = '\0';
			if (realpath(path, ret_folder))
				return 0;
		}
	}
	return hc_fail(HC_E_DUMP_IMAGE, "hostcrypt-capture is not installed beside %s", self);
}

static void add_line(char stamp[STAMP_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_line(char stamp[STAMP_SIZE], const char *format, ...)
{
	size_t used = strlen(stamp);
	va_list args;

	va_start(args, format);
	vsnprintf(stamp + used, STAMP_SIZE - used, format, args);
	va_end(args);
	used = strlen(stamp);
	snprintf(stamp + used, STAMP_SIZE - used, "\n");
}

static void add_part(char stamp[STAMP_SIZE], const char *name, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		add_line(stamp, "%s %lld %lld.%09ld", name, (long long)st.st_size,
			 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	else
		add_line(stamp, "%s absent", name);
}

int hc_dump_image_module(const char *release, char *ret_path, size_t size)
{
	const char *const argv[] = { MODINFO, "-k", release, "-n", "dm-hostcrypt", NULL };

	if (hc_child_run(argv, NULL, ret_path, size) < 0)
		return hc_fail(HC_E_DUMP_IMAGE,
			       "dm-hostcrypt is not installed for kernel %s (\"dkms status\" "
			       "shows for which it was built), so a capture kernel could not "
			       "hide keys",
			       release);
	ret_path[strcspn(ret_path, "\n")] = '\0';
	return 0;
}

static void add_watchdogs(char stamp[STAMP_SIZE])
{
	static struct hc_watchdog all[HC_WATCHDOGS];
	size_t n = hc_watchdogs_find(all);

	for (size_t i = 0; i < n; i++)
		add_line(stamp, "watchdog %s", all[i].sysfs);
}

static int make_stamp(const struct hc_dump_config *config, const char *release,
		      const struct hc_dump_target *target, const char *folder,
		      char stamp[STAMP_SIZE])
{
	static const char *const parts[] = { "hostcrypt-capture", "initramfs.conf",
					     "hooks/hostcrypt", "scripts/hostcrypt" };
	static char path[PATH_MAX + 64];
	int r = hc_dump_image_module(release, path, sizeof(path));

	if (r < 0)
		return r;
	snprintf(stamp, STAMP_SIZE, "%s\n%s\n", release,
		 config->all_modules ? "most" : "dep");
	for (size_t i = 0; !config->all_modules && i < target->n_disks; i++)
		add_line(stamp, "%s %s %s", target->disks[i].sysfs, target->disks[i].type,
			 target->type);
	if (!config->all_modules)
		add_watchdogs(stamp);
	add_part(stamp, path, path);
	if (config->target.kind == HC_DUMP_TO_SSH) {
		add_line(stamp, "%s", config->all_modules ? "ssh" : target->route.interface);
		add_part(stamp, SSH, SSH);
	}
	add_part(stamp, config->makedumpfile, config->makedumpfile);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
		add_part(stamp, parts[i], path);
	}
	return 0;
}

static void name_image(const char *release, struct hc_dump_image *ret_image)
{
	snprintf(ret_image->path, sizeof(ret_image->path), HC_DUMP_IMAGE_FOLDER "/%s.img",
		 release);
}

/* gzip says at its end how much comes out. */
static bool measure(struct hc_dump_image *image)
{
	HC_FD fd = open(image->path, O_RDONLY | O_CLOEXEC);
	uint32_t unpacked;

	if (fd < 0 || hc_fd_bytes(fd, &image->size) < 0 || image->size < sizeof(unpacked) ||
	    hc_pread_all(fd, &unpacked, sizeof(unpacked), image->size - sizeof(unpacked)) < 0)
		return false;
	image->unpacked = le32toh(unpacked);
	return true;
}

bool hc_dump_image_current(const struct hc_dump_config *config, const char *release,
			   const struct hc_dump_target *target, struct hc_dump_image *ret_image)
{
	static char folder[PATH_MAX], path[PATH_MAX + 8];
	static char stamp[STAMP_SIZE], kept[STAMP_SIZE];
	HC_FD fd = -1;
	ssize_t n;

	name_image(release, ret_image);
	snprintf(path, sizeof(path), "%s.stamp", ret_image->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, kept, sizeof(kept) - 1);
	if (n <= 0 || find_folder(folder) < 0 ||
	    make_stamp(config, release, target, folder, stamp) < 0)
		return false;
	kept[n] = '\0';
	return strcmp(stamp, kept) == 0 && measure(ret_image);
}

/* On the disk before the stamp says that it is good: a power cut must leave no image that
 * is cut and of now. */
static int sync_image(const char *path)
{
	HC_FD fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? hc_fail(HC_E_DUMP_IMAGE, "%s: %s", path, strerror(errno)) :
					 0;
}

static int write_stamp(const char *image, const char *stamp)
{
	static char path[PATH_MAX + 8];
	HC_FD fd = -1;
	int r;

	snprintf(path, sizeof(path), "%s.stamp", image);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : hc_write_all(fd, stamp, strlen(stamp));
	return r < 0 ? hc_fail(HC_E_DUMP_IMAGE, "%s: %s", path, strerror(-r)) : 0;
}

/* Names behind one another, with a blank between. */
static void add_word(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s", list[used - 1] == '=' ? "" : " ", word);
}

static int run_mkinitramfs(const struct hc_dump_config *config, const char *release,
			   const struct hc_dump_target *target, const char *folder,
			   const char *path)
{
	static char makedumpfile[PATH_MAX + 32], output[4096];
	static char devices[HC_DUMP_DISKS * (PATH_MAX + 1) + 32], types[256], interface[64];
	const char *modules = config->all_modules ? "HOSTCRYPT_MODULES=most" : "HOSTCRYPT_MODULES=list";
	const char *ssh = config->target.kind == HC_DUMP_TO_SSH ? "HOSTCRYPT_SSH=yes" : "HOSTCRYPT_SSH=";
	const char *const argv[] = { HC_MKINITRAMFS, "-d", folder, "-o", path, release, NULL };
	const char *const more[] = { makedumpfile, modules, types, devices, ssh, interface, NULL };

	snprintf(makedumpfile, sizeof(makedumpfile), "HOSTCRYPT_MAKEDUMPFILE=%s",
		 config->makedumpfile);
	snprintf(devices, sizeof(devices), "HOSTCRYPT_DEVICES=");
	snprintf(types, sizeof(types), "HOSTCRYPT_TYPES=");
	snprintf(interface, sizeof(interface), "HOSTCRYPT_INTERFACE=%s",
		 config->all_modules ? "" : target->route.interface);
	for (size_t i = 0; !config->all_modules && i < target->n_disks; i++) {
		add_word(devices, sizeof(devices), target->disks[i].device);
		add_word(types, sizeof(types), target->disks[i].type);
	}
	if (!config->all_modules)
		add_word(types, sizeof(types), target->type);
	if (access(HC_MKINITRAMFS, X_OK) < 0)
		return hc_fail(HC_E_DUMP_IMAGE,
			       "%s is not there; install the package initramfs-tools-core",
			       HC_MKINITRAMFS);
	if (hc_child_run(argv, more, output, sizeof(output)) < 0)
		return hc_fail(HC_E_DUMP_IMAGE,
			       "the capture environment for kernel %s was not made: %s", release,
			       hc_error_message());
	return 0;
}

int hc_dump_image_make(const struct hc_dump_config *config, const char *release,
		       const struct hc_dump_target *target, struct hc_dump_image *ret_image)
{
	static char folder[PATH_MAX], fresh[PATH_MAX + 8], stamp[STAMP_SIZE];
	int r = find_folder(folder);

	if (r == 0)
		r = make_stamp(config, release, target, folder, stamp);
	if (r < 0)
		return r;
	name_image(release, ret_image);
	snprintf(fresh, sizeof(fresh), "%s.new", ret_image->path);
	if ((mkdir("/var/lib/hostcrypt", 0700) < 0 && errno != EEXIST) ||
	    (mkdir(HC_DUMP_IMAGE_FOLDER, 0700) < 0 && errno != EEXIST))
		return hc_fail(HC_E_DUMP_IMAGE, HC_DUMP_IMAGE_FOLDER ": %s", strerror(errno));
	r = run_mkinitramfs(config, release, target, folder, fresh);
	if (r == 0)
		r = sync_image(fresh);
	if (r == 0 && rename(fresh, ret_image->path) < 0)
		r = hc_fail(HC_E_DUMP_IMAGE, "%s: %s", ret_image->path, strerror(errno));
	if (r == 0)
		r = write_stamp(ret_image->path, stamp);
	if (r == 0 && !measure(ret_image))
		r = hc_fail(HC_E_DUMP_IMAGE, "%s cannot be read", ret_image->path);
	if (r < 0)
		unlink(fresh);
	return r;
}
