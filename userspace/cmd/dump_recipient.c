// SPDX-License-Identifier: GPL-2.0
#include "cmd/dump_recipient.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/passphrase.h"

bool dump_recipient_take(struct dump_recipient *wanted, int option)
{
	switch (option) {
	case DUMP_OPT_TO:
		wanted->to = optarg;
		return true;
	case DUMP_OPT_TO_PASSPHRASE:
		wanted->passphrase = true;
		return true;
	case DUMP_OPT_TO_PASSPHRASE_FILE:
		wanted->passphrase_file = optarg;
		return true;
	case DUMP_OPT_LABEL:
		wanted->label = optarg;
		return true;
	default:
		return false;
	}
}

static int ways(const struct dump_recipient *wanted)
{
	return !!wanted->to + wanted->passphrase + !!wanted->passphrase_file;
}

bool dump_recipient_wanted(const struct dump_recipient *wanted)
{
	return ways(wanted) > 0;
}

int dump_recipient_check(const struct dump_recipient *wanted)
{
	if (ways(wanted) > 1)
		return hc_fail(HC_E_USAGE, "one recipient is added at a time");
	if (wanted->label && ways(wanted) == 0)
		return hc_fail(HC_E_USAGE, "--label goes with a recipient that is added");
	if (wanted->label && strlen(wanted->label) >= HC_NAME_MAX)
		return hc_fail(HC_E_USAGE, "a label has %d bytes at most", HC_NAME_MAX - 1);
	return 0;
}

/* "support" of ".../support.pem". */
static void label_of(const char *path, char ret_label[HC_NAME_MAX])
{
	char copy[PATH_MAX], *name, *dot;

	snprintf(copy, sizeof(copy), "%s", path);
	name = basename(copy);
	dot = strrchr(name, '.');
	if (dot && dot != name)
		*dot = '\0';
	snprintf(ret_label, HC_NAME_MAX, "%.*s", HC_NAME_MAX - 1, name);
}

int dump_recipient_make(const struct dump_recipient *wanted, const char *dump,
			struct hc_dump_recipient *ret_recipient)
{
	char label[HC_NAME_MAX] = "passphrase";
	HC_SECRET passphrase = { 0 };
	int r;

	if (wanted->to)
		label_of(wanted->to, label);
	if (wanted->label)
		snprintf(label, sizeof(label), "%s", wanted->label);
	if (wanted->to)
		return hc_dump_recipient_from_pem(wanted->to, label, ret_recipient);
	r = wanted->passphrase ? cmd_passphrase_ask(dump, true, &passphrase) :
				 cmd_passphrase_read(wanted->passphrase_file, true, &passphrase);
	return r < 0 ? r : hc_dump_recipient_from_passphrase(&passphrase, label, ret_recipient);
}
