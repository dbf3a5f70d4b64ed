// SPDX-License-Identifier: GPL-2.0
/* "dump status": would a panic leave a dump, who could read it, what became of the
 * last one. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "cmd/dump_options.h"
#include "cmd/dump_report.h"
#include "cmd/output.h"
#include "dump/estimate.h"
#include "dump/filter.h"
#include "dump/image.h"
#include "dump/kexec.h"
#include "dump/memory.h"
#include "dump/recipients.h"
#include "dump/target.h"
#include "dump/unit.h"

struct status {
	struct dump_report report;
	struct hc_dump_filter filter;
	struct hc_dump_recipients recipients;
	struct hc_dump_target target;
	bool image; /* the capture environment is there and of now */
	uint64_t aside, needed, estimate;
	bool locked;
	char problem[1024]; /* the first that keeps a dump from being taken; "" */
};

static void take_problem(struct status *status)
{
	if (!status->problem[0])
		snprintf(status->problem, sizeof(status->problem), "%s", hc_error_message());
}

/* Will it fit: in the memory set aside, and at the target? */
static void collect_sizes(struct status *status, const char *release)
{
	const struct hc_dump_config *config = &status->report.config;
	static struct hc_dump_image image;

	if (hc_dump_target_find(config, &status->target) < 0) {
		take_problem(status);
		return;
	}
	status->image = hc_dump_image_current(config, release, &status->target, &image);
	if (status->image && hc_dump_memory_check(&image, &status->aside, &status->needed) < 0)
		take_problem(status);
	status->estimate = hc_dump_estimate(&status->filter);
}

static void collect(const char *path, const char *providers_path, struct status *status)
{
	const struct hc_dump_config *config = &status->report.config;
	struct utsname name;

	dump_report_collect(path, providers_path, &status->report);
	snprintf(status->problem, sizeof(status->problem), "%s", status->report.problem);
	status->locked = hc_kexec_locked();
	if (hc_dump_memory_aside(&status->aside) < 0)
		take_problem(status);
	if (!config->target.text)
		return;
	uname(&name);
	hc_dump_filter(config->makedumpfile, name.release, &status->filter);
	collect_sizes(status, name.release);
	if (hc_dump_recipients_load(config, &status->recipients) < 0)
		take_problem(status);
}

static void print_loaded(const struct status *status)
{
	const struct dump_report *report = &status->report;
	const char *unit = hc_dump_unit_state();

	out_field("loaded", "%s", report->loaded);
	if (report->stale)
		out_field("load again", "%s%s%s", out_on(stdout, OUT_YELLOW), report->stale,
			  out_off(stdout));
	if (unit[0])
		out_field("at each boot", "%s%s%s", strcmp(unit, "enabled") == 0 ? "yes" : "no, ",
			  strcmp(unit, "enabled") == 0 ? "" : HC_DUMP_UNIT " is ",
			  strcmp(unit, "enabled") == 0 ? "" : unit);
	if (status->locked)
		out_field("kexec", "locked until the next boot%s",
			  report->stale ? ", so it cannot be loaded again before: a panic leaves "
					  "no dump or one by the old settings, never one with keys"
					: "");
}

static void print_sizes(const struct status *status)
{
	char aside[OUT_SIZE], needed[OUT_SIZE], room[OUT_SIZE], estimate[OUT_SIZE];

	if (status->needed)
		out_field("memory", "%s set aside; a dump takes about %s of it",
			  out_size(status->aside, aside), out_size(status->needed, needed));
	else
		out_field("memory", "%s set aside", out_size(status->aside, aside));
	if (!status->estimate)
		return;
	out_field("room", "%s; a dump of now would take about %s%s",
		  out_size(status->target.free_bytes, room), out_size(status->estimate, estimate),
		  status->target.free_bytes < status->estimate ? ": too little" : "");
	if (status->target.note[0])
		out_field("note", "%s", status->target.note);
	out_field("environment", "%s", status->image ? "of now" : "is made anew by the next load");
}

static void print_recipients(const struct hc_dump_recipients *recipients)
{
	for (size_t i = 0; i < recipients->n; i++) {
		const struct hc_dump_recipient *each = &recipients->all[i];

		out_field("readable by", "%s (%s %.12s%s%s)", each->label,
			  hc_dump_recipient_type_name(each->type), each->id,
			  each->provider ? ", at " : "", each->provider ? each->provider : "");
	}
}

