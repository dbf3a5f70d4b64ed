/* SPDX-License-Identifier: GPL-2.0 */
/* Options of the verbs that read a dump: what unlocks it. */
#ifndef HC_CMD_DUMP_UNLOCK_H
#define HC_CMD_DUMP_UNLOCK_H

#include <stdbool.h>

#include "cmd/cmd.h"
#include "dump/header.h"

enum {
	DUMP_OPT_KEY = CMD_OPT_OWN,
	DUMP_OPT_PROVIDER,
	DUMP_OPT_PASSPHRASE,
	DUMP_OPT_PASSPHRASE_FILE,
	DUMP_OPT_OWN, /* the verb's own begin here */
};

#define DUMP_UNLOCK_OPTIONS                                                                        \
	{ "key", required_argument, NULL, DUMP_OPT_KEY },                                          \
		{ "provider", required_argument, NULL, DUMP_OPT_PROVIDER },                        \
		{ "passphrase", no_argument, NULL, DUMP_OPT_PASSPHRASE },                          \
	{                                                                                          \
		"passphrase-file", required_argument, NULL, DUMP_OPT_PASSPHRASE_FILE               \
	}

#define DUMP_UNLOCK_HELP                                                                           \
	"One of these unlocks the dump:\n"                                                         \
	"  --key FILE              a recipient's private key, PEM\n"                               \
	"  --provider NAME         the key server that has a recipient's private key, as\n"        \
	"                          --config says, with an identity that may use it\n"              \
	"  --passphrase            a passphrase, asked for on the terminal\n"                      \
	"  --passphrase-file FILE  the first line of FILE, which may be a pipe\n"

struct dump_unlock {
	const char *key;
	const char *provider;
	const char *passphrase_file;
	bool passphrase;
	struct hc_secret *kept; /* where not NULL, the passphrase, for another try */
};

/* Take one of the options above; false where @option is not one of them. */
bool dump_unlock_take(struct dump_unlock *unlock, int option);
/* HC_E_USAGE unless there is exactly one way in. */
int dump_unlock_check(const struct dump_unlock *unlock);
/* After the failure @code: say when it comes from a rewrap of @path that was interrupted. */
int dump_unlock_failed(int code, const char *path);
/* The key of the dump @path that has @header. */
int dump_unlock_key(const struct cmd *cmd, const struct dump_unlock *unlock, const char *path,
		    const struct hc_dump_header *header, struct hc_secret *ret_dump_key);

#endif
