/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the agent says: to the journal with fields of its own
 * (HOSTCRYPT_VOLUME=, HOSTCRYPT_STATE=, HOSTCRYPT_ERROR=, HOSTCRYPT_PROVIDER=,
 * HOSTCRYPT_ENDPOINT=, HOSTCRYPT_KEK=) when the journal reads our standard
 * error, as plain lines on standard error otherwise.
 */
#ifndef HC_AGENT_JOURNAL_H
#define HC_AGENT_JOURNAL_H

#include <syslog.h>

#include "agent/plan.h"

/* A line of no volume; @priority is one of syslog's. */
void journal_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The state of @volume as it is now. */
void journal_volume(const struct plan_volume *volume);

#endif
