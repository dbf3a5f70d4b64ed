// SPDX-License-Identifier: GPL-2.0
#include "cmd/dump_report.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/output.h"
#include "dump/arm.h"
#include "dump/mark.h"
#include "dump/stale.h"
#include "kernel/kdump.h"

/* There is room for one dump only. */
static bool is_occupied(const struct hc_dump_config *config)
{
	static struct hc_dump_mark mark;

	return config->target.kind == HC_DUMP_TO_BLOCK &&
	       hc_dump_mark_read(config->target.path, &mark) == 0 && mark.occupied;
}

static void find_problem(struct dump_report *report)
{
	const char *unlisted = hc_dump_unlisted();

	if (unlisted)
		snprintf(report->problem, sizeof(report->problem), "%s", unlisted);
	else if (is_occupied(&report->config))
		snprintf(report->problem, sizeof(report->problem),
			 "%s holds a dump, and a panic leaves no other until \"hostcrypt dump fetch "
			 "FILE\" has taken it away",
			 report->config.target.text);
}

void dump_report_collect(const char *path, const char *providers_path,
			 struct dump_report *ret_report)
{
	struct dump_report *report = ret_report;

	*report = (struct dump_report){ .loaded = "no" };
	report->configured = access(path, F_OK) == 0;
	if (hc_kdump_state("") == HC_KDUMP_CLEAR)
		report->loaded = "foreign";
	if (hc_kdump_state("") == HC_KDUMP_ENCRYPTED) {
		report->loaded = "yes";
		report->stale = hc_dump_stale(path, providers_path);
	}
	if (hc_dump_config_load(path, &report->config) < 0)
		snprintf(report->problem, sizeof(report->problem), "%s", hc_error_message());
	else
		report->crashed = hc_dump_crash_find(&report->config, &report->crash);
	if (!report->problem[0])
		find_problem(report);
}

void dump_report_free(struct dump_report *report)
{
	hc_dump_config_free(&report->config);
}

struct json_object *dump_report_crash(const struct dump_report *report)
{
	struct json_object *object;

	if (!report->crashed)
		return NULL;
	object = json_object_new_object();
	out_json_text(object, "state", hc_dump_state_word(report->crash.entry.state));
	out_json_text(object, "time", report->crash.entry.time);
	out_json_text(object, "text", report->crash.text);
	return object;
}

void dump_report_line(const struct dump_report *report)
{
	bool armed = *report->loaded == 'y';

	if (!report->configured)
		return;
	printf("\nDumps: ");
	if (report->problem[0])
		printf("%s.", report->problem);
	else if (armed && !report->stale)
		printf("a panic leaves one at %s.", report->config.target.text);
	else
		printf("%s%s (\"hostcrypt dump status\").%s", out_on(stdout, OUT_YELLOW),
		       armed ? report->stale : "a panic leaves none, no capture kernel is loaded",
		       out_off(stdout));
	if (report->crashed)
		printf(" The last crash, %s, %s.", report->crash.entry.time, report->crash.text);
	putchar('\n');
}

struct json_object *dump_report_to_json(const struct dump_report *report)
{
	struct json_object *object;

	if (!report->configured)
		return NULL;
	object = json_object_new_object();
	out_json_text(object, "target",
		      report->config.target.text ? report->config.target.text : "");
	out_json_text(object, "loaded", report->loaded);
	out_json_text(object, "load_again", report->stale ? report->stale : "");
	out_json_text(object, "problem", report->problem);
	json_object_object_add(object, "last_crash", dump_report_crash(report));
	return object;
}
