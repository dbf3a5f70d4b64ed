// SPDX-License-Identifier: GPL-2.0
/*
 * The provider "local": KEKs in files that only root can read. For whoever has
 * no key server; it protects against a lost or sold data disk, not against
 * somebody who reads the host's own disk.
 *
 * Each KEK is a file <id>.kek in the provider's directory: 32 key bytes, then
 * the label as text. The id is a random UUID, in lower case.
 */
#include "provider/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/control.h"

#define LABEL_MAX 128
#define FILE_NAME_MAX (HC_UUID_TEXT + 8)

static const char *directory(struct hc_provider *provider)
{
	return provider->config->directory ? provider->config->directory : HC_LOCAL_DIRECTORY;
}

/* Only the owner may read @st, and the owner must be us. */
static int check_private(const struct stat *st, const char *what, const char *name)
{
	if (st->st_uid != geteuid())
		return hc_fail(HC_E_KEYFILE_PERMS, "%s %s belongs to user %u, not to %u; chown it",
			       what, name, st->st_uid, geteuid());
	if (st->st_mode & 077)
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "%s %s is open to others (mode %04o); run \"chmod go= %s\" and "
			       "consider its keys known",
			       what, name, st->st_mode & 07777, name);
	return 0;
}

/* Make @path and the folder right above it; whether that worked is seen when
 * the directory is opened. */
static void make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *above = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;

	if (above)
		mkdir(above, 0700);
	free(above);
	mkdir(path, 0700);
}

/* The directory's descriptor; made on the way where @make says so. */
static int open_directory(struct hc_provider *provider, bool make)
{
	const char *path = directory(provider);
	struct stat st;
	int fd, r;

	if (make)
		make_directory(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make)
		return hc_fail(HC_E_CONFIG,
			       "the key directory %s cannot be made; make the folders above it, or "
			       "set another \"directory\" for provider %s",
			       path, provider->config->name);
	if (fd < 0 && errno == ENOENT)
		return hc_fail(HC_E_KEK_NOT_FOUND,
			       "provider %s has no keys yet: its directory %s does not exist",
			       provider->config->name, path);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "the key directory %s must be a folder, not a link or a file", path);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open the key directory %s", path);
	r = fstat(fd, &st) < 0 ? hc_fail_errno(errno, "cannot look at %s", path)
			       : check_private(&st, "the key directory", path);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* An id comes from a header that anybody may have written: nothing but a
 * UUID in lower case becomes part of a file name. */
static int file_name(const char *id, char ret_name[FILE_NAME_MAX])
{
	uint8_t uuid[HOSTCRYPT_UUID_SIZE];
	char text[HC_UUID_TEXT];

	if (strlen(id) != HC_UUID_TEXT - 1 || hc_uuid_parse(id, uuid) < 0)
		return hc_fail(HC_E_KEK_NOT_FOUND,
			       "\"%.64s\" is no identifier of a local key, which is a UUID", id);
	hc_uuid_format(uuid, text);
	snprintf(ret_name, FILE_NAME_MAX, "%s.kek", text);
	return 0;
}

/* Open a key's file and make sure that it is one. */
static int open_key(struct hc_provider *provider, const char *id, int flags)
{
	char name[FILE_NAME_MAX], path[4096];
	struct stat st;
	int fd, r;
	HC_FD dir = -1;

	r = file_name(id, name);
	if (r < 0)
		return r;
	dir = open_directory(provider, false);
	if (dir < 0)
		return dir;
	snprintf(path, sizeof(path), "%s/%s", directory(provider), name);
	fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return hc_fail(HC_E_KEK_NOT_FOUND,
			       "there is no key %s; put it back from a copy, or open the volume "
			       "with its recovery passphrase",
			       path);
	if (fd < 0 && errno == ELOOP)
		return hc_fail(HC_E_KEYFILE_PERMS, "the key %s must be a file, not a link", path);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open the key %s", path);
	if (fstat(fd, &st) < 0)
		r = hc_fail_errno(errno, "cannot look at %s", path);
	else if (!S_ISREG(st.st_mode))
		r = hc_fail(HC_E_KEYFILE_PERMS, "the key %s must be a file", path);
	else if (st.st_size < HC_KEK_SIZE || st.st_size > HC_KEK_SIZE + LABEL_MAX)
		r = hc_fail(HC_E_KEK_UNFIT,
			    "%s is no key of hostcrypt: it has %lld bytes; put it back from a copy",
			    path, (long long)st.st_size);
	else
		r = check_private(&st, "the key", path);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* A random UUID (version 4). */
static int make_id(char ret_id[HC_KEK_ID_MAX])
{
	HC_SECRET random = { 0 };
	int r = hc_secret_alloc(HOSTCRYPT_UUID_SIZE, &random);

	if (r < 0)
		return r;
	r = hc_secret_random(&random);
	if (r < 0)
		return r;
	random.data[6] = (random.data[6] & 0x0f) | 0x40;
	random.data[8] = (random.data[8] & 0x3f) | 0x80;
	hc_uuid_format(random.data, ret_id);
	return 0;
}

/* The file appears whole under its name or not at all, also after a crash. */
static int store(int dir, const char *id, const struct hc_secret *kek, const char *label)
{
	char name[FILE_NAME_MAX], temporary[FILE_NAME_MAX + 8];
	HC_FD fd = -1;
	int r;

	r = file_name(id, name);
	if (r < 0)
		return r;
	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot make a key file");
	r = hc_write_all(fd, kek->data, kek->size);
	if (r == 0)
		r = hc_write_all(fd, label, strnlen(label, LABEL_MAX));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temporary, 0);
		return hc_fail_errno(-r, "cannot write the key file %s", name);
	}
	if (fsync(dir) < 0)
		return hc_fail_errno(errno, "cannot write the key directory");
	return 0;
}

