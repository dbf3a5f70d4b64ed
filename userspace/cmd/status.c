// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/dump_report.h"
#include "cmd/output.h"
#include "cmd/view.h"
#include "kernel/kdump.h"

static enum out_colour state_colour(const struct view *view)
{
	if (view->is_open)
		return OUT_GREEN;
	if (strcmp(view->state, "locked") == 0 || strcmp(view->state, "failed") == 0)
		return OUT_RED;
	return OUT_YELLOW;
}

static void print_state(const struct view *view)
{
	char ago[OUT_SIZE];
	int64_t seconds;

	printf("  %sstate:%s %s%s%s", out_on(stdout, OUT_BOLD), out_off(stdout),
	       out_on(stdout, state_colour(view)), view->state, out_off(stdout));
	if (view->info.suspended)
		printf(", suspended");
	if (view->info.readonly)
		printf(", read-only");
	if (out_seconds_to(view->since, &seconds) && seconds <= 0)
		printf(" (since %s, %s%s)", view->since, out_span((uint64_t)-seconds, ago),
		       seconds ? " ago" : "");
	putchar('\n');
}

static void print_device(const struct view *view)
{
	if (view->header[0])
		out_field("device", "%s, header %s", view->device, view->header);
	else if (view->device[0])
		out_field("device", "%s", view->device);
	if (view->info.uuid[0])
		out_field("uuid", "%s", view->info.uuid);
}

static void print_key(const struct view *view)
{
	if (view->info.key_uuid[0] && view->is_open)
		out_field("key", "%s", view->info.key_uuid);
	if (view->info.kek_id[0])
		out_field("kek", "%s%s%s", view->info.kek_id,
			  view->info.wrapped_at[0] ? ", wrapped " : "", view->info.wrapped_at);
	if (view->info.provider[0])
		out_field("provider", "%s%s%s%s", view->info.provider,
			  view->endpoint[0] ? " (" : "", view->endpoint,
			  view->endpoint[0] ? ")" : "");
}

static void print_traffic(const struct hc_volume_info *info)
{
	char size[OUT_SIZE], read[OUT_SIZE], written[OUT_SIZE];

	out_field("size", "%s in sectors of %u bytes, from byte %llu on",
		  out_size(info->data_bytes, size), info->sector_size,
		  (unsigned long long)info->data_offset);
	out_field("cipher", "aes-xts-plain64 (%s)%s",
		  info->cipher_driver[0] ? info->cipher_driver : "?",
		  info->discard ? ", discards pass" : "");
	out_field("read", "%s in %llu requests", out_size(info->read_bytes, read),
		  (unsigned long long)info->reads);
	out_field("written", "%s in %llu requests", out_size(info->written_bytes, written),
		  (unsigned long long)info->writes);
	if (info->errors)
		out_field("errors", "%s%llu%s", out_on(stdout, OUT_RED),
			  (unsigned long long)info->errors, out_off(stdout));
	out_field("in use", "%s", info->open_count > 0 ? "yes" : "no");
}

/* What was tried, what was answered, what comes next. */
static void print_attempts(const struct view *view, bool agent_runs)
{
	char span[OUT_SIZE];
	int64_t seconds;

	if (view->error_message[0])
		out_field("answer", "%s%s%s", out_on(stdout, OUT_RED), view->error_message,
			  out_off(stdout));
	if (view->attempts && out_seconds_to(view->last_attempt, &seconds) && seconds <= 0)
		out_field("attempts", "%u, the last one %s%s", view->attempts,
			  out_span((uint64_t)-seconds, span), seconds ? " ago" : "");
	if (!agent_runs)
		return;
	if (out_seconds_to(view->next_attempt, &seconds))
		out_field("next attempt", "%s%s", seconds > 0 ? "in " : "",
			  out_span(seconds > 0 ? (uint64_t)seconds : 0, span));
	else if (strcmp(view->state, "failed") == 0)
		out_field("next attempt",
			  "none by itself; mend it, then \"systemctl reload hostcryptd\" or "
			  "\"hostcrypt open %s\"",
			  view->info.name);
}

static void print_kdump(void)
{
	if (hc_kdump_state("") == HC_KDUMP_CLEAR)
		printf("\n%sWarning: %s.%s\n", out_on(stdout, OUT_RED), HC_KDUMP_WARNING,
		       out_off(stdout));
}

