// SPDX-License-Identifier: GPL-2.0
#include "agent/watch.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include <systemd/sd-device.h>

#include "base/error.h"

#define MAPPER_FOLDER "/dev/mapper"
#define SETTLE_US 1000000 /* an editor writes, renames and sets modes in a row */

struct watch {
	const struct watch_calls *calls;
	void *userdata;
	char config_name[NAME_MAX + 1], volumes_name[NAME_MAX + 1]; /* without folders */
	sd_event_source *config, *volumes, *mapper, *settle;
	sd_device_monitor *devices;
};

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watch *watch = userdata;

	(void)source;
	(void)usec;
	return watch->calls->files_changed(watch->userdata);
}

static bool is_ours(const struct watch *watch, const struct inotify_event *event)
{
	return event->len > 0 && (strcmp(event->name, watch->config_name) == 0 ||
				  strcmp(event->name, watch->volumes_name) == 0);
}

static int on_file(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct watch *watch = userdata;
	int r;

	(void)source;
	if (!is_ours(watch, event))
		return 0;
	r = sd_event_source_set_time_relative(watch->settle, SETTLE_US);
	return r < 0 ? r : sd_event_source_set_enabled(watch->settle, SD_EVENT_ONESHOT);
}

static int on_mapper(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct watch *watch = userdata;

	(void)source;
	(void)event;
	return watch->calls->mappings_changed(watch->userdata);
}

/* "change" too: that is when a device-mapper device gets its table. */
static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct watch *watch = userdata;
	sd_device_action_t action;

	(void)monitor;
	if (sd_device_get_action(device, &action) < 0 || action == SD_DEVICE_REMOVE)
		return 0;
	return watch->calls->device_appeared(watch->userdata);
}

/* The folder, not the file: editors put a new file in the old one's place. */
static void watch_file(struct watch *watch, sd_event *event, const char *path,
		       char name[NAME_MAX + 1], sd_event_source **source)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");

	snprintf(name, NAME_MAX + 1, "%s", slash ? slash + 1 : path);
	if (folder)
		sd_event_add_inotify(event, source, folder,
				     IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE, on_file, watch);
	free(folder);
}

static void watch_devices(struct watch *watch, sd_event *event)
{
	if (sd_device_monitor_new(&watch->devices) < 0)
		return;
	if (sd_device_monitor_filter_add_match_subsystem_devtype(watch->devices, "block", NULL) <
		    0 ||
	    sd_device_monitor_attach_event(watch->devices, event) < 0 ||
	    sd_device_monitor_start(watch->devices, on_device, watch) < 0) {
		sd_device_monitor_unref(watch->devices);
		watch->devices = NULL;
	}
}

int watch_start(sd_event *event, const struct watch_calls *calls, void *userdata,
		const char *config_path, const char *volumes_path, struct watch **ret_watch)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return hc_fail(HC_E_MEMORY, "out of memory");
	watch->calls = calls;
	watch->userdata = userdata;
	if (sd_event_add_time(event, &watch->settle, CLOCK_BOOTTIME, UINT64_MAX, 0, on_settled,
			      watch) < 0) {
		free(watch);
		return hc_fail(HC_E_MEMORY, "out of memory");
	}
	watch_file(watch, event, config_path, watch->config_name, &watch->config);
	watch_file(watch, event, volumes_path, watch->volumes_name, &watch->volumes);
	sd_event_add_inotify(event, &watch->mapper, MAPPER_FOLDER,
			     IN_CREATE | IN_DELETE | IN_MOVED_TO, on_mapper, watch);
	watch_devices(watch, event);
	*ret_watch = watch;
	return 0;
}

void watch_stop(struct watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->config);
	sd_event_source_disable_unref(watch->volumes);
	sd_event_source_disable_unref(watch->mapper);
	sd_event_source_disable_unref(watch->settle);
	sd_device_monitor_unref(watch->devices);
	free(watch);
}
