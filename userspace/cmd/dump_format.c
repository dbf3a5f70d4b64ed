// SPDX-License-Identifier: GPL-2.0
/* "dump format": a block device is given to dumps. */
#include "cmd/cmd.h"

#include <stdio.h>

#include "cmd/dump_options.h"
#include "cmd/output.h"
#include "dump/mark.h"

enum { OPT_FORCE = CMD_OPT_DUMP_OWN };

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, OPT_FORCE },
		CMD_OPTIONS,
	};
	static struct hc_dump_mark mark;
	char size[OUT_SIZE];
	bool force = false;
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0)
		force = true;
	r = option < -1 ? option : cmd_check_words(cmd, argc, 1, 1);
	if (r == 0)
		r = hc_dump_mark_make(argv[optind], force);
	if (r == 0)
		r = hc_dump_mark_read(argv[optind], &mark);
	if (r == 0)
		printf("%s takes a dump of up to %s; write \"target = block:%s\"\n", argv[optind],
		       out_size(mark.room, size), argv[optind]);
	return r;
}

const struct cmd_verb cmd_dump_format = {
	.name = "dump format",
	.run = run,
	.summary = "give a block device to dumps",
	.help = "dump format [--force] DEVICE\n"
		"\n"
		"Gives DEVICE, a partition, logical volume or disk, to dumps: \"target =\n"
		"block:DEVICE\" in dump.conf. A dump is written to its start, and there is room for\n"
		"one, which is kept until it is fetched: of several crashes the first. Refused where\n"
		"there is a file system, a partition table or the like on it, or a dump.\n"
		"\n"
		"  --force   whatever is on it; what is mounted or open otherwise is refused still\n",
};
