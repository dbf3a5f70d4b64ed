// SPDX-License-Identifier: GPL-2.0
#include "cmd/dump_options.h"

int dump_take_config(struct cmd *cmd, int argc, char **argv, int max, const char **path)
{
	static const struct option options[] = { DUMP_OPTIONS, CMD_OPTIONS };
	int option;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0)
		if (option == CMD_OPT_DUMP_CONFIG)
			*path = optarg;
	return option < -1 ? option : cmd_check_words(cmd, argc, 0, max);
}
