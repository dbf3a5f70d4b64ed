/* SPDX-License-Identifier: GPL-2.0 */
/* The recipients that dump.conf names, with their keys. */
#ifndef HC_DUMP_RECIPIENTS_H
#define HC_DUMP_RECIPIENTS_H

#include <stddef.h>

#include "dump/config.h"
#include "dump/recipient.h"

struct hc_dump_recipients {
	struct hc_dump_recipient *all;
	size_t n;
};

int hc_dump_recipients_load(const struct hc_dump_config *config,
			    struct hc_dump_recipients *ret_recipients);
void hc_dump_recipients_free(struct hc_dump_recipients *recipients);

#define HC_DUMP_RECIPIENTS                                                                         \
	__attribute__((cleanup(hc_dump_recipients_free))) struct hc_dump_recipients

#endif
