// SPDX-License-Identifier: GPL-2.0
/* RSA keys out of DER, and what is no RSA key. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "provider/rsa.h"

static EVP_PKEY *key, *other;

static struct hc_secret secret_of(const void *data, size_t size)
{
	struct hc_secret secret = { 0 };

	if (!EXPECT(hc_secret_alloc(size, &secret) == 0))
		exit(1);
	memcpy(secret.data, data, size);
	return secret;
}

/* DER as one of OpenSSL's writers gives it, with @more bytes of zero behind. */
static struct hc_secret der_of(int (*write)(const EVP_PKEY *, unsigned char **), EVP_PKEY *of,
			       size_t more)
{
	unsigned char *der = NULL, *longer;
	int size = write(of, &der);
	struct hc_secret secret;

	if (!EXPECT(size > 0))
		exit(1);
	longer = calloc(1, (size_t)size + more);
	memcpy(longer, der, (size_t)size);
	secret = secret_of(longer, (size_t)size + more);
	OPENSSL_free(der);
	free(longer);
	return secret;
}

static int pkcs8(const EVP_PKEY *of, unsigned char **der)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(of);
	int size = i2d_PKCS8_PRIV_KEY_INFO(info, der);

	PKCS8_PRIV_KEY_INFO_free(info);
	return size;
}

static bool reads(EVP_PKEY *(*read)(const struct hc_secret *), struct hc_secret der)
{
	EVP_PKEY *got = read(&der);
	bool good = got && EVP_PKEY_eq(got, key) == 1;

	EVP_PKEY_free(got);
	hc_secret_free(&der);
	return good;
}

static bool refuses(EVP_PKEY *(*read)(const struct hc_secret *), struct hc_secret der)
{
	EVP_PKEY *got = read(&der);

	EVP_PKEY_free(got);
	hc_secret_free(&der);
	return !got;
}

static void every_form_is_read(void)
{
	EXPECT(reads(hc_rsa_public, der_of(i2d_PUBKEY, key, 0)));
	EXPECT(reads(hc_rsa_public, der_of(i2d_PublicKey, key, 0)));
	EXPECT(reads(hc_rsa_private, der_of(i2d_PrivateKey, key, 0)));
	EXPECT(reads(hc_rsa_private, der_of(pkcs8, key, 0)));
}

static void what_is_no_whole_rsa_key_is_refused(void)
{
	EVP_PKEY *curve = EVP_EC_gen("P-256");
	struct hc_secret der;

	EXPECT(refuses(hc_rsa_public, der_of(i2d_PUBKEY, curve, 0)));
	EXPECT(refuses(hc_rsa_private, der_of(pkcs8, curve, 0)));
	EXPECT(refuses(hc_rsa_private, der_of(i2d_PrivateKey, curve, 0)));
	EXPECT(refuses(hc_rsa_public, der_of(i2d_PUBKEY, key, 1)));
	EXPECT(refuses(hc_rsa_public, der_of(i2d_PublicKey, key, 1)));
	EXPECT(refuses(hc_rsa_private, der_of(pkcs8, key, 1)));
	EXPECT(refuses(hc_rsa_private, secret_of("\x30", 1)));
	EXPECT(refuses(hc_rsa_public, secret_of("\x30\x84\xff\xff\xff\xff", 6)));
	der = der_of(pkcs8, key, 0);
	for (size_t size = 1; size < der.size; size += 7)
		EXPECT(refuses(hc_rsa_private, secret_of(der.data, size)));
	hc_secret_free(&der);
	EVP_PKEY_free(curve);
}

static void what_was_encrypted_comes_back(void)
{
	HC_SECRET plain = { 0 }, got = { 0 };
	uint8_t data[HC_RSA_BYTES_MAX];
	size_t size = 0;

	EXPECT(hc_secret_alloc(32, &plain) == 0 && hc_secret_random(&plain) == 0);
	EXPECT(hc_rsa_encrypt(key, &plain, data, &size) == 0 && size == 256);
	EXPECT(hc_rsa_decrypt(key, data, size, &got) == 0 && got.size == 32);
	EXPECT(memcmp(got.data, plain.data, 32) == 0);
	hc_secret_free(&got);
	EXPECT(hc_rsa_decrypt(other, data, size, &got) == HC_E_KEK_UNFIT && !got.data);
	data[9] ^= 1;
	EXPECT(hc_rsa_decrypt(key, data, size, &got) == HC_E_KEK_UNFIT && !got.data);
	EXPECT(hc_rsa_decrypt(key, data, size - 1, &got) == HC_E_KEK_UNFIT && !got.data);
	EXPECT(hc_rsa_decrypt(key, data, 0, &got) == HC_E_KEK_UNFIT && !got.data);
}

int main(void)
{
	key = EVP_RSA_gen(2048);
	other = EVP_RSA_gen(2048);
	if (!EXPECT(key && other))
		return 1;
	RUN(every_form_is_read);
	RUN(what_is_no_whole_rsa_key_is_refused);
	RUN(what_was_encrypted_comes_back);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return unit_result();
}
