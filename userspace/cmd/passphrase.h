/* SPDX-License-Identifier: GPL-2.0 */
/* Passphrases: typed on the terminal, without echo, or the first line of a file. */
#ifndef HC_CMD_PASSPHRASE_H
#define HC_CMD_PASSPHRASE_H

#include <stdbool.h>

#include "base/secret.h"

/* Whoever has the dump can try as many as he likes. */
#define CMD_PASSPHRASE_MIN 12
#define CMD_PASSPHRASE_MAX 1024

/*
 * Ask for the passphrase of @what on the controlling terminal; twice where it is a
 * @new_one, which must have CMD_PASSPHRASE_MIN bytes. HC_E_USAGE where there is no
 * terminal, HC_E_DECLINED on ^C.
 */
int cmd_passphrase_ask(const char *what, bool new_one, struct hc_secret *ret_passphrase);

/* Without the end of the line. A file must be its owner's only; a pipe is one's own. */
int cmd_passphrase_read(const char *path, bool new_one, struct hc_secret *ret_passphrase);

#endif
