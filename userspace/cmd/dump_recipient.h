/* SPDX-License-Identifier: GPL-2.0 */
/* Options that name one more who is to read a dump. */
#ifndef HC_CMD_DUMP_RECIPIENT_H
#define HC_CMD_DUMP_RECIPIENT_H

#include <stdbool.h>

#include "cmd/dump_unlock.h"
#include "dump/recipient.h"

enum {
	DUMP_OPT_TO = DUMP_OPT_OWN,
	DUMP_OPT_TO_PASSPHRASE,
	DUMP_OPT_TO_PASSPHRASE_FILE,
	DUMP_OPT_LABEL,
	DUMP_OPT_RECIPIENT_END, /* the verb's own begin here */
};

#define DUMP_RECIPIENT_OPTIONS                                                                     \
	{ "to", required_argument, NULL, DUMP_OPT_TO },                                            \
		{ "to-passphrase", no_argument, NULL, DUMP_OPT_TO_PASSPHRASE },                    \
		{ "to-passphrase-file", required_argument, NULL, DUMP_OPT_TO_PASSPHRASE_FILE },    \
	{                                                                                          \
		"label", required_argument, NULL, DUMP_OPT_LABEL                                   \
	}

#define DUMP_RECIPIENT_HELP                                                                        \
	"One of these is a recipient more:\n"                                                      \
	"  --to FILE                  a public key, PEM: RSA of 3072 bits or more, X25519\n"       \
	"  --to-passphrase            a passphrase, asked for twice on the terminal\n"             \
	"  --to-passphrase-file FILE  the first line of FILE, which may be a pipe\n"               \
	"  --label TEXT               how it is called: unless said, as its file, or\n"            \
	"                             \"passphrase\"\n"

struct dump_recipient {
	const char *to;
	const char *passphrase_file;
	const char *label;
	bool passphrase;
};

/* Take one of the options above; false where @option is not one of them. */
bool dump_recipient_take(struct dump_recipient *wanted, int option);
/* Is there one at all? */
bool dump_recipient_wanted(const struct dump_recipient *wanted);
/* HC_E_USAGE where they do not go together. */
int dump_recipient_check(const struct dump_recipient *wanted);
/* Read or ask for what identifies who is to read @dump. */
int dump_recipient_make(const struct dump_recipient *wanted, const char *dump,
			struct hc_dump_recipient *ret_recipient);

#endif
