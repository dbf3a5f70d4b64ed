// SPDX-License-Identifier: GPL-2.0
#include "dump/recipient.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "dump/format.h"
#include "dump/gcm.h"
#include "provider/rsa.h"

#define X25519_SIZE 32
#define X25519_WRAPPED (X25519_SIZE + HC_DUMP_KEY_SIZE + HC_DUMP_TAG_SIZE)

static const char *const type_names[] = {
	[HC_DUMP_RSA] = "rsa-oaep",
	[HC_DUMP_X25519] = "x25519",
	[HC_DUMP_KMIP] = "kmip",
};

const char *hc_dump_recipient_type_name(enum hc_dump_recipient_type type)
{
	return type_names[type];
}

int hc_dump_recipient_type_from(const char *name)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (strcmp(type_names[i], name) == 0)
			return (int)i;
	return -1;
}

int hc_dump_key_id(EVP_PKEY *key, char ret_id[HC_DUMP_ID_SIZE])
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(key, &der);

	if (size <= 0)
		return hc_fail(HC_E_DUMP_KEY, "the public key cannot be written as DER");
	SHA256(der, (size_t)size, hash);
	OPENSSL_free(der);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(ret_id + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

static int check_key(EVP_PKEY *key, const char *path, enum hc_dump_recipient_type *ret_type)
{
	if (EVP_PKEY_is_a(key, "X25519")) {
		*ret_type = HC_DUMP_X25519;
		return 0;
	}
	if (!EVP_PKEY_is_a(key, "RSA"))
		return hc_fail(HC_E_DUMP_KEY, "%s is neither an RSA nor an X25519 key", path);
	if (EVP_PKEY_get_bits(key) < HC_DUMP_RSA_BITS_MIN ||
	    EVP_PKEY_get_size(key) > HC_DUMP_WRAPPED_MAX)
		return hc_fail(HC_E_DUMP_KEY, "%s has %d bits; an RSA key needs 3072 to 8192",
			       path, EVP_PKEY_get_bits(key));
	*ret_type = HC_DUMP_RSA;
	return 0;
}

int hc_dump_recipient_from_pem(const char *path, const char *label,
			       struct hc_dump_recipient *ret_recipient)
{
	struct hc_dump_recipient recipient = { 0 };
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return hc_fail_errno(errno, "cannot open %s", path);
	recipient.key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	if (!recipient.key)
		return hc_fail(HC_E_DUMP_KEY, "%s holds no public key in PEM", path);
	snprintf(recipient.label, sizeof(recipient.label), "%s", label);
	r = check_key(recipient.key, path, &recipient.type);
	if (r == 0)
		r = hc_dump_key_id(recipient.key, recipient.id);
	if (r < 0)
		hc_dump_recipient_free(&recipient);
	else
		*ret_recipient = recipient;
	return r;
}

void hc_dump_recipient_free(struct hc_dump_recipient *recipient)
{
	EVP_PKEY_free(recipient->key);
	free(recipient->provider);
	free(recipient->endpoint);
	free(recipient->private_id);
	free(recipient->public_id);
	*recipient = (struct hc_dump_recipient){ 0 };
}

static bool raw_public(EVP_PKEY *key, uint8_t ret_raw[X25519_SIZE])
{
	size_t size = X25519_SIZE;

	return EVP_PKEY_get_raw_public_key(key, ret_raw, &size) == 1 && size == X25519_SIZE;
}

/* The key between @ours (private) and @theirs; @salt is ephemeral || recipient. */
static int agree(EVP_PKEY *ours, EVP_PKEY *theirs, const uint8_t salt[2 * X25519_SIZE],
		 struct hc_secret *ret_key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
	HC_SECRET shared = { 0 };
	size_t size = X25519_SIZE;
	int r = hc_secret_alloc(X25519_SIZE, &shared);

	if (r == 0 && (!context || EVP_PKEY_derive_init(context) != 1 ||
		       EVP_PKEY_derive_set_peer(context, theirs) != 1 ||
		       EVP_PKEY_derive(context, shared.data, &size) != 1 || size != X25519_SIZE))
		r = hc_fail(HC_E_DUMP_RECIPIENT, "X25519 refused the public key");
	EVP_PKEY_CTX_free(context);
	return r < 0 ? r : hc_secret_hkdf_bytes(&shared, salt, 2 * X25519_SIZE,
						HC_DUMP_INFO_X25519, HC_DUMP_KEY_SIZE, ret_key);
}

static const uint8_t zero_nonce[HC_DUMP_NONCE_SIZE];

static int wrap_x25519(EVP_PKEY *key, const struct hc_secret *dump_key, uint8_t *wrapped)
{
	EVP_PKEY *ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_CIPHER_CTX *context = NULL;
	uint8_t salt[2 * X25519_SIZE];
	HC_SECRET kek = { 0 };
	int r = 0;

	if (!ephemeral || !raw_public(ephemeral, salt) || !raw_public(key, salt + X25519_SIZE))
		r = hc_fail(HC_E_INTERNAL, "OpenSSL cannot make an X25519 key");
	if (r == 0)
		r = agree(ephemeral, key, salt, &kek);
	if (r == 0)
		r = hc_dump_gcm_new(&kek, 1, &context);
	if (r == 0) {
		memcpy(wrapped, salt, X25519_SIZE);
		r = hc_dump_gcm_seal(context, zero_nonce, NULL, 0, dump_key->data, dump_key->size,
				     wrapped + X25519_SIZE);
	}
	EVP_CIPHER_CTX_free(context);
	EVP_PKEY_free(ephemeral);
	return r;
}

static int unwrap_x25519(EVP_PKEY *key, const uint8_t *wrapped, struct hc_secret *dump_key)
{
	EVP_PKEY *ephemeral =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, wrapped, X25519_SIZE);
	EVP_CIPHER_CTX *context = NULL;
	uint8_t salt[2 * X25519_SIZE];
	HC_SECRET kek = { 0 };
	int r = 0;

	memcpy(salt, wrapped, X25519_SIZE);
	if (!ephemeral || !raw_public(key, salt + X25519_SIZE))
		r = hc_fail(HC_E_DUMP_RECIPIENT, "OpenSSL refused an X25519 key");
	if (r == 0)
		r = agree(key, ephemeral, salt, &kek);
	if (r == 0)
		r = hc_dump_gcm_new(&kek, 0, &context);
	if (r == 0)
		r = hc_dump_gcm_open(context, zero_nonce, NULL, 0, wrapped + X25519_SIZE,
				     dump_key->size, dump_key->data);
	EVP_CIPHER_CTX_free(context);
	EVP_PKEY_free(ephemeral);
	return r;
}

