// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* "hostcrypt dump WORD": each is a verb of its own, whose name is "dump WORD". */
static const struct cmd_verb *const verbs[] = {
	&cmd_dump_enable, &cmd_dump_disable, &cmd_dump_test,
	&cmd_dump_load, &cmd_dump_unload, &cmd_dump_status, &cmd_dump_image,
	&cmd_dump_format, &cmd_dump_fetch, &cmd_dump_ssh_key,
	&cmd_dump_key, &cmd_dump_list, &cmd_dump_describe, &cmd_dump_verify, &cmd_dump_extract,
	&cmd_dump_rewrap,
};

#define PREFIX "dump "

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	int r;

	/* Options before the word are those that every verb knows. */
	if (argc < 2 || argv[1][0] == '-') {
		r = cmd_next_option(cmd, argc, argv, options);
		return r < -1 ? r : cmd_check_words(cmd, 0, 1, 1);
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i]->name + strlen(PREFIX), argv[1]) != 0)
			continue;
		cmd->verb = verbs[i];
		if (cmd->json && !cmd->verb->has_json)
			return hc_fail(HC_E_USAGE, "\"hostcrypt %s\" has no output for --json",
				       cmd->verb->name);
		return cmd->verb->run(cmd, argc - 1, argv + 1);
	}
	return hc_fail(HC_E_USAGE, "there is no \"dump %.40s\"; see \"hostcrypt help dump\"",
		       argv[1]);
}

const struct cmd_verb cmd_dump = {
	.name = "dump",
	.run = run,
	.summary = "encrypted dumps of this host, should it crash",
	.help = "dump WORD [OPTION...] [ARGUMENT...]\n"
		"\n"
		"  enable    set this host up for encrypted dumps\n"
		"  disable   no dumps any more\n"
		"  test      a dry run of everything but the panic\n"
		"  load      load the capture kernel, which writes dumps\n"
		"  unload    unload it\n"
		"  status    would a panic leave a dump, what became of the last one\n"
		"  image     make the capture kernel's RAM disk ahead of time\n"
		"  format    give a block device to dumps\n"
		"  fetch     take a dump away from its device\n"
		"  ssh-key   a key for dumps to another host\n"
		"  key       make or get a key pair at a key server\n"
		"  list      the dumps that there are\n"
		"  describe  what a dump says of itself\n"
		"  verify    check that a dump is whole and unchanged\n"
		"  extract   decrypt a dump\n"
		"  rewrap    change who can read a dump\n"
		"\n"
		"\"hostcrypt dump WORD --help\" explains each.\n",
	.has_json = true,
	.touches_keys = true,
};
