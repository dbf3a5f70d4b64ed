// SPDX-License-Identifier: GPL-2.0
/* ssh:USER@HOST[:PORT]/FOLDER, in the running system. */
#include "dump/target_kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "dump/environment.h"
#include "dump/local_state.h"
#include "dump/overlay.h"
#include "dump/ssh.h"

#define PINNED_SIZE 16384
#define KEY_LIMIT 16384
#define ANSWER_SECONDS 60

static int check_key(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return hc_fail(HC_E_DUMP_TARGET,
			       "the key %s: %s; \"hostcrypt dump ssh-key\" makes one", path,
			       strerror(errno));
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "the private key %s can be read by others; chmod 600 %s", path, path);
	return 0;
}

static int pin(const struct hc_dump_config *config, char ret_lines[PINNED_SIZE])
{
	return hc_ssh_pin(config->target.host, config->target.port, config->ssh_known_hosts,
			  ret_lines, PINNED_SIZE);
}

/* Everything that the capture kernel will do, with what it will have, up to writing. */
static int try(const struct hc_dump_config *config, struct hc_dump_target *target)
{
	static char pinned[PINNED_SIZE];
	char path[64];
	HC_FD fd = memfd_create("known-hosts", 0);
	struct hc_ssh ssh = {
		.user = config->target.user,
		.address = target->route.host,
		.port = config->target.port,
		.folder = config->target.path,
		.key = config->ssh_key,
		.known_hosts = path,
		.patience = ANSWER_SECONDS,
	};
	int r = pin(config, pinned);

	if (r < 0)
		return r;
	if (fd < 0 || hc_write_all(fd, pinned, strlen(pinned)) < 0)
		return hc_fail(HC_E_MEMORY, "out of memory");
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	return hc_ssh_room(&ssh, &target->free_bytes);
}

static int find(const struct hc_dump_config *config, struct hc_dump_target *target)
{
	const struct hc_dump_place *place = &config->target;
	bool v6;
	int r = check_key(config->ssh_key);

	if (r == 0)
		r = hc_dump_local_state_find(config, target);
	if (r == 0)
		r = hc_route_find(place->host, &target->route);
	if (r < 0)
		return r;
	v6 = strchr(target->route.host, ':');
	snprintf(target->place, sizeof(target->place), "ssh:%s@%s%s%s:%u%s", place->user,
		 v6 ? "[" : "", target->route.host, v6 ? "]" : "", place->port, place->path);
	return 0;
}

static int put_key(const char *path, struct hc_cpio *cpio)
{
	HC_SECRET key = { 0 };
	HC_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	int r = hc_secret_alloc(KEY_LIMIT, &key);

	if (r < 0)
		return r;
	if (fd >= 0)
		n = read(fd, key.data, key.size);
	if (n < 0)
		return hc_fail_errno(errno, "%s", path);
	r = hc_cpio_file(cpio, &HC_CAPTURE_SSH_KEY[1], key.data, (size_t)n);
	return r < 0 ? hc_fail_errno(-r, "the archive with %s", path) : 0;
}

static int put(const struct hc_dump_config *config, const struct hc_dump_target *target,
	       struct hc_cpio *cpio)
{
	const struct hc_route *route = &target->route;
	static char pinned[PINNED_SIZE];
	char line[256];
	int r = put_key(config->ssh_key, cpio);

	if (r == 0)
		r = pin(config, pinned);
	if (r < 0)
		return r;
	r = hc_cpio_file(cpio, &HC_CAPTURE_KNOWN_HOSTS[1], pinned, strlen(pinned));
	if (r < 0)
		return hc_fail_errno(-r, "the archive with the known hosts");
	snprintf(line, sizeof(line), "%s %s/%u %s %s %u", route->mac, route->source, route->prefix,
		 route->gateway[0] ? route->gateway : "-", route->host, route->mtu);
	return hc_dump_overlay_line(cpio, HC_CAPTURE_NETWORK, line);
}

const struct hc_dump_target_kind hc_dump_target_ssh = {
	.find = find,
	.try = try,
	.state = hc_dump_local_state,
	.put = put,
};
