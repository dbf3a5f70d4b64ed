// SPDX-License-Identifier: GPL-2.0
#include "dump/gcm.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

int hc_dump_gcm_new(const struct hc_secret *key, int encrypt, EVP_CIPHER_CTX **ret_context)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (!context ||
	    EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key->data, NULL, encrypt) != 1) {
		EVP_CIPHER_CTX_free(context);
		return hc_fail(HC_E_INTERNAL, "OpenSSL has no AES-256-GCM");
	}
	*ret_context = context;
	return 0;
}

/* An empty piece is not given to OpenSSL, which would take no buffer for the end. */
static bool update(EVP_CIPHER_CTX *context, const uint8_t *nonce, const void *aad, size_t aad_size,
		   const uint8_t *in, size_t size, uint8_t *out)
{
	int n = 0;

	return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, -1) == 1 &&
	       (aad_size == 0 ||
		EVP_CipherUpdate(context, NULL, &n, aad, (int)aad_size) == 1) &&
	       (size == 0 || (EVP_CipherUpdate(context, out, &n, in, (int)size) == 1 &&
			      (size_t)n == size));
}

int hc_dump_gcm_seal(EVP_CIPHER_CTX *context, const uint8_t nonce[HC_DUMP_NONCE_SIZE],
		     const void *aad, size_t aad_size, const uint8_t *plain, size_t size,
		     uint8_t *out)
{
	int n;

	if (!update(context, nonce, aad, aad_size, plain, size, out) ||
	    EVP_CipherFinal_ex(context, out + size, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, HC_DUMP_TAG_SIZE, out + size) != 1)
		return hc_fail(HC_E_INTERNAL, "AES-256-GCM failed");
	return 0;
}

int hc_dump_gcm_open(EVP_CIPHER_CTX *context, const uint8_t nonce[HC_DUMP_NONCE_SIZE],
		     const void *aad, size_t aad_size, const uint8_t *sealed, size_t size,
		     uint8_t *plain)
{
	uint8_t tag[HC_DUMP_TAG_SIZE], none[HC_DUMP_TAG_SIZE];
	int n;

	memcpy(tag, sealed + size, sizeof(tag));
	if (update(context, nonce, aad, aad_size, sealed, size, plain) &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1 &&
	    EVP_CipherFinal_ex(context, none, &n) == 1)
		return 0;
	explicit_bzero(plain, size);
	return hc_fail(HC_E_DUMP_DAMAGED, "the tag is wrong");
}

static const uint8_t zero_nonce[HC_DUMP_NONCE_SIZE];

int hc_dump_gcm_wrap_key(const struct hc_secret *kek, const struct hc_secret *key, uint8_t *out)
{
	EVP_CIPHER_CTX *context = NULL;
	int r = hc_dump_gcm_new(kek, 1, &context);

	if (r == 0)
		r = hc_dump_gcm_seal(context, zero_nonce, NULL, 0, key->data, key->size, out);
	EVP_CIPHER_CTX_free(context);
	return r;
}

int hc_dump_gcm_unwrap_key(const struct hc_secret *kek, const uint8_t *wrapped,
			   struct hc_secret *ret_key)
{
	EVP_CIPHER_CTX *context = NULL;
	HC_SECRET key = { 0 };
	int r = hc_secret_alloc(HC_DUMP_KEY_SIZE, &key);

	if (r == 0)
		r = hc_dump_gcm_new(kek, 0, &context);
	if (r == 0)
		r = hc_dump_gcm_open(context, zero_nonce, NULL, 0, wrapped, key.size, key.data);
	EVP_CIPHER_CTX_free(context);
	if (r < 0)
		return r;
	*ret_key = key;
	key = (struct hc_secret){ 0 };
	return 0;
}
