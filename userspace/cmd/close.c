// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include "base/error.h"
#include "volume/volume.h"

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	int r = cmd_next_option(cmd, argc, argv, options);

	if (r < -1)
		return r;
	r = cmd_check_words(cmd, argc, 1, 1);
	if (r < 0)
		return r;
	cmd_hold_signals();
	r = hc_volume_close(argv[optind]);
	cmd_release_signals();
	return r;
}

const struct cmd_verb cmd_close = {
	.name = "close",
	.run = run,
	.summary = "take a volume away and wipe its key",
	.help = "close NAME\n"
		"\n"
		"Removes the device /dev/mapper/NAME and drops its key from the kernel, unless\n"
		"another volume uses the same key. Refused while the volume is in use. The agent\n"
		"does not open it again until it is restarted or reloaded.\n",
};