static int local_create(struct hc_provider *provider, const char *label, char ret_id[HC_KEK_ID_MAX])
{
	char id[HC_KEK_ID_MAX];
	HC_SECRET kek = { 0 };
	HC_FD dir = -1;
	int r;

	dir = open_directory(provider, true);
	if (dir < 0)
		return dir;
	r = hc_secret_alloc(HC_KEK_SIZE, &kek);
	if (r == 0)
		r = hc_secret_random(&kek);
	if (r == 0)
		r = make_id(id);
	if (r == 0)
		r = store(dir, id, &kek, label);
	if (r < 0)
		return hc_context(r, "provider %s, directory %s", provider->config->name,
				  directory(provider));
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

static int local_get(struct hc_provider *provider, const char *id, bool for_new_use,
		     struct hc_secret *ret_kek)
{
	HC_SECRET kek = { 0 };
	HC_FD fd = -1;
	int r;

	/* A local key is Active while it is there. */
	(void)for_new_use;
	fd = open_key(provider, id, O_RDONLY);
	if (fd < 0)
		return fd;
	r = hc_secret_alloc(HC_KEK_SIZE, &kek);
	if (r < 0)
		return r;
	r = hc_read_all(fd, kek.data, kek.size);
	if (r < 0)
		return hc_fail_errno(-r, "cannot read the key %s", id);
	*ret_kek = kek;
	kek = (struct hc_secret){ 0 };
	return 0;
}

static int local_state(struct hc_provider *provider, const char *id, enum hc_kek_state *ret_state)
{
	HC_FD fd = open_key(provider, id, O_RDONLY);

	if (fd < 0)
		return fd;
	*ret_state = HC_KEK_ACTIVE;
	return 0;
}

/*
 * Overwritten where it lies before it is unlinked. A copy-on-write file system
 * or a flash disk may keep the old blocks all the same.
 */
static int local_destroy(struct hc_provider *provider, const char *id)
{
	const uint8_t zeros[HC_KEK_SIZE] = { 0 };
	char name[FILE_NAME_MAX];
	HC_FD dir = -1;
	HC_FD fd = -1;
	int r;

	fd = open_key(provider, id, O_RDWR);
	if (fd < 0)
		return fd;
	dir = open_directory(provider, false);
	if (dir < 0)
		return dir;
	r = file_name(id, name);
	if (r < 0)
		return r;
	r = hc_write_all(fd, zeros, sizeof(zeros));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && unlinkat(dir, name, 0) < 0)
		r = -errno;
	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	if (r < 0)
		return hc_fail_errno(-r, "cannot destroy the key %s", id);
	return 0;
}

/* Changes nothing: the directory is made with the first key. */
static int local_check(struct hc_provider *provider, struct hc_provider_report *ret_report)
{
	struct hc_provider_report report = { .can_create = true };
	HC_FD dir = open_directory(provider, false);

	if (dir < 0 && dir != HC_E_KEK_NOT_FOUND)
		return dir;
	if (dir >= 0 && faccessat(dir, ".", W_OK, 0) < 0)
		report.can_create = false;
	snprintf(report.endpoint, sizeof(report.endpoint), "%s", directory(provider));
	snprintf(report.server, sizeof(report.server), "key files of this host%s",
		 dir < 0 ? "; none made yet" : "");
	snprintf(report.warning, sizeof(report.warning), "%s", HC_LOCAL_WARNING);
	*ret_report = report;
	return 0;
}

static void local_close(struct hc_provider *provider)
{
	free(provider);
}

static const struct hc_provider_ops local_ops = {
	.create = local_create,
	.get = local_get,
	.state = local_state,
	.destroy = local_destroy,
	.check = local_check,
	.close = local_close,
};

int hc_provider_local_open(const struct hc_provider_config *config,
			   struct hc_provider **ret_provider)
{
	struct hc_provider *provider = calloc(1, sizeof(*provider));

	if (!provider)
		return hc_fail(HC_E_MEMORY, "no memory for provider %s", config->name);
	provider->ops = &local_ops;
	provider->config = config;
	*ret_provider = provider;
	return 0;
}
