/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan: which volume is in which state and which is tried when. It does
 * nothing itself and knows no clock: whoever runs the attempts (agent.c)
 * asks plan_next() and says what came of it. Times are microseconds of one
 * steady clock.
 */
#ifndef HC_AGENT_PLAN_H
#define HC_AGENT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/retry.h"
#include "base/voltab.h"
#include "volume/volume.h"

#define PLAN_NEVER UINT64_MAX

enum plan_state {
	PLAN_WAITING, /* not tried yet, or something on the host is missing */
	PLAN_OPENING, /* the first try is under way */
	PLAN_OPEN,
	PLAN_LOCKED, /* the key is not to be had */
	PLAN_FAILED, /* no more tries before a reload */
	PLAN_NOAUTO, /* the table says to leave it alone */
	PLAN_CLOSED, /* was open and somebody closed it; left alone until a reload */
};

/* What came of a try. */
struct plan_result {
	int code; /* 0 or HC_E_ */
	char message[1024];
	struct hc_volume_trace trace;
};

struct plan_volume {
	struct hc_voltab_entry entry;
	enum plan_state state;
	struct plan_result result;  /* of the last try; code 0 and "" before it */
	uint64_t since;		    /* when @state last changed */
	uint64_t last_attempt;	    /* start of the last try; PLAN_NEVER before it */
	uint64_t due;		    /* next try; PLAN_NEVER for none */
	enum plan_state told_state; /* what was said of it last: plan_told() */
	int told_code;
	unsigned attempts;
	unsigned failures; /* in a row */
	bool trying;	   /* a try has not come back */
	bool stuck;	   /* that try is past its time; it holds no place any more */
	bool passed;	   /* counts as done in the first pass */
	bool renew;	   /* try once more at once when that try failed */
	bool dropped;	   /* no longer in the table; goes when its try comes back */
};

struct plan {
	struct plan_volume **volumes; /* in the table's order */
	size_t n_volumes;
	size_t parallel; /* tries at a time */
	struct retry_range range;
};

/*
 * Take @table as the new list. Open volumes stay open, also those that are no
 * longer in it; any other becomes due at once, whatever it waited for. The
 * entries move to the plan. HC_E_MEMORY: nothing changed.
 */
int plan_take(struct plan *plan, struct hc_voltab *table, uint64_t now);
void plan_free(struct plan *plan);

/* The volume to try now, or NULL; then plan_started(). */
struct plan_volume *plan_next(const struct plan *plan, uint64_t now);

/* When plan_next() may have something without anything else happening. */
uint64_t plan_wake(const struct plan *plan, uint64_t now);

void plan_started(struct plan_volume *volume, uint64_t now);

/* A try came back. @random: as for retry_delay(). Frees a dropped volume. */
void plan_ended(struct plan *plan, struct plan_volume *volume, const struct plan_result *result,
		uint64_t now, uint32_t random);

/*
 * A try is past its time: @result is what is shown of it. Its place is free
 * for others, but the volume is not tried again before plan_ended().
 */
void plan_overdue(struct plan_volume *volume, const struct plan_result *result, uint64_t now);

/* Without a try: found open; found gone; cannot be tried (@result says why). */
void plan_found_open(struct plan_volume *volume, uint64_t now);
void plan_found_closed(struct plan_volume *volume, uint64_t now);
void plan_refuse(struct plan_volume *volume, const struct plan_result *result, uint64_t now);

/* A device appeared: those whose device was missing are tried again soon. */
void plan_device_appeared(struct plan *plan);

/* Whether there is something to say: another state or another error than when
 * plan_told() was called last. That a try begins is no news. */
bool plan_news(const struct plan_volume *volume);
void plan_told(struct plan_volume *volume);

bool plan_first_pass_done(const struct plan *plan);
bool plan_any(const struct plan *plan, enum plan_state state);

const char *plan_state_name(enum plan_state state);

#endif
