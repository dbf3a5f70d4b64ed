// SPDX-License-Identifier: GPL-2.0
#include "provider/provider.h"

#include <stdio.h>

#include "base/error.h"
#include "kmip/net.h"

int hc_provider_open(const struct hc_provider_config *config, struct hc_provider **ret_provider)
{
	switch (config->type) {
	case HC_PROVIDER_KMIP:
		return hc_provider_kmip_open(config, ret_provider);
	case HC_PROVIDER_LOCAL:
		return hc_provider_local_open(config, ret_provider);
	}
	return hc_fail(HC_E_INTERNAL, "the provider %s is of an unknown type", config->name);
}

void hc_provider_close(struct hc_provider *provider)
{
	if (provider)
		provider->ops->close(provider);
}

int hc_provider_create(struct hc_provider *provider, const char *label,
		       char ret_id[HC_KEK_ID_MAX])
{
	return provider->ops->create(provider, label, ret_id);
}

int hc_provider_get(struct hc_provider *provider, const char *id, bool for_new_use,
		    struct hc_secret *ret_kek)
{
	return provider->ops->get(provider, id, for_new_use, ret_kek);
}

int hc_provider_state(struct hc_provider *provider, const char *id,
		      enum hc_kek_state *ret_state)
{
	return provider->ops->state(provider, id, ret_state);
}

const char *hc_kek_state_name(enum hc_kek_state state)
{
	switch (state) {
	case HC_KEK_PRE_ACTIVE:
		return "Pre-Active";
	case HC_KEK_ACTIVE:
		return "Active";
	case HC_KEK_DEACTIVATED:
		return "Deactivated";
	case HC_KEK_COMPROMISED:
		return "Compromised";
	case HC_KEK_DESTROYED:
		return "Destroyed";
	case HC_KEK_DESTROYED_COMPROMISED:
		return "Destroyed Compromised";
	}
	return "unknown";
}

int hc_provider_destroy(struct hc_provider *provider, const char *id)
{
	return provider->ops->destroy(provider, id);
}

int hc_provider_check(struct hc_provider *provider, struct hc_provider_report *ret_report)
{
	return provider->ops->check(provider, ret_report);
}

const char *hc_provider_endpoint(const struct hc_provider_config *config, char *buffer,
				 size_t size)
{
	if (config->type == HC_PROVIDER_KMIP)
		return hc_net_endpoint(config->host, config->port, buffer, size);
	snprintf(buffer, size, "%s", config->directory);
	return buffer;
}
