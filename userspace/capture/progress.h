/* SPDX-License-Identifier: GPL-2.0 */
/* How the work gets on, as the guard sees it (capture/guard.h). */
#ifndef HC_CAPTURE_PROGRESS_H
#define HC_CAPTURE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* What is awaited most often beside makedumpfile. */
#define PROGRESS_TARGET "the target of the dump"

/* @size bytes of zeros that this process and those it forks have in common, or NULL. */
void *progress_shared(size_t size);

/* Before the work is forked; without it nothing below does anything. HC_E_MEMORY. */
int progress_begin(void);

/* Something got on. */
void progress_step(void);

/* What comes next depends on @whom, which must last as long as the program. A step, too. */
void progress_await(const char *whom);

/* For how many seconds at most there may be no step. */
void progress_set_limit(unsigned seconds);

uint64_t progress_steps(void);
const char *progress_awaited(void);
unsigned progress_limit(void);

#endif
