// SPDX-License-Identifier: GPL-2.0
/* The provider that keeps KEKs in root-only files. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "provider/pair.h"

static char top[] = "/tmp/hostcrypt-unit-XXXXXX";
static char folder[128];
static struct hc_provider_config config = { .name = "local", .type = HC_PROVIDER_LOCAL };
static struct hc_provider *provider;

static const char *key_path(const char *id)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s.kek", folder, id);
	return path;
}

static size_t files(void)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 2;
}

static void nothing_there_yet(void)
{
	struct hc_provider_report report;
	HC_SECRET kek = { 0 };

	EXPECT(provider->ops->check(provider, &report) == 0 && report.can_create);
	EXPECT(provider->ops->get(provider, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", false, &kek) ==
	       HC_E_KEK_NOT_FOUND);
	EXPECT(access(folder, F_OK) < 0);
}

static void created_key_comes_back(void)
{
	char id[HC_KEK_ID_MAX], other[HC_KEK_ID_MAX];
	HC_SECRET a = { 0 };
	HC_SECRET b = { 0 };
	HC_SECRET c = { 0 };
	enum hc_kek_state state = 0;
	struct stat st;

	umask(0);
	if (!EXPECT(provider->ops->create(provider, "hostcrypt-x", id) == 0))
		return;
	umask(022);
	EXPECT(stat(folder, &st) == 0 && (st.st_mode & 07777) == 0700);
	EXPECT(stat(key_path(id), &st) == 0 && (st.st_mode & 07777) == 0600);
	EXPECT(provider->ops->get(provider, id, true, &a) == 0 && a.size == HC_KEK_SIZE);
	EXPECT(provider->ops->get(provider, id, false, &b) == 0);
	EXPECT(hc_secret_equal(a.data, b.data, HC_KEK_SIZE));
	EXPECT(provider->ops->state(provider, id, &state) == 0 && state == HC_KEK_ACTIVE);
	EXPECT(provider->ops->create(provider, "hostcrypt-y", other) == 0);
	EXPECT(strcmp(id, other) != 0);
	EXPECT(provider->ops->get(provider, other, false, &c) == 0);
	EXPECT(!hc_secret_equal(a.data, c.data, HC_KEK_SIZE));
	EXPECT(files() == 2);
}

static void destroyed_key_is_gone(void)
{
	uint8_t bytes[HC_KEK_SIZE], zeros[HC_KEK_SIZE] = { 0 };
	char id[HC_KEK_ID_MAX];
	HC_SECRET kek = { 0 };
	int fd;

	if (!EXPECT(provider->ops->create(provider, "x", id) == 0))
		return;
	fd = open(key_path(id), O_RDONLY);
	EXPECT(provider->ops->destroy(provider, id) == 0);
	EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEK_NOT_FOUND);
	EXPECT(read(fd, bytes, sizeof(bytes)) == HC_KEK_SIZE);
	EXPECT(memcmp(bytes, zeros, sizeof(bytes)) == 0);
	close(fd);
	EXPECT(provider->ops->destroy(provider, id) == HC_E_KEK_NOT_FOUND);
}

static void hostile_ids_are_refused(void)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"../../etc/shadow",
		"/etc/shadow",
		"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/",
		"../f1e2d3c-4b5a-6978-8796-a5b4c3d2e1",
	};
	HC_SECRET kek = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT(provider->ops->get(provider, bad[i], false, &kek) == HC_E_KEK_NOT_FOUND);
	EXPECT(!kek.data);
}

static void key_readable_by_others_is_refused(void)
{
	char id[HC_KEK_ID_MAX];
	HC_SECRET kek = { 0 };

	if (!EXPECT(provider->ops->create(provider, "x", id) == 0))
		return;
	EXPECT(chmod(key_path(id), 0640) == 0);
	EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEYFILE_PERMS);
	EXPECT(strstr(hc_error_message(), key_path(id)) != NULL);
	EXPECT(chmod(key_path(id), 0600) == 0);
	if (geteuid() == 0) {
		EXPECT(chown(key_path(id), 1, (gid_t)-1) == 0);
		EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEYFILE_PERMS);
	}
	EXPECT(!kek.data);
}

static void open_directory_is_refused(void)
{
	char id[HC_KEK_ID_MAX];

	EXPECT(chmod(folder, 0755) == 0);
	EXPECT(provider->ops->create(provider, "x", id) == HC_E_KEYFILE_PERMS);
	EXPECT(chmod(folder, 0700) == 0);
	EXPECT(provider->ops->create(provider, "x", id) == 0);
}

static void link_or_fifo_is_refused(void)
{
	char id[HC_KEK_ID_MAX], aside[600];
	HC_SECRET kek = { 0 };

	if (!EXPECT(provider->ops->create(provider, "x", id) == 0))
		return;
	snprintf(aside, sizeof(aside), "%s/aside", top);
	EXPECT(rename(key_path(id), aside) == 0 && symlink(aside, key_path(id)) == 0);
	EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEYFILE_PERMS);
	EXPECT(unlink(key_path(id)) == 0 && mkfifo(key_path(id), 0600) == 0);
	EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEYFILE_PERMS);
	EXPECT(!kek.data);
}

static void cut_key_is_refused(void)
{
	char id[HC_KEK_ID_MAX];
	HC_SECRET kek = { 0 };

	if (!EXPECT(provider->ops->create(provider, "x", id) == 0))
		return;
	EXPECT(truncate(key_path(id), HC_KEK_SIZE - 1) == 0);
	EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEK_UNFIT);
	EXPECT(truncate(key_path(id), 4096) == 0);
	EXPECT(provider->ops->get(provider, id, false, &kek) == HC_E_KEK_UNFIT);
	EXPECT(!kek.data);
}

static void check_warns(void)
{
	struct hc_provider_report report;

	EXPECT(provider->ops->check(provider, &report) == 0);
	EXPECT(report.can_create && report.warning[0] && strcmp(report.endpoint, folder) == 0);
}

static void missing_parent_is_named(void)
{
	char elsewhere[] = "/nonexistent/hostcrypt/local";
	char id[HC_KEK_ID_MAX];
	char *before = config.directory;

	config.directory = elsewhere;
	EXPECT(provider->ops->create(provider, "x", id) == HC_E_CONFIG);
	EXPECT(strstr(hc_error_message(), elsewhere) != NULL);
	config.directory = before;
}

static void key_pairs_are_for_key_servers(void)
{
	struct hc_key_pair pair = { 0 };
	struct hc_secret plain = { 0 };
	EVP_PKEY *key = NULL;

	EXPECT(hc_provider_create_pair(provider, "dumps", 3072, &pair) == HC_E_CONFIG);
	EXPECT(strstr(hc_error_message(), "provider local is not of type kmip"));
	EXPECT(hc_provider_public_key(provider, "1", &key) == HC_E_CONFIG && !key);
	EXPECT(hc_provider_decrypt(provider, "1", "x", 1, &plain) == HC_E_CONFIG && !plain.data);
}

int main(void)
{
	char clean[160];

	if (!mkdtemp(top))
		return EXIT_FAILURE;
	snprintf(folder, sizeof(folder), "%s/local", top);
	config.directory = folder;
	if (hc_provider_local_open(&config, &provider) < 0)
		return EXIT_FAILURE;
	RUN(nothing_there_yet);
	RUN(created_key_comes_back);
	RUN(destroyed_key_is_gone);
	RUN(hostile_ids_are_refused);
	RUN(key_readable_by_others_is_refused);
	RUN(open_directory_is_refused);
	RUN(link_or_fifo_is_refused);
	RUN(cut_key_is_refused);
	RUN(check_warns);
	RUN(missing_parent_is_named);
	RUN(key_pairs_are_for_key_servers);
	provider->ops->close(provider);
	snprintf(clean, sizeof(clean), "rm -rf %s", top);
	return system(clean) == 0 ? unit_result() : EXIT_FAILURE;
}