static void print_dumps(const char *providers_path)
{
	struct dump_report report;

	dump_report_collect(HC_DUMP_CONFIG_FILE, providers_path, &report);
	dump_report_line(&report);
	dump_report_free(&report);
}

static struct json_object *dumps_to_json(const char *providers_path)
{
	struct json_object *object;
	struct dump_report report;

	dump_report_collect(HC_DUMP_CONFIG_FILE, providers_path, &report);
	object = dump_report_to_json(&report);
	dump_report_free(&report);
	return object;
}

static struct json_object *kdump_to_json(void)
{
	enum hc_kdump kdump = hc_kdump_state("");
	struct json_object *object = json_object_new_object();

	out_json_bool(object, "armed", kdump != HC_KDUMP_OFF);
	out_json_bool(object, "encrypted", kdump == HC_KDUMP_ENCRYPTED);
	out_json_text(object, "warning", kdump == HC_KDUMP_CLEAR ? HC_KDUMP_WARNING : "");
	return object;
}

static void print(const struct views *views, const char *providers_path)
{
	for (size_t i = 0; i < views->n; i++) {
		const struct view *view = &views->all[i];

		printf("%s", i ? "\n" : "");
		out_title("volume", view->info.name);
		print_state(view);
		print_device(view);
		print_key(view);
		if (view->is_open)
			print_traffic(&view->info);
		else
			print_attempts(view, views->agent_runs);
	}
	if (views->n == 0)
		printf("no volumes\n");
	if (!views->agent_known || !views->agent_runs)
		printf("\nThe agent (hostcryptd) is not running%s.\n",
		       views->agent_known ? "; what it said is from before" : "");
	else if (!views->first_pass_done)
		printf("\nThe agent is still at its first pass over the volumes.\n");
	if (views->agent_runs && views->agent_problem[0])
		printf("\nThe agent says: %s\n", views->agent_problem);
	print_dumps(providers_path);
	print_kdump();
}

static int print_json(const struct views *views, const char *providers_path)
{
	struct json_object *status = json_object_new_object();
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < views->n; i++)
		json_object_array_add(array, view_to_json(&views->all[i]));
	json_object_object_add(status, "agent", view_agent_to_json(views));
	json_object_object_add(status, "kdump", kdump_to_json());
	json_object_object_add(status, "dumps", dumps_to_json(providers_path));
	json_object_object_add(status, "volumes", array);
	return out_json("status", status);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	VIEWS views = { 0 };
	int r = cmd_next_option(cmd, argc, argv, options);

	if (r < -1)
		return r;
	r = cmd_check_words(cmd, argc, 0, 1);
	if (r == 0)
		r = view_load(cmd, optind < argc ? argv[optind] : NULL, &views);
	if (r < 0)
		return r;
	if (cmd->json)
		return print_json(&views, cmd->config_path);
	print(&views, cmd->config_path);
	return 0;
}

const struct cmd_verb cmd_status = {
	.name = "status",
	.run = run,
	.summary = "all about each volume, open or not",
	.help = "status [NAME] [--json]\n"
		"\n"
		"Of an open volume: device, key, cipher, traffic. Of one that is not: which key "
		"on\n"
		"which server, what it answered, when the agent tries again. States: open, "
		"closed,\n"
		"locked (its key is not to be had), waiting (not tried yet, or its device is not\n"
		"there), failed (does not mend by itself), opening, noauto.\n"
		"\n"
		"Then, where there is a dump.conf, whether a panic would leave a dump, and what\n"
		"became of the last crash; and a warning where kdump is armed with a capture\n"
		"kernel that does not encrypt.\n"
		"\n"
		"--json: {\"version\":1,\"status\":{\"agent\":A,\"kdump\":K,\"dumps\":D,"
		"\"volumes\":[V...]}}.\n"
		"D is null or has target, loaded, load_again, problem, last_crash. A is null\n"
		"or has pid, running, first_pass_done, problem. K has armed, encrypted, warning. "
		"V has\n"
		"name, state, device, header, uuid, provider,\n"
		"endpoint, kek, wrapped_at, error (null or word, exit, message), attempts,\n"
		"last_attempt, next_attempt, since; and when open key_uuid, cipher, sector_size,\n"
		"data_bytes, data_offset, suspended, readonly, discard, open_count, reads,\n"
		"read_bytes, writes, written_bytes, errors. Texts that are not known are null,\n"
		"times are ISO 8601 in UTC, sizes are in bytes.\n",
	.has_json = true,
};
