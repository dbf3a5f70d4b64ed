/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bar on standard error: how much is done of what takes its time, how fast, how long
 * still. Only on a terminal, and only while the program is in its foreground; nothing of
 * it stays on the screen.
 */
#ifndef HC_CMD_PROGRESS_H
#define HC_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct cmd_progress {
	bool on;
	uint64_t total; /* bytes; 0 where that is not known */
	uint64_t done;
	struct timespec began, drawn;
};

/* Is there such a terminal? Otherwise nobody need find out a total. */
bool cmd_progress_shown(void);

void cmd_progress_begin(struct cmd_progress *progress, uint64_t total);
/* So much is done; drawn ten times a second at most. */
void cmd_progress_at(struct cmd_progress *progress, uint64_t done);
/* Shows where it ended, and gives the line back. */
void cmd_progress_end(struct cmd_progress *progress);

#endif
