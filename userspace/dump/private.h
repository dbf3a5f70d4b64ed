/* SPDX-License-Identifier: GPL-2.0 */
/* Can this host read its own dumps? It should not. */
#ifndef HC_DUMP_PRIVATE_H
#define HC_DUMP_PRIVATE_H

#include <limits.h>
#include <stdbool.h>

#include "base/config.h"
#include "dump/recipients.h"

/* A file in @folder that holds the private key of a recipient, without a passphrase. */
bool hc_dump_private_in(const char *folder, const struct hc_dump_recipients *recipients,
			char ret_path[PATH_MAX]);

/*
 * Whether the key server would undo for this host's certificate what is encrypted to
 * @recipient, which is of type kmip. An error where that could not be found out.
 */
int hc_dump_private_at_server(const struct hc_config *providers,
			      const struct hc_dump_recipient *recipient, bool *ret_can);

#endif
