// SPDX-License-Identifier: GPL-2.0
#include "cmd/dump_options.h"

#include <stdio.h>

#include "dump/lock.h"

static void say_waiting(void)
{
	fprintf(stderr, "waiting for another \"hostcrypt dump\" to end...\n");
}

int dump_lock(int *ret_lock)
{
	return hc_dump_lock(say_waiting, ret_lock);
}

int dump_take_config(struct cmd *cmd, int argc, char **argv, int max, const char **path)
{
	static const struct option options[] = { DUMP_OPTIONS, CMD_OPTIONS };
	int option;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0)
		if (option == CMD_OPT_DUMP_CONFIG)
			*path = optarg;
	return option < -1 ? option : cmd_check_words(cmd, argc, 0, max);
}
