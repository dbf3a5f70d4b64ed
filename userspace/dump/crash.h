/* SPDX-License-Identifier: GPL-2.0 */
/* What became of the last crash, in words. */
#ifndef HC_DUMP_CRASH_H
#define HC_DUMP_CRASH_H

#include <stdbool.h>
#include <stddef.h>

#include "dump/config.h"
#include "dump/state.h"

/* Left by the first "dump load" after a crash, for the agent, which tells it and
 * removes the file: one line. */
#define HC_DUMP_CRASH_FILE "/run/hostcrypt/dump-crash"

struct hc_dump_crash {
	struct hc_dump_state_entry entry;
	bool fresh; /* no capture kernel was loaded since */
	/* "left the dump /var/crash/..., which support can read", "left no dump: ..." */
	char text[2048];
};

/* False where nothing crashed, or where that is not known. */
bool hc_dump_crash_find(const struct hc_dump_config *config, struct hc_dump_crash *ret_crash);

/* "the crash of TIME left ..." into HC_DUMP_CRASH_FILE. */
int hc_dump_crash_leave(const struct hc_dump_crash *crash);

#endif
