/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the verbs of "hostcrypt" share. A verb is one file with one function; it
 * returns 0 or a negative HC_E_ code, and main() prints the sentence and exits.
 */
#ifndef HC_CMD_CMD_H
#define HC_CMD_CMD_H

#include <getopt.h>
#include <stdbool.h>

#include "base/config.h"

struct cmd {
	const char *config_path;
	const char *volumes_path;
	const char *state_path;
	bool json;
	const struct cmd_verb *verb;
};

struct cmd_verb {
	const char *name;
	int (*run)(struct cmd *cmd, int argc, char **argv);
	const char *summary;
	const char *help; /* usage, then what the options mean */
	bool has_json;
	bool touches_keys; /* refused where memory cannot be locked */
};

extern const struct cmd_verb cmd_create, cmd_open, cmd_close, cmd_list, cmd_status, cmd_kms,
	cmd_key, cmd_dump, cmd_version;

/* The verbs after "dump"; their names begin with that word. */
extern const struct cmd_verb cmd_dump_enable, cmd_dump_disable, cmd_dump_test;
extern const struct cmd_verb cmd_dump_load, cmd_dump_unload, cmd_dump_status, cmd_dump_image,
	cmd_dump_key, cmd_dump_describe, cmd_dump_verify, cmd_dump_extract, cmd_dump_format,
	cmd_dump_fetch, cmd_dump_ssh_key, cmd_dump_rewrap, cmd_dump_list;

/* Options that every verb knows; a verb puts them at the end of its own. */
enum {
	CMD_OPT_CONFIG = 0x100,
	CMD_OPT_VOLUMES,
	CMD_OPT_STATE,
	CMD_OPT_JSON,
	CMD_OPT_HELP,
	CMD_OPT_OWN, /* the verb's own begin here */
};

#define CMD_OPTIONS                                                                                \
	{ "config", required_argument, NULL, CMD_OPT_CONFIG },                                     \
		{ "volumes", required_argument, NULL, CMD_OPT_VOLUMES },                           \
		{ "state", required_argument, NULL, CMD_OPT_STATE },                               \
		{ "json", no_argument, NULL, CMD_OPT_JSON },                                       \
		{ "help", no_argument, NULL, CMD_OPT_HELP },                                       \
	{                                                                                          \
		0                                                                                  \
	}

/*
 * The next option of the verb's own, after taking those that every verb knows:
 * its value, -1 at the end, or HC_E_USAGE (below -1) for an unknown one.
 */
int cmd_next_option(struct cmd *cmd, int argc, char **argv, const struct option *options);

/* HC_E_USAGE unless the words after the options number @min to @max. */
int cmd_check_words(const struct cmd *cmd, int argc, int min, int max);

/* The words after the options are argv[optind]... */

/* Signals that would end us halfway are held back between the two. */
void cmd_hold_signals(void);
void cmd_release_signals(void);

#endif
