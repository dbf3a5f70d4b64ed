/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tries under way: a child process each (attempt.h) and a limit on its
 * time, on an event loop.
 */
#ifndef HC_AGENT_CHILDREN_H
#define HC_AGENT_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "agent/attempt.h"
#include "agent/plan.h"
#include "base/config.h"

/* Each returns 0, or a negative errno that ends the event loop. */
struct children_calls {
	/* The child is gone; @result is what came of the try. */
	int (*over)(void *userdata, struct plan_volume *volume, const struct plan_result *result);
	/*
	 * Its time is up and it was killed. over() follows when it is gone; a
	 * process that waits for a disk may take for ever to go.
	 */
	int (*overdue)(void *userdata, struct plan_volume *volume,
		       const struct plan_result *result);
};

struct children;

/* @calls must outlive the children. HC_E_MEMORY. */
int children_new(sd_event *event, attempt_open open, const struct children_calls *calls,
		 void *userdata, struct children **ret_children);

/* Forget them all; those that run go on running. NULL is left alone. */
void children_free(struct children *children);

/* Start a try of @volume, which must last until over(). HC_E_SYSTEM, HC_E_MEMORY. */
int children_start(struct children *children, const struct hc_config *config,
		   struct plan_volume *volume, uint64_t limit_us);

bool children_any(const struct children *children);
void children_kill(struct children *children);

#endif
