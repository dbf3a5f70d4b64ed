// SPDX-License-Identifier: GPL-2.0
#include "provider/pair.h"

#include <openssl/crypto.h>

#include "base/error.h"
#include "provider/rsa.h"

void hc_key_pair_free(struct hc_key_pair *pair)
{
	EVP_PKEY_free(pair->public_key);
	pair->public_key = NULL;
}

static int no_pairs(const struct hc_provider *provider)
{
	return hc_fail(HC_E_CONFIG,
		       "provider %s is not of type kmip: only a key server has key pairs; an "
		       "offline key is made with openssl, on another machine",
		       provider->config->name);
}

int hc_provider_create_pair(struct hc_provider *provider, const char *label, unsigned bits,
			    struct hc_key_pair *ret_pair)
{
	if (!provider->ops->create_pair)
		return no_pairs(provider);
	return provider->ops->create_pair(provider, label, bits, ret_pair);
}

int hc_provider_public_key(struct hc_provider *provider, const char *public_id, EVP_PKEY **ret_key)
{
	if (!provider->ops->public_key)
		return no_pairs(provider);
	return provider->ops->public_key(provider, public_id, ret_key);
}

int hc_provider_decrypt(struct hc_provider *provider, const char *private_id, const void *data,
			size_t size, struct hc_secret *ret_plain)
{
	if (!provider->ops->decrypt)
		return no_pairs(provider);
	return provider->ops->decrypt(provider, private_id, data, size, ret_plain);
}

static bool same(const struct hc_secret *a, const struct hc_secret *b)
{
	return a->size == b->size && CRYPTO_memcmp(a->data, b->data, a->size) == 0;
}

int hc_provider_try_pair(struct hc_provider *provider, const struct hc_key_pair *pair,
			 bool *ret_can)
{
	uint8_t wrapped[HC_RSA_BYTES_MAX];
	HC_SECRET plain = { 0 }, again = { 0 };
	size_t size = 0;
	int r = hc_secret_alloc(32, &plain);

	if (r == 0)
		r = hc_secret_random(&plain);
	if (r == 0)
		r = hc_rsa_encrypt(pair->public_key, &plain, wrapped, &size);
	if (r == 0)
		r = hc_provider_decrypt(provider, pair->private_id, wrapped, size, &again);
	if (r == 0 && !same(&plain, &again))
		r = hc_fail(HC_E_KEK_UNFIT, "the keys %s and %s do not belong together",
			    pair->public_id, pair->private_id);
	/* Some servers hide what they deny. */
	if (r < 0 && r != HC_E_KEK_DENIED && r != HC_E_KEK_NOT_FOUND && r != HC_E_KMIP_REFUSED)
		return r;
	*ret_can = r == 0;
	return 0;
}