static void print(const struct status *status)
{
	const struct dump_report *report = &status->report;
	const struct hc_dump_filter *filter = &status->filter;

	out_title("dumps", report->config.target.text ? report->config.target.text : "-");
	if (status->problem[0])
		out_field("problem", "%s%s%s", out_on(stdout, OUT_RED), status->problem,
			  out_off(stdout));
	print_loaded(status);
	print_sizes(status);
	print_recipients(&status->recipients);
	if (report->config.target.text)
		out_field("makedumpfile", "%s, level %u%s%s",
			  filter->version[0] ? filter->version : "none", filter->level,
			  filter->note ? ": " : "", filter->note ? filter->note : "");
	if (report->crashed)
		out_field("last crash", "%s, %s: it %s", report->crash.entry.time,
			  hc_dump_state_word(report->crash.entry.state), report->crash.text);
}

static struct json_object *recipients_to_json(const struct hc_dump_recipients *recipients)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < recipients->n; i++) {
		const struct hc_dump_recipient *each = &recipients->all[i];
		struct json_object *object = json_object_new_object();

		out_json_text(object, "label", each->label);
		out_json_text(object, "type", hc_dump_recipient_type_name(each->type));
		out_json_text(object, "id", each->id);
		out_json_text(object, "provider", each->provider ? each->provider : "");
		json_object_array_add(array, object);
	}
	return array;
}

static int print_json(const struct status *status)
{
	const struct dump_report *report = &status->report;
	struct json_object *object = json_object_new_object();

	out_json_text(object, "target", report->config.target.text ? report->config.target.text : "");
	out_json_text(object, "problem", status->problem);
	out_json_text(object, "loaded", report->loaded);
	out_json_text(object, "load_again", report->stale ? report->stale : "");
	out_json_text(object, "unit", hc_dump_unit_state());
	out_json_bool(object, "locked", status->locked);
	out_json_number(object, "crash_bytes", status->aside);
	out_json_number(object, "needed_bytes", status->needed);
	out_json_number(object, "free_bytes", status->target.free_bytes);
	out_json_number(object, "dump_bytes", status->estimate);
	out_json_text(object, "note", status->target.note);
	out_json_bool(object, "environment_current", status->image);
	json_object_object_add(object, "recipients", recipients_to_json(&status->recipients));
	out_json_text(object, "makedumpfile", status->filter.version);
	out_json_number(object, "level", status->filter.level);
	out_json_text(object, "makedumpfile_note", status->filter.note ? status->filter.note : "");
	json_object_object_add(object, "last_crash", dump_report_crash(report));
	return out_json("dump", object);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static struct status status;
	const char *path = HC_DUMP_CONFIG_FILE;
	int r = dump_take_config(cmd, argc, argv, 0, &path);

	if (r < 0)
		return r;
	collect(path, cmd->config_path, &status);
	if (cmd->json)
		r = print_json(&status);
	else
		print(&status);
	hc_dump_recipients_free(&status.recipients);
	dump_report_free(&status.report);
	return r;
}

const struct cmd_verb cmd_dump_status = {
	.name = "dump status",
	.run = run,
	.summary = "would a panic leave a dump",
	.help = "dump status [--dump-config FILE] [--json]\n"
		"\n"
		"Whether our capture kernel is loaded (or somebody else's, \"foreign\") and of now,\n"
		"and at each boot; whether a dump fits into the memory set aside and the target's\n"
		"room; whose keys read it; what became of the last crash.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n"
		"\n"
		"--json: {\"version\":1,\"dump\":D}. D has target, problem, loaded, load_again, unit\n"
		"(enabled, disabled, masked, not-found), locked, crash_bytes, needed_bytes,\n"
		"free_bytes, dump_bytes (about what a dump of now takes), note,\n"
		"environment_current, recipients (of label, type, id, provider), makedumpfile,\n"
		"level, makedumpfile_note and last_crash (null or state, time, text). Texts that\n"
		"are not known are null.\n",
	.has_json = true,
};
