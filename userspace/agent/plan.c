// SPDX-License-Identifier: GPL-2.0
#include "agent/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const char *plan_state_name(enum plan_state state)
{
	static const char *const names[] = {
		[PLAN_WAITING] = "waiting", [PLAN_OPENING] = "opening", [PLAN_OPEN] = "open",
		[PLAN_LOCKED] = "locked",   [PLAN_FAILED] = "failed",	[PLAN_NOAUTO] = "noauto",
		[PLAN_CLOSED] = "closed",
	};

	return names[state];
}

static void enter(struct plan_volume *volume, enum plan_state state, uint64_t now)
{
	if (volume->state != state)
		volume->since = now;
	volume->state = state;
}

static void free_volume(struct plan_volume *volume)
{
	hc_voltab_entry_free(&volume->entry);
	free(volume);
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_volumes; i++)
		free_volume(plan->volumes[i]);
	free(plan->volumes);
	plan->volumes = NULL;
	plan->n_volumes = 0;
}

static struct plan_volume *find(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_volumes; i++)
		if (strcmp(plan->volumes[i]->entry.name, name) == 0)
			return plan->volumes[i];
	return NULL;
}

static struct plan_volume *new_volume(uint64_t now)
{
	struct plan_volume *volume = calloc(1, sizeof(*volume));

	if (volume) {
		volume->state = PLAN_WAITING;
		volume->since = now;
		volume->last_attempt = PLAN_NEVER;
	}
	return volume;
}

/* Give @volume its line, and its next try where it is to be tried. */
static void assign(struct plan_volume *volume, struct hc_voltab_entry *entry, uint64_t now)
{
	hc_voltab_entry_free(&volume->entry);
	volume->entry = *entry;
	*entry = (struct hc_voltab_entry){ 0 };
	volume->dropped = false;
	if (volume->trying) {
		volume->renew = true;
		return;
	}
	if (volume->state == PLAN_OPEN)
		return;
	if (volume->entry.noauto) {
		enter(volume, PLAN_NOAUTO, now);
		volume->due = PLAN_NEVER;
		volume->passed = true;
		return;
	}
	if (volume->state == PLAN_NOAUTO || volume->state == PLAN_CLOSED)
		enter(volume, PLAN_WAITING, now);
	volume->failures = 0;
	volume->due = now;
}

int plan_take(struct plan *plan, struct hc_voltab *table, uint64_t now)
{
	size_t room = table->n_entries + plan->n_volumes;
	struct plan_volume **volumes = calloc(room ? room : 1, sizeof(*volumes));
	size_t n = 0;

	for (; volumes && n < table->n_entries; n++) {
		volumes[n] = find(plan, table->entries[n].name);
		if (!volumes[n])
			volumes[n] = new_volume(now);
		if (!volumes[n])
			break;
	}
	if (n < table->n_entries || !volumes) {
		while (n-- > 0)
			if (!volumes[n]->entry.name)
				free_volume(volumes[n]);
		free(volumes);
		return hc_fail(HC_E_MEMORY, "out of memory");
	}

	/* What is found again below is no longer dropped. */
	for (size_t i = 0; i < plan->n_volumes; i++)
		plan->volumes[i]->dropped = true;
	for (size_t i = 0; i < n; i++)
		assign(volumes[i], &table->entries[i], now);
	for (size_t i = 0; i < plan->n_volumes; i++) {
		struct plan_volume *volume = plan->volumes[i];

		if (volume->dropped && volume->trying)
			volumes[n++] = volume;
		else if (volume->dropped)
			free_volume(volume);
	}
	free(plan->volumes);
	plan->volumes = volumes;
	plan->n_volumes = n;
	return 0;
}

/* Retries get half of the places only: a key server that hangs must not keep
 * a volume that was never tried, or that another server serves, from its try. */
static bool has_place(const struct plan *plan, bool retry)
{
	size_t running = 0, retries = 0;

	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *volume = plan->volumes[i];

		if (!volume->trying || volume->stuck)
			continue;
		running++;
		retries += volume->attempts > 1;
	}
	return running < plan->parallel && (!retry || retries < (plan->parallel + 1) / 2);
}

struct plan_volume *plan_next(const struct plan *plan, uint64_t now)
{
	struct plan_volume *best = NULL;

	for (size_t i = 0; i < plan->n_volumes; i++) {
		struct plan_volume *volume = plan->volumes[i];
		bool untried = volume->attempts == 0;

		if (volume->trying || volume->due > now)
			continue;
		if (!best || (untried && best->attempts > 0) ||
		    (untried == (best->attempts == 0) && volume->due < best->due))
			best = volume;
	}
	return best && has_place(plan, best->attempts > 0) ? best : NULL;
}

uint64_t plan_wake(const struct plan *plan, uint64_t now)
{
	uint64_t wake = PLAN_NEVER;

	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *volume = plan->volumes[i];

		if (!volume->trying && volume->due > now && volume->due < wake)
			wake = volume->due;
	}
	return wake;
}

