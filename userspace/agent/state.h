/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the agent shows of itself: a file for "hostcrypt status", and a line
 * for systemd.
 *
 * The file (HC_STATE_FILE) is one JSON object, replaced as a whole:
 *	version 1, pid, first_pass_done, problem (what is wrong with the
 *	configuration, or null), volumes: array of
 *		name, device, state (waiting, opening, open, locked, failed,
 *		noauto, closed), uuid, provider, endpoint, kek ("" where unknown),
 *		error: null or { word, exit, message } of the last try, attempts,
 *		last_attempt, next_attempt, since (ISO 8601 in UTC, or null)
 */
#ifndef HC_AGENT_STATE_H
#define HC_AGENT_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/plan.h"

/* @now: of the plan's clock; the wall clock is read here. HC_E_SYSTEM. */
int state_write(const char *path, const struct plan *plan, const char *problem, uint64_t now);

/* "1 of 2 open: vm2 locked (kms-unreachable), vm1 open", cut to @size. */
void state_line(const struct plan *plan, const char *problem, char *buffer, size_t size);

#endif
