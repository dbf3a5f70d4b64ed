// SPDX-License-Identifier: GPL-2.0
/* "dump status": would a panic leave a dump, who could read it, what became of the
 * last one. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "cmd/dump_options.h"
#include "cmd/output.h"
#include "dump/arm.h"
#include "dump/filter.h"
#include "dump/kexec.h"
#include "dump/stale.h"
#include "dump/state.h"
#include "kernel/kdump.h"

struct report {
	struct hc_dump_config config;
	struct hc_dump_filter filter;
	struct hc_dump_state_file state;
	const struct hc_dump_state_entry *crash;
	const char *loaded;	/* "yes", "no", "foreign" */
	const char *stale;	/* why what is loaded should be loaded again, or NULL */
	uint64_t crash_bytes;
	char problem[1024];	/* of dump.conf or the target; "" */
};

static int read_state(const struct hc_dump_config *config, struct hc_dump_state_file *ret_state)
{
	static struct hc_dump_state_place place;

	hc_dump_target_state(config, &place);
	return hc_dump_state_read(&place, ret_state);
}

static void collect(const char *path, struct report *report)
{
	struct utsname name;
	char boot[40] = "";

	switch (hc_kdump_state("")) {
	case HC_KDUMP_OFF:
		report->loaded = "no";
		break;
	case HC_KDUMP_ENCRYPTED:
		report->loaded = "yes";
		report->stale = hc_dump_stale(path);
		break;
	case HC_KDUMP_CLEAR:
		report->loaded = "foreign";
		break;
	}
	report->crash_bytes = hc_kexec_crash_size();
	if (hc_dump_config_load(path, &report->config) < 0 ||
	    read_state(&report->config, &report->state) < 0)
		snprintf(report->problem, sizeof(report->problem), "%s", hc_error_message());
	if (!report->config.target.text)
		return;
	uname(&name);
	hc_dump_filter(report->config.makedumpfile, name.release, &report->filter);
	if (hc_boot_id(boot) == 0)
		report->crash = hc_dump_state_crash(&report->state, boot);
}

/* An "armed" of another boot is a crash of which nobody heard. */
static const char *crash_text(const struct hc_dump_state_entry *crash)
{
	if (crash->state == HC_DUMP_ARMED)
		return "the machine went down without the capture kernel being heard of";
	if (crash->state == HC_DUMP_STARTED)
		return "the capture kernel began and did not come to its end";
	return crash->text;
}

static void print(const struct report *report)
{
	char size[OUT_SIZE];

	out_title("dumps", report->config.target.text ? report->config.target.text : "-");
	out_field("loaded", "%s", report->loaded);
	if (report->stale)
		out_field("load again", "%s%s%s", out_on(stdout, OUT_YELLOW), report->stale,
			  out_off(stdout));
	out_field("set aside", "%s", out_size(report->crash_bytes, size));
	if (report->problem[0])
		out_field("problem", "%s%s%s", out_on(stdout, OUT_RED), report->problem,
			  out_off(stdout));
	for (size_t i = 0; i < report->config.n_recipients; i++)
		out_field("readable by", "%s (%s)", report->config.recipients[i].name,
			  report->config.recipients[i].public_key);
	if (report->config.target.text)
		out_field("makedumpfile", "%s, level %u%s%s",
			  report->filter.version[0] ? report->filter.version : "none",
			  report->filter.level, report->filter.note ? ": " : "",
			  report->filter.note ? report->filter.note : "");
	if (report->crash)
		out_field("last crash", "%s, %s: %s", report->crash->time,
			  hc_dump_state_word(report->crash->state), crash_text(report->crash));
}

static struct json_object *crash_to_json(const struct hc_dump_state_entry *crash)
{
	struct json_object *object;

	if (!crash)
		return NULL;
	object = json_object_new_object();
	out_json_text(object, "state", hc_dump_state_word(crash->state));
	out_json_text(object, "time", crash->time);
	out_json_text(object, "text", crash_text(crash));
	return object;
}

static int print_json(const struct report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	out_json_text(object, "target", report->config.target.text ? report->config.target.text : "");
	out_json_text(object, "loaded", report->loaded);
	out_json_text(object, "load_again", report->stale ? report->stale : "");
	out_json_number(object, "crash_bytes", report->crash_bytes);
	out_json_text(object, "problem", report->problem);
	for (size_t i = 0; i < report->config.n_recipients; i++)
		json_object_array_add(array,
				      json_object_new_string(report->config.recipients[i].name));
	json_object_object_add(object, "recipients", array);
	out_json_text(object, "makedumpfile", report->filter.version);
	out_json_number(object, "level", report->filter.level);
	out_json_text(object, "makedumpfile_note", report->filter.note ? report->filter.note : "");
	json_object_object_add(object, "last_crash", crash_to_json(report->crash));
	return out_json("dump", object);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { DUMP_OPTIONS, CMD_OPTIONS };
	const char *path = HC_DUMP_CONFIG_FILE;
	struct report report = { 0 };
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0)
		if (option == CMD_OPT_DUMP_CONFIG)
			path = optarg;
	r = option < -1 ? option : cmd_check_words(cmd, argc, 0, 0);
	if (r < 0)
		return r;
	collect(path, &report);
	if (cmd->json)
		r = print_json(&report);
	else
		print(&report);
	hc_dump_config_free(&report.config);
	return r;
}

const struct cmd_verb cmd_dump_status = {
	.name = "dump status",
	.run = run,
	.summary = "would a panic leave a dump",
	.help = "dump status [--dump-config FILE] [--json]\n"
		"\n"
		"Whether our capture kernel is loaded (or somebody else's, \"foreign\") and of now,\n"
		"what memory is set aside for it, whose keys read a dump, and what became of the\n"
		"last crash.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n"
		"\n"
		"--json: {\"version\":1,\"dump\":D}. D has target, loaded, load_again, crash_bytes,\n"
		"problem, recipients, makedumpfile, level, makedumpfile_note and last_crash (null\n"
		"or state, time, text). Texts that are not known are null.\n",
	.has_json = true,
};
