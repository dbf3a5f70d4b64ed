// SPDX-License-Identifier: GPL-2.0
/* "dump ssh-key": the key by which the capture kernel reaches another host. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "cmd/dump_options.h"
#include "dump/ssh.h"

#define KEYGEN "/usr/bin/ssh-keygen"

static int make_key(const char *path)
{
	const char *const argv[] = { KEYGEN, "-q", "-t", "ed25519", "-N", "",
				     "-C",   "hostcrypt-dump", "-f", path, NULL };
	char output[1024];

	if (access(path, F_OK) == 0)
		return 0;
	return hc_child_run(argv, NULL, output, sizeof(output));
}

static int read_public(const char *path, char *ret_key, size_t size)
{
	const char *const argv[] = { KEYGEN, "-y", "-f", path, NULL };

	return hc_child_run(argv, NULL, ret_key, size);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	const char *path = HC_DUMP_CONFIG_FILE;
	static char public_key[8192], line[16384];
	HC_DUMP_CONFIG config = { 0 };
	int r = dump_take_config(cmd, argc, argv, 0, &path);

	if (r == 0)
		r = hc_dump_config_load(path, &config);
	if (r == 0 && config.target.kind != HC_DUMP_TO_SSH)
		r = hc_fail(HC_E_USAGE, "%s: the target is %s, and no other host", path,
			    config.target.text);
	if (r == 0)
		r = make_key(config.ssh_key);
	if (r < 0)
		return r;
	r = read_public(config.ssh_key, public_key, sizeof(public_key));
	if (r < 0)
		return r;
	hc_ssh_line(config.target.path, public_key, line, sizeof(line));
	printf("%s\n", line);
	return 0;
}

const struct cmd_verb cmd_dump_ssh_key = {
	.name = "dump ssh-key",
	.run = run,
	.summary = "a key for dumps to another host",
	.help = "dump ssh-key [--dump-config FILE]\n"
		"\n"
		"For \"target = ssh:USER@HOST/FOLDER\": makes the key that \"ssh-key =\" of dump.conf\n"
		"names, unless it is there, and prints the line for USER's authorized_keys on HOST.\n"
		"With that line the key can leave dumps in FOLDER, take away one that is not\n"
		"finished, and do nothing else: have a FOLDER for each host.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n",
};
