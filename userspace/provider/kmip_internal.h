/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the provider "kmip" share: kmip.c for KEKs, kmip_pair.c for pairs. */
#ifndef HC_PROVIDER_KMIP_INTERNAL_H
#define HC_PROVIDER_KMIP_INTERNAL_H

#include "kmip/client.h"
#include "provider/pair.h"

struct kmip_provider {
	struct hc_provider provider;
	struct hc_kmip_client *client;
	char endpoint[320];
};

static inline struct kmip_provider *kmip_of(struct hc_provider *provider)
{
	return (struct kmip_provider *)provider;
}

/* An identifier comes from a file that anybody may have written. */
int kmip_check_id(const char *id);

static inline bool kmip_can(const struct hc_kmip_server_info *info,
			    enum hc_kmip_operation operation)
{
	return info->operations & (uint64_t)1 << operation;
}

/* Looks first: on a second try, or with a helpful server, the key is Active already. */
int kmip_activate(struct kmip_provider *p, const char *id);

/* Revoke where needed, then destroy. */
int kmip_destroy_key(struct kmip_provider *p, const char *id);

int kmip_create_pair(struct hc_provider *provider, const char *label, unsigned bits,
		     struct hc_key_pair *ret_pair);
int kmip_public_key(struct hc_provider *provider, const char *public_id, EVP_PKEY **ret_key);
int kmip_decrypt(struct hc_provider *provider, const char *private_id, const void *data,
		 size_t size, struct hc_secret *ret_plain);

#endif
