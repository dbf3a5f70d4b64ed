// SPDX-License-Identifier: GPL-2.0
#include "dump/recipients.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static bool copy(char **field, const char *text)
{
	*field = strdup(text ? text : "");
	return *field;
}

static int load(const struct hc_dump_recipient_config *config,
		struct hc_dump_recipient *ret_recipient)
{
	int r = hc_dump_recipient_from_pem(config->public_key, config->name, ret_recipient);

	if (r < 0 || !config->provider)
		return r;
	if (ret_recipient->type != HC_DUMP_RSA)
		r = hc_fail(HC_E_DUMP_KEY, "%s: a key server undoes RSA, and this is another key",
			    config->public_key);
	else if (!copy(&ret_recipient->provider, config->provider) ||
		 !copy(&ret_recipient->endpoint, config->endpoint) ||
		 !copy(&ret_recipient->private_id, config->private_id) ||
		 !copy(&ret_recipient->public_id, config->public_id))
		r = hc_fail(HC_E_MEMORY, "out of memory");
	ret_recipient->type = HC_DUMP_KMIP;
	if (r < 0)
		hc_dump_recipient_free(ret_recipient);
	return r;
}

int hc_dump_recipients_load(const struct hc_dump_config *config,
			    struct hc_dump_recipients *ret_recipients)
{
	struct hc_dump_recipients recipients = { 0 };
	int r = 0;

	recipients.all = calloc(config->n_recipients, sizeof(*recipients.all));
	if (!recipients.all)
		return hc_fail(HC_E_MEMORY, "out of memory");
	while (r == 0 && recipients.n < config->n_recipients) {
		const struct hc_dump_recipient_config *each = &config->recipients[recipients.n];

		r = load(each, &recipients.all[recipients.n]);
		if (r < 0)
			hc_context(r, "recipient \"%s\"", each->name);
		else
			recipients.n++;
	}
	if (r < 0)
		hc_dump_recipients_free(&recipients);
	else
		*ret_recipients = recipients;
	return r;
}

void hc_dump_recipients_free(struct hc_dump_recipients *recipients)
{
	for (size_t i = 0; i < recipients->n; i++)
		hc_dump_recipient_free(&recipients->all[i]);
	free(recipients->all);
	*recipients = (struct hc_dump_recipients){ 0 };
}
