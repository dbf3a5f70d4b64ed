/* SPDX-License-Identifier: GPL-2.0 */
/* What the agent does about a volume that did not open: how long it waits
 * before the next try, and whether there is one. */
#ifndef HC_AGENT_RETRY_H
#define HC_AGENT_RETRY_H

#include <stdint.h>

enum retry_kind {
	RETRY_HOST,  /* something on this host is not there yet: the volume is "waiting" */
	RETRY_KEY,   /* the key is not to be had now: "locked" */
	RETRY_NEVER, /* no try will help before somebody changes something: "failed" */
};

/* What a failure with the HC_E_ @code means. */
enum retry_kind retry_kind(int code);

struct retry_range {
	uint64_t min_us;
	uint64_t max_us;
};

/*
 * Microseconds until the next try after @failures (1 and up) failures in a
 * row: doubling from @range's minimum to its maximum, less up to a quarter of
 * that, so that hosts that lost the same key server do not come back in step.
 * @random: any 32 random bits.
 */
uint64_t retry_delay(const struct retry_range *range, unsigned failures, uint32_t random);

#endif
