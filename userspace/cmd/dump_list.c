// SPDX-License-Identifier: GPL-2.0
/* "dump list": the dumps that there are, without a key. */
#include "cmd/cmd.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/dump_options.h"
#include "cmd/output.h"
#include "dump/list.h"
#include "dump/mount.h"

/* Where the volume's file system is mounted now. */
static int find_in_volume(const struct hc_dump_place *place, char *ret_path, size_t size)
{
	static struct hc_mount mount;
	char device[HC_NAME_MAX + 16];

	snprintf(device, sizeof(device), "/dev/mapper/%s", place->volume);
	if (hc_mount_of(device, &mount) < 0)
		return hc_fail(HC_E_DUMP_TARGET,
			       "the dumps are in the volume %s, which is not mounted: open and "
			       "mount it",
			       place->volume);
	snprintf(ret_path, size, "%s%s", mount.point, place->path);
	return 0;
}

static int tell_other_host(const struct hc_dump_place *place)
{
	return hc_fail(HC_E_DUMP_TARGET,
		       "the dumps lie on another host: there, \"hostcrypt dump list %s\" lists "
		       "them; or from here, as somebody who may log in: ssh -p %u %s@%s ls -l %s",
		       place->path, place->port, place->user, place->host, place->path);
}

/* Of the place that dump.conf names, what hc_dump_list() takes. */
static int find_place(const char *config_path, char *ret_path, size_t size)
{
	HC_DUMP_CONFIG config = { 0 };
	int r = hc_dump_config_load(config_path, &config);

	if (r < 0)
		return r;
	switch (config.target.kind) {
	case HC_DUMP_TO_VOLUME:
		return find_in_volume(&config.target, ret_path, size);
	case HC_DUMP_TO_SSH:
		return tell_other_host(&config.target);
	default:
		snprintf(ret_path, size, "%s", config.target.path);
		return 0;
	}
}

static const char *state_of(const struct hc_dump_found *found)
{
	static const char *const words[] = {
		[HC_DUMP_WHOLE] = "whole",
		[HC_DUMP_CUT] = "cut",
		[HC_DUMP_MISSHAPEN] = "damaged",
	};

	return found->part ? "part" : words[found->shape];
}

static struct json_object *make_dump(const struct hc_dump_found *found)
{
	const struct hc_dump_header *header = found->header;
	struct json_object *object = json_object_new_object();
	struct json_object *labels = json_object_new_array();

	out_json_text(object, "name", found->name);
	out_json_text(object, "state", state_of(found));
	out_json_number(object, "bytes", found->bytes);
	out_json_text(object, "time", header->info.time);
	out_json_text(object, "host", header->info.host);
	out_json_text(object, "kernel", header->info.kernel);
	out_json_text(object, "build_id", header->info.build_id);
	out_json_text(object, "id", header->info.id);
	for (size_t i = 0; i < header->n_entries; i++)
		json_object_array_add(labels,
				      json_object_new_string(header->entries[i].label));
	json_object_object_add(object, "recipients", labels);
	return object;
}

static int print_json(const char *path, const struct hc_dump_list *list)
{
	struct json_object *object = json_object_new_object();
	struct json_object *dumps = json_object_new_array();
	struct json_object *others = json_object_new_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct hc_dump_found *found = &list->all[i];
		struct json_object *other;

		if (found->header) {
			json_object_array_add(dumps, make_dump(found));
			continue;
		}
		other = json_object_new_object();
		out_json_text(other, "name", found->name);
		out_json_text(other, "problem", found->problem);
		json_object_array_add(others, other);
	}
	out_json_text(object, "place", path);
	json_object_object_add(object, "dumps", dumps);
	json_object_object_add(object, "others", others);
	return out_json("list", object);
}

/* How many bytes at @at are a control character, which may have two in UTF-8. */
static size_t control_length(const unsigned char *at)
{
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return 2;
	return iscntrl(at[0]) ? 1 : 0;
}

