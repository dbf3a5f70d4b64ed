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
	[HC_DUMP_SCRYPT] = "scrypt",
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

static void hash_id(const uint8_t *data, size_t size, char ret_id[HC_DUMP_ID_SIZE])
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256(data, size, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(ret_id + 2 * i, 3, "%02x", hash[i]);
}

int hc_dump_key_id(EVP_PKEY *key, char ret_id[HC_DUMP_ID_SIZE])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(key, &der);

	if (size <= 0)
		return hc_fail(HC_E_DUMP_KEY, "the public key cannot be written as DER");
	hash_id(der, (size_t)size, ret_id);
	OPENSSL_free(der);
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

int hc_dump_recipient_from_passphrase(const struct hc_secret *passphrase, const char *label,
				      struct hc_dump_recipient *ret_recipient)
{
	struct hc_dump_recipient recipient = { .type = HC_DUMP_SCRYPT };
	int r = hc_secret_alloc(passphrase->size, &recipient.passphrase);

	if (r < 0)
		return r;
	memcpy(recipient.passphrase.data, passphrase->data, passphrase->size);
	snprintf(recipient.label, sizeof(recipient.label), "%s", label);
	r = hc_dump_scrypt_new(&recipient.scrypt);
	if (r < 0) {
		hc_dump_recipient_free(&recipient);
		return r;
	}
	hash_id(recipient.scrypt.salt, sizeof(recipient.scrypt.salt), recipient.id);
	*ret_recipient = recipient;
	return 0;
}

void hc_dump_recipient_free(struct hc_dump_recipient *recipient)
{
	EVP_PKEY_free(recipient->key);
	hc_secret_free(&recipient->passphrase);
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

static int wrap_x25519(EVP_PKEY *key, const struct hc_secret *dump_key, uint8_t *wrapped)
{
	EVP_PKEY *ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	uint8_t salt[2 * X25519_SIZE];
	HC_SECRET kek = { 0 };
	int r = 0;

	if (!ephemeral || !raw_public(ephemeral, salt) || !raw_public(key, salt + X25519_SIZE))
		r = hc_fail(HC_E_INTERNAL, "OpenSSL cannot make an X25519 key");
	if (r == 0)
		r = agree(ephemeral, key, salt, &kek);
	if (r == 0) {
		memcpy(wrapped, salt, X25519_SIZE);
		r = hc_dump_gcm_wrap_key(&kek, dump_key, wrapped + X25519_SIZE);
	}
	EVP_PKEY_free(ephemeral);
	return r;
}

static int unwrap_x25519(EVP_PKEY *key, const uint8_t *wrapped, struct hc_secret *ret_dump_key)
{
	EVP_PKEY *ephemeral =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, wrapped, X25519_SIZE);
	uint8_t salt[2 * X25519_SIZE];
	HC_SECRET kek = { 0 };
	int r = 0;

	memcpy(salt, wrapped, X25519_SIZE);
	if (!ephemeral || !raw_public(key, salt + X25519_SIZE))
		r = hc_fail(HC_E_DUMP_RECIPIENT, "OpenSSL refused an X25519 key");
	if (r == 0)
		r = agree(key, ephemeral, salt, &kek);
	if (r == 0)
		r = hc_dump_gcm_unwrap_key(&kek, wrapped + X25519_SIZE, ret_dump_key);
	EVP_PKEY_free(ephemeral);
	return r;
}

int hc_dump_wrap(const struct hc_dump_recipient *recipient, const struct hc_secret *dump_key,
		 uint8_t ret_wrapped[HC_DUMP_WRAPPED_MAX], size_t *ret_size)
{
	switch (recipient->type) {
	case HC_DUMP_X25519:
		*ret_size = X25519_WRAPPED;
		return wrap_x25519(recipient->key, dump_key, ret_wrapped);
	case HC_DUMP_SCRYPT:
		*ret_size = HC_DUMP_SCRYPT_WRAPPED;
		return hc_dump_scrypt_wrap(&recipient->scrypt, &recipient->passphrase, dump_key,
					   ret_wrapped);
	default:
		return hc_rsa_encrypt(recipient->key, dump_key, ret_wrapped, ret_size);
	}
}

int hc_dump_unwrap(EVP_PKEY *key, const uint8_t *wrapped, size_t size,
		   struct hc_secret *ret_dump_key)
{
	HC_SECRET plain = { 0 };
	int r = 0;

	if (!EVP_PKEY_is_a(key, "X25519")) {
		r = hc_rsa_decrypt(key, wrapped, size, &plain);
	} else if (size == X25519_WRAPPED) {
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
