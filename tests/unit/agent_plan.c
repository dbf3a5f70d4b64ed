// SPDX-License-Identifier: GPL-2.0
/* The agent's plan on a made-up clock: states, back-off, places, reloads. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan.h"
#include "agent/retry.h"
#include "base/error.h"

#define S UINT64_C(1000000)

static struct plan plan;
static uint64_t now;

static void begin(size_t parallel)
{
	plan_free(&plan);
	plan = (struct plan){ .parallel = parallel, .range = { 1 * S, 30 * S } };
	now = 1000 * S;
}

/* Take a table of @names, separated by blanks; "!" in front means noauto. */
static void take(const char *names)
{
	struct hc_voltab table = { .entries = calloc(64, sizeof(*table.entries)) };
	char copy[1024], *save;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		struct hc_voltab_entry *entry = &table.entries[table.n_entries++];

		entry->noauto = *name == '!';
		entry->name = strdup(name + entry->noauto);
		entry->device = strdup("/dev/x");
	}
	EXPECT(plan_take(&plan, &table, now) == 0);
	hc_voltab_free(&table);
}

static struct plan_volume *volume(const char *name)
{
	for (size_t i = 0; i < plan.n_volumes; i++)
		if (strcmp(plan.volumes[i]->entry.name, name) == 0)
			return plan.volumes[i];
	return NULL;
}

static struct plan_volume *start(void)
{
	struct plan_volume *next = plan_next(&plan, now);

	if (next)
		plan_started(next, now);
	return next;
}

static void finish_at(struct plan_volume *v, int code, const char *provider)
{
	struct plan_result result = { .code = code };

	snprintf(result.trace.provider, sizeof(result.trace.provider), "%s", provider);
	snprintf(result.trace.uuid, sizeof(result.trace.uuid), "%s", *provider ? "u" : "");
	snprintf(result.message, sizeof(result.message), "%s", code ? "why" : "");
	plan_ended(&plan, v, &result, now, 0);
}

static void finish(struct plan_volume *v, int code)
{
	finish_at(v, code, "");
}

