/* SPDX-License-Identifier: GPL-2.0 */
/* What a server's refusal means, and what to do about it. */
#ifndef HC_KMIP_REFUSAL_H
#define HC_KMIP_REFUSAL_H

#include "base/config.h"
#include "kmip/message.h"

/*
 * The failure for an @answer that is no success; @subject is the id of the
 * key asked for, or NULL.
 */
int hc_kmip_refusal(const struct hc_kmip_answer *answer, enum hc_kmip_operation operation,
		    const char *subject, const struct hc_provider_config *config);

#endif
