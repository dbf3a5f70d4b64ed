// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/output.h"
#include "cmd/view.h"

static int print_json(const struct views *views)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < views->n; i++)
		json_object_array_add(array, view_to_json(&views->all[i]));
	return out_json("volumes", array);
}

static int width(int least, size_t length)
{
	return (int)length > least ? (int)length : least;
}

static void print(const struct views *views)
{
	int name = 4, device = 6;

	for (size_t i = 0; i < views->n; i++) {
		name = width(name, strlen(views->all[i].info.name));
		device = width(device, strlen(views->all[i].device));
	}
	printf("%s%-*s  %-8s  %-*s  %10s  %s%s\n", out_on(stdout, OUT_BOLD), name, "NAME", "STATE",
	       device, "DEVICE", "SIZE", "PROVIDER", out_off(stdout));
	for (size_t i = 0; i < views->n; i++) {
		const struct view *view = &views->all[i];
		char size[OUT_SIZE] = "-";

		if (view->is_open)
			out_size(view->info.data_bytes, size);
		printf("%-*s  %-8s  %-*s  %10s  %s\n", name, view->info.name, view->state, device,
		       view->device[0] ? view->device : "-", size,
		       view->info.provider[0] ? view->info.provider : "-");
	}
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	VIEWS views = { 0 };
	int r = cmd_next_option(cmd, argc, argv, options);

	if (r < -1)
		return r;
	r = cmd_check_words(cmd, argc, 0, 0);
	if (r == 0)
		r = view_load(cmd, NULL, &views);
	if (r < 0)
		return r;
	if (cmd->json)
		return print_json(&views);
	if (views.n)
		print(&views);
	else
		printf("no volumes\n");
	return 0;
}

const struct cmd_verb cmd_list = {
	.name = "list",
	.run = run,
	.summary = "one line for each volume",
	.help = "list [--json]\n"
		"\n"
		"Volumes that are open, that the agent looks after, or that the table of volumes\n"
		"names. --json has the members of \"hostcrypt status --json\".\n",
	.has_json = true,
};