static void each_error_has_its_state(void)
{
	static const struct {
		int code;
		enum plan_state state;
	} cases[] = {
		{ HC_E_KMS_UNREACHABLE, PLAN_LOCKED },	{ HC_E_KMS_TIMEOUT, PLAN_LOCKED },
		{ HC_E_TLS_UNTRUSTED, PLAN_LOCKED },	{ HC_E_TLS_EXPIRED, PLAN_LOCKED },
		{ HC_E_TLS_HOSTNAME, PLAN_LOCKED },	{ HC_E_TLS_REFUSED, PLAN_LOCKED },
		{ HC_E_KMIP_MALFORMED, PLAN_LOCKED },	{ HC_E_KMIP_TRUNCATED, PLAN_LOCKED },
		{ HC_E_KMIP_TOO_LARGE, PLAN_LOCKED },	{ HC_E_KMIP_REFUSED, PLAN_LOCKED },
		{ HC_E_KMIP_VERSION, PLAN_LOCKED },	{ HC_E_KMIP_AUTH, PLAN_LOCKED },
		{ HC_E_KEK_NOT_FOUND, PLAN_LOCKED },	{ HC_E_KEK_DENIED, PLAN_LOCKED },
		{ HC_E_KEK_NOT_ACTIVE, PLAN_LOCKED },	{ HC_E_KEYFILE_PERMS, PLAN_LOCKED },
		{ HC_E_CERT_FILE, PLAN_LOCKED },	{ HC_E_DEVICE_MISSING, PLAN_WAITING },
		{ HC_E_DEVICE_BUSY, PLAN_WAITING },	{ HC_E_MODULE_ABSENT, PLAN_WAITING },
		{ HC_E_MODULE_REFUSED, PLAN_WAITING },	{ HC_E_MEMORY, PLAN_WAITING },
		{ HC_E_SYSTEM, PLAN_WAITING },		{ HC_E_INTERNAL, PLAN_WAITING },
		{ HC_E_HEADER_MAC, PLAN_FAILED },	{ HC_E_HEADER_FOREIGN, PLAN_FAILED },
		{ HC_E_HEADER_CIPHER, PLAN_FAILED },	{ HC_E_HEADER_TOKEN, PLAN_FAILED },
		{ HC_E_HEADER_KEYSLOT, PLAN_FAILED },	{ HC_E_CONFIG, PLAN_FAILED },
		{ HC_E_PROVIDER_UNKNOWN, PLAN_FAILED }, { HC_E_NOT_A_VOLUME, PLAN_FAILED },
		{ HC_E_NAME_TAKEN, PLAN_FAILED },	{ HC_E_DEVICE_SMALL, PLAN_FAILED },
		{ HC_E_MODULE_VERSION, PLAN_FAILED },	{ HC_E_KEK_UNFIT, PLAN_FAILED },
		{ HC_E_CIPHER_SLOW, PLAN_FAILED },	{ HC_E_KEY_CONFLICT, PLAN_FAILED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_volume *v;

		begin(4);
		take("vm1");
		v = start();
		if (!EXPECT(v && v->state == PLAN_OPENING))
			return;
		finish(v, cases[i].code);
		if (!EXPECT(v->state == cases[i].state))
			printf("code %d\n", cases[i].code);
		EXPECT((v->due == PLAN_NEVER) == (cases[i].state == PLAN_FAILED));
		EXPECT(v->result.code == cases[i].code && strcmp(v->result.message, "why") == 0);
	}
}

/* 1 s, doubled up to 30 s, as seen by when plan_next() says something. */
static void retries_back_off(void)
{
	static const unsigned waits[] = { 1, 2, 4, 8, 16, 30, 30, 30 };
	struct plan_volume *v;

	begin(4);
	take("vm1");
	v = start();
	for (size_t i = 0; v && i < sizeof(waits) / sizeof(waits[0]); i++) {
		now += S / 10;
		finish(v, HC_E_KMS_UNREACHABLE);
		EXPECT(plan_wake(&plan, now) == now + waits[i] * S);
		now += waits[i] * S - 1;
		EXPECT(!plan_next(&plan, now));
		now += 1;
		EXPECT(start() == v && v->state == PLAN_LOCKED);
	}
	finish(v, 0);
	EXPECT(v->state == PLAN_OPEN && v->since == now && v->result.code == 0);
	EXPECT(!v->result.message[0] && plan_wake(&plan, now) == PLAN_NEVER);
	EXPECT(v->attempts == 9);
}

static void jitter_only_shortens(void)
{
	const struct retry_range range = { 1 * S, 30 * S };

	for (unsigned failures = 1; failures < 80; failures++) {
		uint64_t longest = retry_delay(&range, failures, 0);

		EXPECT(longest >= 1 * S && longest <= 30 * S);
		EXPECT(retry_delay(&range, failures, UINT32_MAX) == longest - longest / 4);
		EXPECT(retry_delay(&range, failures, UINT32_MAX / 2) < longest);
	}
}

/* After success the next outage starts from the shortest wait again. */
static void success_forgets_failures(void)
{
	struct plan_volume *v;

	begin(4);
	take("vm1");
	for (int i = 0; i < 6; i++) {
		v = start();
		finish(v, HC_E_KMS_UNREACHABLE);
		now = plan_wake(&plan, now);
	}
	v = start();
	finish(v, 0);
	plan_found_closed(v, now);
	take("vm1");
	v = start();
	finish(v, HC_E_KMS_UNREACHABLE);
	EXPECT(v->due == now + S);
}

static void places_are_bounded(void)
{
	struct plan_volume *a, *b;

	begin(2);
	take("a b c d");
	a = start();
	b = start();
	EXPECT(a && b && a != b && !start());
	finish(a, 0);
	EXPECT(start() == volume("c") && !start());
	finish(b, HC_E_HEADER_MAC);
	EXPECT(start() == volume("d"));
}

/* Retries against a server that hangs leave room for the untried. */
static void retries_get_half_of_the_places(void)
{
	begin(4);
	take("a b c d");
	for (int i = 0; i < 4; i++)
		EXPECT(start());
	for (size_t i = 0; i < 4; i++)
		finish(plan.volumes[i], HC_E_KMS_TIMEOUT);
	now += 5 * S;
	EXPECT(start() && start() && !start());
	take("a b c d e f");
	EXPECT(start() == volume("e") && start() == volume("f") && !start());
}

static void untried_come_first(void)
{
	struct plan_volume *v;

	begin(1);
	take("a b");
	v = start();
	EXPECT(v == volume("a"));
	now += 100 * S;
	finish(v, HC_E_KMS_TIMEOUT);
	now += 100 * S;
	EXPECT(start() == volume("b"));
}

/* A try that cannot even be killed neither holds a place nor the first pass. */
static void overdue_try_holds_up_nobody(void)
{
	const struct plan_result late = { .code = HC_E_SYSTEM };
	struct plan_volume *a;

	begin(1);
	take("a b");
	a = start();
	EXPECT(!start() && !plan_first_pass_done(&plan));
	plan_overdue(a, &late, now);
	EXPECT(a->state == PLAN_WAITING && start() == volume("b"));
	finish(volume("b"), 0);
	EXPECT(plan_first_pass_done(&plan));
	now += 1000 * S;
	EXPECT(!start() && plan_wake(&plan, now) == PLAN_NEVER);
	finish(a, HC_E_SYSTEM);
	EXPECT(a->failures == 1 && plan_wake(&plan, now) == now + S);
	now += S;
	EXPECT(start() == a);
}

static void first_pass(void)
{
	begin(4);
	EXPECT(plan_first_pass_done(&plan));
	take("a b !c");
	EXPECT(!plan_first_pass_done(&plan) && volume("c")->state == PLAN_NOAUTO);
	finish(start(), 0);
	EXPECT(!plan_first_pass_done(&plan));
	finish(start(), HC_E_DEVICE_MISSING);
	EXPECT(plan_first_pass_done(&plan));
	now += 1000 * S;
	EXPECT(start() == volume("b") && plan_first_pass_done(&plan) && !start());
}

/* One success tells that the server is back; others of it do not wait on. */
static void success_wakes_neighbours(void)
{
	begin(8);
	take("a b c d e");
	for (int i = 0; i < 5; i++)
		start();
	finish_at(volume("a"), HC_E_KMS_UNREACHABLE, "main");
	finish_at(volume("b"), HC_E_KMS_UNREACHABLE, "main");
	finish_at(volume("c"), HC_E_KMS_UNREACHABLE, "other");
	finish_at(volume("d"), HC_E_HEADER_MAC, "main");
	finish_at(volume("e"), HC_E_KMS_UNREACHABLE, "");
	now += S / 2;
	volume("a")->due = now;
	EXPECT(start() == volume("a") && !start());
	finish_at(volume("a"), 0, "main");
	EXPECT(start() == volume("b") && !start());
}

static void reload_tries_all_but_the_open(void)
{
	begin(8);
	take("a b c d");
	for (int i = 0; i < 4; i++)
		start();
	finish(volume("a"), 0);
	finish(volume("b"), HC_E_KMS_UNREACHABLE);
	finish(volume("c"), HC_E_HEADER_MAC);
	finish(volume("d"), 0);
	plan_found_closed(volume("d"), now);
	EXPECT(volume("d")->state == PLAN_CLOSED);
	now += 500 * S;
	EXPECT(start() == volume("b") && !start());
	finish(volume("b"), HC_E_KMS_UNREACHABLE);
	take("d c b a");
	EXPECT(strcmp(plan.volumes[0]->entry.name, "d") == 0);
	EXPECT(volume("a")->state == PLAN_OPEN && volume("a")->due == PLAN_NEVER);
	EXPECT(start() && start() && start() && !start() && !volume("a")->trying);
}

static void reload_drops_and_takes_back(void)
{
	struct plan_volume *a, *b;

	begin(8);
	take("a b c");
	a = start();
	b = start();
	take("c");
	EXPECT(plan.n_volumes == 3 && a->dropped && b->dropped);
	take("a c");
	EXPECT(plan.n_volumes == 3 && !a->dropped && b->dropped);
	finish(b, 0);
	EXPECT(plan.n_volumes == 2 && !volume("b"));
	/* Its line may have changed under the try, so it is tried at once again. */
	finish(a, HC_E_HEADER_MAC);
	EXPECT(a->due == now && plan_next(&plan, now) == volume("c"));
	take("");
	EXPECT(plan.n_volumes == 0 && plan_first_pass_done(&plan));
}

static void reload_to_noauto_and_back(void)
{
	struct plan_volume *v;

	begin(8);
	take("a");
	v = start();
	take("!a");
	finish(v, HC_E_KMS_UNREACHABLE);
	EXPECT(v->state == PLAN_NOAUTO && v->due == PLAN_NEVER);
	take("a");
	EXPECT(v->state == PLAN_WAITING && start() == v);
	finish(v, 0);
	take("!a");
	EXPECT(v->state == PLAN_OPEN);
	plan_found_closed(v, now);
	EXPECT(v->state == PLAN_NOAUTO);
}

static void closed_is_left_alone(void)
{
	struct plan_volume *v;

	begin(8);
	take("a");
	v = start();
	finish(v, 0);
	plan_found_closed(v, now);
	now += 10000 * S;
	EXPECT(!start() && plan_wake(&plan, now) == PLAN_NEVER);
	plan_found_open(v, now);
	EXPECT(v->state == PLAN_OPEN && v->since == now);
}

static void missing_device_is_tried_when_one_appears(void)
{
	struct plan_volume *a, *b;

	begin(8);
	take("a b");
	a = start();
	b = start();
	for (int i = 0; i < 8; i++) {
		finish(a, HC_E_DEVICE_MISSING);
		now += 40 * S;
		EXPECT(start() == a);
	}
	finish(a, HC_E_DEVICE_MISSING);
	finish(b, HC_E_KMS_UNREACHABLE);
	b->due = now + 20 * S;
	plan_device_appeared(&plan);
	EXPECT(plan_wake(&plan, now) == now + S); /* not more than one try a second */
	now += 3 * S;
	a->due = now + 20 * S;
	plan_device_appeared(&plan);
	EXPECT(start() == a && !start());
}

/* What was learnt of the key stays in sight when later tries stop earlier. */
static void trace_is_kept(void)
{
	struct plan_volume *v;

	begin(8);
	take("a");
	v = start();
	finish_at(v, HC_E_KMS_UNREACHABLE, "main");
	now += 2 * S;
	start();
	finish_at(v, HC_E_DEVICE_MISSING, "");
	EXPECT(strcmp(v->result.trace.provider, "main") == 0);
	now += 5 * S;
	start();
	finish_at(v, HC_E_KMS_UNREACHABLE, "second");
	EXPECT(strcmp(v->result.trace.provider, "second") == 0);
}

static void refused_is_not_tried(void)
{
	const struct plan_result bad = { .code = HC_E_CONFIG };

	begin(8);
	take("a");
	plan_refuse(volume("a"), &bad, now);
	EXPECT(volume("a")->state == PLAN_FAILED && plan_first_pass_done(&plan) && !start());
	take("a");
	EXPECT(start() == volume("a"));
}

int main(void)
{
	RUN(each_error_has_its_state);
	RUN(retries_back_off);
	RUN(jitter_only_shortens);
	RUN(success_forgets_failures);
	RUN(places_are_bounded);
	RUN(retries_get_half_of_the_places);
	RUN(untried_come_first);
	RUN(overdue_try_holds_up_nobody);
	RUN(first_pass);
	RUN(success_wakes_neighbours);
	RUN(reload_tries_all_but_the_open);
	RUN(reload_drops_and_takes_back);
	RUN(reload_to_noauto_and_back);
	RUN(closed_is_left_alone);
	RUN(missing_device_is_tried_when_one_appears);
	RUN(trace_is_kept);
	RUN(refused_is_not_tried);
	plan_free(&plan);
	return unit_result();
}
