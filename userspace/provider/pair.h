/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key pairs at a provider: the public half encrypts, here and without anybody
 * being asked; the private half stays with the provider. Only "kmip" has them.
 */
#ifndef HC_PROVIDER_PAIR_H
#define HC_PROVIDER_PAIR_H

#include <openssl/evp.h>

#include "provider/provider.h"

#define HC_PAIR_BITS_MIN 3072

struct hc_key_pair {
	char private_id[HC_KEK_ID_MAX];
	char public_id[HC_KEK_ID_MAX];
	EVP_PKEY *public_key; /* RSA */
};

void hc_key_pair_free(struct hc_key_pair *pair);

/*
 * Make an RSA pair of @bits (3072 or 4096), both halves Active. They are called
 * "@label-private" and "@label-public"; @label is unique.
 */
int hc_provider_create_pair(struct hc_provider *provider, const char *label, unsigned bits,
			    struct hc_key_pair *ret_pair);

/* The public half of a pair, which must be RSA of 3072 bits or more, and Active. */
int hc_provider_public_key(struct hc_provider *provider, const char *public_id,
			   EVP_PKEY **ret_key);

/*
 * Undo RSA-OAEP (SHA-256 in both places, no label) with the private half: the
 * key server does it where it offers that, else it gives out the private key,
 * which is wiped again before this returns. A Deactivated key still decrypts.
 */
int hc_provider_decrypt(struct hc_provider *provider, const char *private_id, const void *data,
			size_t size, struct hc_secret *ret_plain);

/*
 * Whether this identity can have decrypted what is encrypted to @pair: tried
 * with random bytes. Where it cannot, the recorded sentence says why.
 */
int hc_provider_try_pair(struct hc_provider *provider, const struct hc_key_pair *pair,
			 bool *ret_can);

#endif