int hc_dump_wrap(const struct hc_dump_recipient *recipient, const struct hc_secret *dump_key,
		 uint8_t ret_wrapped[HC_DUMP_WRAPPED_MAX], size_t *ret_size)
{
	if (recipient->type != HC_DUMP_X25519)
		return hc_rsa_encrypt(recipient->key, dump_key, ret_wrapped, ret_size);
	*ret_size = X25519_WRAPPED;
	return wrap_x25519(recipient->key, dump_key, ret_wrapped);
}

int hc_dump_unwrap(EVP_PKEY *key, const uint8_t *wrapped, size_t size,
		   struct hc_secret *ret_dump_key)
{
	HC_SECRET plain = { 0 };
	int r = 0;

	if (!EVP_PKEY_is_a(key, "X25519")) {
		r = hc_rsa_decrypt(key, wrapped, size, &plain);
	} else if (size == X25519_WRAPPED) {
		r = hc_secret_alloc(HC_DUMP_KEY_SIZE, &plain);
		if (r == 0)
			r = unwrap_x25519(key, wrapped, &plain);
	}
	if (r == HC_E_MEMORY || r == HC_E_INTERNAL)
		return r;
	if (r < 0 || plain.size != HC_DUMP_KEY_SIZE)
		return hc_fail(HC_E_DUMP_RECIPIENT,
			       "this private key does not decrypt the dump's key, which was changed");
	*ret_dump_key = plain;
	plain = (struct hc_secret){ 0 };
	return 0;
}
