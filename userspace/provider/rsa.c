// SPDX-License-Identifier: GPL-2.0
#include "provider/rsa.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/error.h"

/* @key when it is RSA and took all of @der up to @end. */
static EVP_PKEY *whole_rsa(EVP_PKEY *key, const uint8_t *end, const struct hc_secret *der)
{
	if (key && EVP_PKEY_is_a(key, "RSA") && end == der->data + der->size)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

EVP_PKEY *hc_rsa_public(const struct hc_secret *der)
{
	const uint8_t *at = der->data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der->size);

	if (!key) {
		at = der->data;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der->size);
	}
	return whole_rsa(key, at, der);
}

EVP_PKEY *hc_rsa_private(const struct hc_secret *der)
{
	const uint8_t *at = der->data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der->size);

	return whole_rsa(key, at, der);
}

static bool oaep(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

int hc_rsa_encrypt(EVP_PKEY *key, const struct hc_secret *plain,
		   uint8_t ret_data[HC_RSA_BYTES_MAX], size_t *ret_size)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	size_t size = HC_RSA_BYTES_MAX;
	bool good = context && EVP_PKEY_encrypt_init(context) > 0 && oaep(context) &&
		    EVP_PKEY_encrypt(context, ret_data, &size, plain->data, plain->size) > 0;

	EVP_PKEY_CTX_free(context);
	if (!good)
		return hc_fail(HC_E_INTERNAL, "RSA-OAEP failed");
	*ret_size = size;
	return 0;
}

static bool decrypt(EVP_PKEY_CTX *context, const void *data, size_t size, uint8_t *plain,
		    size_t *plain_size)
{
	return context && EVP_PKEY_decrypt_init(context) > 0 &&
	       oaep(context) && EVP_PKEY_decrypt(context, plain, plain_size, data, size) > 0;
}

int hc_rsa_decrypt(EVP_PKEY *key, const void *data, size_t size, struct hc_secret *ret_plain)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	size_t plain_size = (size_t)EVP_PKEY_get_size(key);
	HC_SECRET room = { 0 };
	int r = hc_secret_alloc(plain_size, &room);

	if (r == 0 && (!decrypt(context, data, size, room.data, &plain_size) || plain_size == 0))
		r = hc_fail(HC_E_KEK_UNFIT,
			    "this private key does not decrypt it: it is for another key, or it "
			    "was changed");
	if (r == 0)
		r = hc_secret_alloc(plain_size, ret_plain);
	if (r == 0)
		memcpy(ret_plain->data, room.data, plain_size);
	EVP_PKEY_CTX_free(context);
	return r;
}