/* Whoever may leave files there names them: nothing of that steers a terminal. */
static const char *printable(const char *name, char ret_text[NAME_MAX + 1])
{
	size_t n = strlen(name);

	memcpy(ret_text, name, n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t length = control_length((const unsigned char *)name + i);

		memset(ret_text + i, '?', length);
		i += length == 2;
	}
	return ret_text;
}

static void print_dump(const struct hc_dump_found *found, int host, int kernel)
{
	const struct hc_dump_header *header = found->header;
	char size[OUT_SIZE], name[NAME_MAX + 1];

	printf("%-20s  %-*s  %-*s  %10s  %s%-7s%s  %s ", header->info.time, host,
	       header->info.host, kernel, header->info.kernel, out_size(found->bytes, size),
	       out_on(stdout, strcmp(state_of(found), "whole") == 0 ? OUT_GREEN : OUT_YELLOW),
	       state_of(found), out_off(stdout), printable(found->name, name));
	for (size_t i = 0; i < header->n_entries; i++)
		printf("%s%s", i ? ", " : "(", header->entries[i].label);
	printf(")\n");
}

static int wider(int width, const char *text)
{
	return (int)strlen(text) > width ? (int)strlen(text) : width;
}

static void print(const char *path, const struct hc_dump_list *list)
{
	int host = 4, kernel = 6;
	char name[NAME_MAX + 1];
	size_t i, dumps = 0;

	for (; dumps < list->n && list->all[dumps].header; dumps++) {
		host = wider(host, list->all[dumps].header->info.host);
		kernel = wider(kernel, list->all[dumps].header->info.kernel);
	}
	if (dumps)
		printf("%s%-20s  %-*s  %-*s  %10s  %-7s  %s%s\n", out_on(stdout, OUT_BOLD), "TIME",
		       host, "HOST", kernel, "KERNEL", "SIZE", "STATE", "NAME (RECIPIENTS)",
		       out_off(stdout));
	else
		printf("no dumps in %s\n", path);
	for (i = 0; i < dumps; i++)
		print_dump(&list->all[i], host, kernel);
	for (; i < list->n; i++)
		printf("%snot listed:%s %s: %s\n", out_on(stdout, OUT_YELLOW), out_off(stdout),
		       printable(list->all[i].name, name), list->all[i].problem);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { DUMP_OPTIONS, CMD_OPTIONS };
	const char *config_path = HC_DUMP_CONFIG_FILE;
	HC_DUMP_LIST list = { 0 };
	static char path[2 * PATH_MAX];
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0)
		config_path = optarg;
	r = option < -1 ? option : cmd_check_words(cmd, argc, 0, 1);
	if (r < 0)
		return r;
	if (argv[optind])
		snprintf(path, sizeof(path), "%s", argv[optind]);
	else
		r = find_place(config_path, path, sizeof(path));
	if (r == 0)
		r = hc_dump_list(path, &list);
	if (r < 0)
		return r;
	if (cmd->json)
		return print_json(path, &list);
	print(path, &list);
	return 0;
}

const struct cmd_verb cmd_dump_list = {
	.name = "dump list",
	.run = run,
	.summary = "the dumps that there are",
	.help = "dump list [--dump-config FILE] [PLACE]\n"
		"\n"
		"One line for each dump in PLACE, a folder or a device that is given to dumps;\n"
		"unless named, the place where dumps of this host go. No key is needed, and nothing\n"
		"is vouched for: STATE is what the lengths of a dump's pieces say, \"dump verify\"\n"
		"looks into them.\n"
		"\n"
		"  whole    it has its end\n"
		"  cut      it ends early; what is there can be read\n"
		"  part     it is being written, or was when the machine died\n"
		"  damaged  its pieces do not fit together\n"
		"\n"
		"What else is there is named, too, with why it is not listed.\n"
		"\n"
		"  --dump-config FILE  instead of " HC_DUMP_CONFIG_FILE "\n"
		"\n"
		"--json: {\"version\":1,\"list\":{\"place\":P,\"dumps\":[D],\"others\":[O]}}. D has name,\n"
		"state, bytes, time, host, kernel, build_id, id, recipients: an array of labels; O has\n"
		"name and problem.\n",
	.has_json = true,
};