void plan_started(struct plan_volume *volume, uint64_t now)
{
	volume->trying = true;
	volume->attempts++;
	volume->last_attempt = now;
	volume->due = PLAN_NEVER;
	if (volume->result.code == 0)
		enter(volume, PLAN_OPENING, now);
}

/* Keep what an earlier try learnt where this one did not get that far. */
static void take_result(struct plan_volume *volume, const struct plan_result *result)
{
	struct hc_volume_trace trace = volume->result.trace;

	volume->result = *result;
	if (!result->trace.uuid[0])
		volume->result.trace = trace;
}

static void enter_failure(struct plan_volume *volume, uint64_t now)
{
	static const enum plan_state states[] = {
		[RETRY_HOST] = PLAN_WAITING,
		[RETRY_KEY] = PLAN_LOCKED,
		[RETRY_NEVER] = PLAN_FAILED,
	};

	enter(volume, states[retry_kind(volume->result.code)], now);
}

/* The server that served @opened is there again for all it serves. */
static void wake_neighbours(struct plan *plan, const struct plan_volume *opened, uint64_t now)
{
	const char *provider = opened->result.trace.provider;

	for (size_t i = 0; i < plan->n_volumes && provider[0]; i++) {
		struct plan_volume *volume = plan->volumes[i];

		if (volume->state == PLAN_LOCKED && !volume->trying && volume->due > now &&
		    strcmp(volume->result.trace.provider, provider) == 0)
			volume->due = now;
	}
}

static void remove_volume(struct plan *plan, struct plan_volume *volume)
{
	size_t i = 0;

	while (plan->volumes[i] != volume)
		i++;
	plan->n_volumes--;
	memmove(&plan->volumes[i], &plan->volumes[i + 1],
		(plan->n_volumes - i) * sizeof(plan->volumes[0]));
	free_volume(volume);
}

void plan_ended(struct plan *plan, struct plan_volume *volume, const struct plan_result *result,
		uint64_t now, uint32_t random)
{
	bool renew = volume->renew;

	volume->trying = false;
	volume->stuck = false;
	volume->renew = false;
	volume->passed = true;
	if (volume->dropped) {
		remove_volume(plan, volume);
		return;
	}
	take_result(volume, result);
	if (result->code == 0) {
		plan_found_open(volume, now);
		wake_neighbours(plan, volume, now);
		return;
	}
	if (volume->entry.noauto) {
		enter(volume, PLAN_NOAUTO, now);
		return;
	}
	enter_failure(volume, now);
	volume->failures = renew ? 0 : volume->failures + 1;
	if (renew)
		volume->due = now;
	else if (volume->state != PLAN_FAILED)
		volume->due = now + retry_delay(&plan->range, volume->failures, random);
}

void plan_overdue(struct plan_volume *volume, const struct plan_result *result, uint64_t now)
{
	volume->stuck = true;
	volume->passed = true;
	take_result(volume, result);
	enter_failure(volume, now);
}

void plan_found_open(struct plan_volume *volume, uint64_t now)
{
	enter(volume, PLAN_OPEN, now);
	volume->result.code = 0;
	volume->result.message[0] = '\0';
	volume->due = PLAN_NEVER;
	volume->passed = true;
}

void plan_found_closed(struct plan_volume *volume, uint64_t now)
{
	enter(volume, volume->entry.noauto ? PLAN_NOAUTO : PLAN_CLOSED, now);
	volume->due = PLAN_NEVER;
}

void plan_refuse(struct plan_volume *volume, const struct plan_result *result, uint64_t now)
{
	take_result(volume, result);
	enter(volume, PLAN_FAILED, now);
	volume->due = PLAN_NEVER;
	volume->passed = true;
}

void plan_device_appeared(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_volumes; i++) {
		struct plan_volume *volume = plan->volumes[i];
		/* Not more than one try in the shortest wait. */
		uint64_t soon = volume->last_attempt + plan->range.min_us;

		if (volume->trying || volume->state != PLAN_WAITING ||
		    volume->result.code != HC_E_DEVICE_MISSING)
			continue;
		if (soon < volume->due)
			volume->due = soon;
	}
}

bool plan_news(const struct plan_volume *volume)
{
	if (volume->state == PLAN_OPENING ||
	    (volume->state == PLAN_WAITING && volume->result.code == 0))
		return false;
	return volume->state != volume->told_state || volume->result.code != volume->told_code;
}

void plan_told(struct plan_volume *volume)
{
	volume->told_state = volume->state;
	volume->told_code = volume->result.code;
}

bool plan_first_pass_done(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_volumes; i++)
		if (!plan->volumes[i]->passed && !plan->volumes[i]->dropped)
			return false;
	return true;
}

bool plan_any(const struct plan *plan, enum plan_state state)
{
	for (size_t i = 0; i < plan->n_volumes; i++)
		if (plan->volumes[i]->state == state)
			return true;
	return false;
}
