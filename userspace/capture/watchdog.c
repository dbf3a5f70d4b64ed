// SPDX-License-Identifier: GPL-2.0
#include "capture/watchdog.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "capture/log.h"
#include "dump/environment.h"
#include "dump/watchdog.h"

struct wanted {
	char identity[64];
	int fd; /* -1: not there yet */
};

static struct wanted all[HC_WATCHDOGS];
static size_t n_all;

void watchdog_begin(void)
{
	FILE *file = fopen(HC_CAPTURE_FOLDER "/" HC_CAPTURE_WATCHDOGS, "re");

	if (!file)
		return;
	while (n_all < HC_WATCHDOGS &&
	       fgets(all[n_all].identity, sizeof(all[n_all].identity), file)) {
		all[n_all].identity[strcspn(all[n_all].identity, "\n")] = '\0';
		all[n_all++].fd = -1;
	}
	fclose(file);
}

/* Opening it arms it. */
static void try_open(struct wanted *wanted)
{
	static struct hc_watchdog found[HC_WATCHDOGS];
	size_t n = hc_watchdogs_find(found);
	char path[32];

	for (size_t i = 0; i < n && wanted->fd < 0; i++) {
		if (strcmp(found[i].identity, wanted->identity) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/watchdog%u", found[i].number);
		wanted->fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	if (wanted->fd >= 0)
		log_say("the watchdog %s looks after this, too", wanted->identity);
}

void watchdog_feed(void)
{
	for (size_t i = 0; i < n_all; i++) {
		if (all[i].fd < 0)
			try_open(&all[i]);
		/* One that cannot be fed does what it is for. */
		if (all[i].fd >= 0)
			hc_write_all(all[i].fd, "", 1);
	}
}
