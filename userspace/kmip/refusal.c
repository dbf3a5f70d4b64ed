// SPDX-License-Identifier: GPL-2.0
#include "kmip/refusal.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

static const struct {
	uint32_t reason;
	enum hc_error code;
	const char *remedy;
} refusals[] = {
	{ HC_REASON_ITEM_NOT_FOUND, HC_E_KEK_NOT_FOUND,
	  "check that this is the right key server, or have the key restored on it" },
	{ HC_REASON_OBJECT_NOT_FOUND, HC_E_KEK_NOT_FOUND,
	  "check that this is the right key server, or have the key restored on it" },
	{ HC_REASON_OBJECT_DESTROYED, HC_E_KEK_NOT_FOUND,
	  "the key was destroyed; only a backup of the key server can bring it back" },
	{ HC_REASON_PERMISSION_DENIED, HC_E_KEK_DENIED,
	  "have the key server's administrator allow it to the identity in this host's "
	  "certificate" },
	{ HC_REASON_NOT_AUTHORISED, HC_E_KEK_DENIED,
	  "have the key server's administrator allow it to the identity in this host's "
	  "certificate" },
	{ HC_REASON_NOT_AUTHENTICATED, HC_E_KMIP_AUTH,
	  "this host's certificate must be registered there and carry the extended key usage "
	  "clientAuth" },
	{ HC_REASON_WRONG_LIFECYCLE_STATE, HC_E_KEK_NOT_ACTIVE,
	  "look at the key's state on the key server" },
	{ HC_REASON_SENSITIVE, HC_E_KEK_UNFIT, "a KEK must be allowed to leave the key server" },
	{ HC_REASON_NOT_EXTRACTABLE, HC_E_KEK_UNFIT,
	  "a KEK must be allowed to leave the key server" },
	{ HC_REASON_VALUE_NOT_PRESENT, HC_E_KEK_UNFIT, "the key server keeps no bytes of it" },
	{ HC_REASON_OBJECT_ARCHIVED, HC_E_KMIP_REFUSED,
	  "have the key recovered from the key server's archive" },
	{ HC_REASON_RESPONSE_TOO_LARGE, HC_E_KMIP_TOO_LARGE,
	  "the answer does not fit into the size that hostcrypt takes" },
	{ HC_REASON_VERSION_UNSUPPORTED, HC_E_KMIP_VERSION,
	  "the key server must allow a KMIP version from 1.0 to 1.4" },
	{ HC_REASON_OPERATION_UNSUPPORTED, HC_E_KMIP_REFUSED,
	  "the key server must allow this operation" },
};

/* The entry for @reason, or one past the end. */
static size_t find(uint32_t reason)
{
	size_t i = 0;

	while (i < sizeof(refusals) / sizeof(refusals[0]) && refusals[i].reason != reason)
		i++;
	return i;
}

static int unfinished(const struct hc_kmip_answer *answer, const char *what)
{
	return hc_fail(HC_E_KMIP_REFUSED,
		       "%s was %s; set the key server to answer at once", what,
		       answer->status == HC_STATUS_PENDING ? "only queued (Operation Pending)" :
							     "undone by the server");
}

int hc_kmip_refusal(const struct hc_kmip_answer *answer, enum hc_kmip_operation operation,
		    const char *subject, const struct hc_provider_config *config)
{
	size_t i = find(answer->reason);
	bool known = i < sizeof(refusals) / sizeof(refusals[0]);
	enum hc_error code = known ? refusals[i].code : HC_E_KMIP_REFUSED;
	char what[HC_KMIP_ID_MAX + 64], words[300] = "";

	snprintf(what, sizeof(what), "%s%s%s", hc_kmip_operation_name(operation),
		 subject ? " of key " : "", subject ? subject : "");
	if (answer->status != HC_STATUS_FAILED)
		return unfinished(answer, what);
	if (answer->text[0])
		snprintf(words, sizeof(words), ", \"%s\"", answer->text);
	/* Without a key in question it is the operation that is denied. */
	if (code == HC_E_KEK_DENIED && !subject)
		code = HC_E_KMIP_REFUSED;
	return hc_fail(code, "%s was refused: %s (%#x)%s; %s%s%s", what,
		       hc_kmip_reason_name(answer->reason), answer->reason, words,
		       known ? refusals[i].remedy : "the key server's log will say more",
		       code == HC_E_KMIP_AUTH ? ": " : "",
		       code == HC_E_KMIP_AUTH ? config->certificate : "");
}
