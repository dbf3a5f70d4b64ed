/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Somebody who does none of the work, and so sees to it that it ends: when it crashes,
 * is killed for its memory, or gets on no more (capture/progress.h).
 *
 * The guard waits for no disk and no program, only for time: what may hang is done in
 * processes that it forks.
 */
#ifndef HC_CAPTURE_GUARD_H
#define HC_CAPTURE_GUARD_H

/*
 * Run @work in a process of its own: true (1) or false (0) are ends that it has told
 * itself. After any other, it and what it started are killed, and @clean is run with
 * the reason, for some time at most.
 */
void guard_run(int (*work)(void), void (*clean)(const char *why));

/* Start the machine again, one way or the other. Returns where there is none. */
void guard_restart(void);

#endif
