/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The agent: opens the volumes of the table, again and again where it must,
 * until each is open or cannot be. One thread, one event loop; the work is
 * done in child processes (attempt.h), the decisions are in plan.h.
 */
#ifndef HC_AGENT_AGENT_H
#define HC_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/attempt.h"
#include "agent/retry.h"
#include "kernel/kdump.h"

struct agent_options {
	const char *config_path;
	const char *volumes_path;
	const char *state_path;
	attempt_open open;
	/* Whether a volume of this name is open, without waiting for anything. */
	bool (*is_open)(const char *name);
	enum hc_kdump (*kdump)(void);
	const char *crash_path; /* what became of a crash, to be told once */
	struct retry_range retry;
	uint64_t attempt_limit_us; /* 0: made from the providers' time limits */
	uint64_t look_interval_us; /* how often open volumes are looked at */
	uint64_t stop_limit_us;	   /* how long SIGTERM waits for tries under way */
	size_t parallel;	   /* tries at a time */
};

/*
 * Run until SIGTERM or SIGINT. SIGHUP reads both files again. SIGCHLD and
 * these signals get blocked. Volumes that are open when it ends stay open.
 * HC_E_SYSTEM or HC_E_MEMORY when it cannot run at all.
 */
int agent_run(const struct agent_options *options);

#endif
