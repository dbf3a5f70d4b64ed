/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Things around the agent that change: its files, device-mapper's nodes, the
 * host's block devices. What cannot be watched (a folder that is not there, no
 * udev) is left out: the agent's timers find the same, only later.
 */
#ifndef HC_AGENT_WATCH_H
#define HC_AGENT_WATCH_H

#include <systemd/sd-event.h>

/* Each returns 0, or a negative errno that ends the event loop. */
struct watch_calls {
	int (*files_changed)(void *userdata);	 /* a second after the last change */
	int (*mappings_changed)(void *userdata); /* /dev/mapper */
	int (*device_appeared)(void *userdata);
};

struct watch;

/* @calls must outlive the watch. HC_E_MEMORY. */
int watch_start(sd_event *event, const struct watch_calls *calls, void *userdata,
		const char *config_path, const char *volumes_path, struct watch **ret_watch);
void watch_stop(struct watch *watch); /* NULL is left alone */

#endif
