// SPDX-License-Identifier: GPL-2.0
/* "dump fetch": the dump on the target's device becomes a file. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/dump_options.h"
#include "cmd/new_file.h"
#include "dump/fetch.h"
#include "dump/mark.h"

enum { OPT_DEVICE = CMD_OPT_DUMP_OWN, OPT_KEEP };

/* The device of dump.conf. */
static int find_device(const char *config_path, struct hc_dump_config *config,
		       const char **ret_device)
{
	int r = hc_dump_config_load(config_path, config);

	if (r == 0 && config->target.kind != HC_DUMP_TO_BLOCK)
		r = hc_fail(HC_E_USAGE,
			    "%s: the target is %s, from where a dump needs no fetching; name a "
			    "device with --device",
			    config_path, config->target.text);
	if (r == 0)
		*ret_device = config->target.path;
	return r;
}

/* The dump on @device into the new file @path; nothing is left of what failed. */
static int copy(int device, uint64_t room, const char *path)
{
	struct cmd_new_file file;
	char why[800];
	uint64_t bytes;
	int r = cmd_new_file_open(path, &file), kept = 0;

	if (r < 0)
		return r;
	r = hc_dump_fetch(device, room, file.fd, &bytes);
	snprintf(why, sizeof(why), "%s", r < 0 ? hc_error_message() : "");
	if (r == 0 || r == HC_E_DUMP_CUT)
		kept = cmd_new_file_keep(&file);
	cmd_new_file_close(&file);
	if (kept < 0 || r == 0)
		return kept;
	return hc_fail((enum hc_error)r, "%s", why);
}

static int fetch(const char *device, const char *path, bool keep)
{
	static struct hc_dump_mark mark;
	HC_FD fd = -1;
	int r = hc_dump_mark_read(device, &mark);

	if (r < 0)
		return r;
	fd = open(device, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", device);
	r = copy(fd, mark.room, path);
	if (r == HC_E_DUMP_CUT)
		hc_context(r,
			   "%s has what there is of it and stays on %s, too (\"hostcrypt dump format "
			   "--force %s\" makes room)",
			   path, device, device);
	if (r < 0 || keep)
		return r;
	r = hc_dump_mark_clear(fd);
	return r < 0 ? hc_fail_errno(-r, "%s is written, but %s cannot be cleared", path, device) :
		       0;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		DUMP_OPTIONS,
		{ "device", required_argument, NULL, OPT_DEVICE },
		{ "keep", no_argument, NULL, OPT_KEEP },
		CMD_OPTIONS,
	};
	const char *path = HC_DUMP_CONFIG_FILE, *device = NULL;
	HC_DUMP_CONFIG config = { 0 };
	bool keep = false;
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0) {
		if (option == CMD_OPT_DUMP_CONFIG)
			path = optarg;
		else if (option == OPT_DEVICE)
			device = optarg;
		else if (option == OPT_KEEP)
			keep = true;
	}
	r = option < -1 ? option : cmd_check_words(cmd, argc, 1, 1);
	if (r == 0 && !device)
		r = find_device(path, &config, &device);
	return r == 0 ? fetch(device, argv[optind], keep) : r;
}

const struct cmd_verb cmd_dump_fetch = {
	.name = "dump fetch",
	.run = run,
	.summary = "take a dump away from its device",
	.help = "dump fetch [--dump-config FILE] [--device DEVICE] [--keep] FILE\n"
		"\n"
		"Copies the dump on the target's device to the new file FILE, encrypted as it is,\n"
		"and then makes room for the next one. No key is needed. A dump that was cut short\n"
		"is copied as far as it goes, and stays where it is.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n"
		"  --device DEVICE      from this one, whatever dump.conf says\n"
		"  --keep               leave the dump on the device\n",
};
