// SPDX-License-Identifier: GPL-2.0
/* block:DEVICE, in the capture kernel. */
#include "capture/target_kinds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "capture/log.h"
#include "capture/setting.h"
#include "dump/environment.h"
#include "dump/mark.h"

static struct hc_dump_mark mark;

static bool is_ours(const char *device, const char *id)
{
	return hc_dump_mark_read(device, &mark) == 0 && strcmp(mark.id, id) == 0;
}

/* Devices may have other names in this kernel. */
static bool find_other(const char *id)
{
	DIR *folder = opendir("/sys/class/block");
	struct dirent *entry;
	bool found = false;
	char path[300];

	while (folder && !found && (entry = readdir(folder))) {
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		found = entry->d_name[0] != '.' && is_ours(path, id);
	}
	if (folder)
		closedir(folder);
	return found;
}

static int state(struct target *target, struct hc_dump_state_place *ret_place)
{
	const char *device = target->config->target.path;
	char id[64];
	int r = setting_read(HC_CAPTURE_MARK, id, sizeof(id));

	if (r < 0)
		return r;
	if (!is_ours(device, id) && !find_other(id))
		return hc_fail(HC_E_DUMP_TARGET, "the device of the dump target, %s, is not there",
			       device);
	*ret_place = mark.state;
	return 0;
}

static int open_device(struct target *target, const char *host, long long now)
{
	int r;

	(void)host;
	(void)now;
	if (mark.occupied)
		return hc_fail(HC_E_DUMP_TARGET,
			       "%s holds a dump that nobody has fetched, and that one is kept; "
			       "\"hostcrypt dump fetch\" takes it away",
			       target->config->target.path);
	target->fd = open(mark.state.path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (target->fd < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", mark.state.path, strerror(errno));
	/* Of what was there before, nothing shall follow the header that is written next. */
	r = hc_dump_mark_clear(target->fd);
	if (r < 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", mark.state.path, strerror(-r));
	target->room = mark.room;
	target->in_steps = true;
	snprintf(target->name, sizeof(target->name), "%s", target->config->target.path);
	return 0;
}

static void discard(struct target *target)
{
	int r = hc_dump_mark_clear(target->fd);

	if (r < 0)
		log_say("%s cannot be cleared: %s", target->name, strerror(-r));
	close(target->fd);
	target->fd = -1;
}

static void recover(struct target *target)
{
	struct hc_dump_state_place place;
	char why[600];

	snprintf(why, sizeof(why), "%s", hc_error_message());
	target->fd = state(target, &place) < 0 ? -1 : open(place.path, O_RDWR | O_CLOEXEC);
	if (target->fd < 0)
		log_say("%s cannot be cleared: %s", target->name, hc_error_message());
	else
		discard(target);
	if (hc_fail(HC_E_DUMP_TARGET, "%s", why) < 0)
		return;
}

static int commit(struct target *target)
{
	int error = fsync(target->fd) < 0 ? errno : 0;

	if (error) {
		discard(target);
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", target->name, strerror(error));
	}
	close(target->fd);
	target->fd = -1;
	return 0;
}

const struct target_kind target_block = {
	.state = state,
	.open = open_device,
	.commit = commit,
	.discard = discard,
	.recover = recover,
};
