/* SPDX-License-Identifier: GPL-2.0 */
/* Who can read a dump: public keys, and the dump key wrapped for each. */
#ifndef HC_DUMP_RECIPIENT_H
#define HC_DUMP_RECIPIENT_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/config.h"
#include "base/secret.h"
#include "dump/scrypt.h"

#define HC_DUMP_ID_SIZE 65	 /* hex of a SHA-256, with the NUL */
#define HC_DUMP_WRAPPED_MAX 1024 /* RSA of 8192 bits */
#define HC_DUMP_RSA_BITS_MIN 3072

enum hc_dump_recipient_type {
	HC_DUMP_RSA,
	HC_DUMP_X25519,
	HC_DUMP_KMIP, /* as RSA; the private key is at a key server */
	HC_DUMP_SCRYPT, /* a passphrase */
};

struct hc_dump_recipient {
	enum hc_dump_recipient_type type;
	char id[HC_DUMP_ID_SIZE];
	char label[HC_NAME_MAX];
	EVP_PKEY *key; /* NULL where there is a passphrase */
	/* kmip; whoever sets these sets the type too. Freed with the recipient. */
	char *provider, *endpoint, *private_id, *public_id;
	/* scrypt */
	struct hc_secret passphrase;
	struct hc_dump_scrypt scrypt;
};

/* A public key out of a PEM file, RSA or X25519. HC_E_DUMP_KEY. */
int hc_dump_recipient_from_pem(const char *path, const char *label,
			       struct hc_dump_recipient *ret_recipient);
/* Whoever knows the passphrase, of which a copy is kept until it is freed. */
int hc_dump_recipient_from_passphrase(const struct hc_secret *passphrase, const char *label,
				      struct hc_dump_recipient *ret_recipient);
void hc_dump_recipient_free(struct hc_dump_recipient *recipient);

/* "rsa-oaep", and back; -1 where there is no such type. */
const char *hc_dump_recipient_type_name(enum hc_dump_recipient_type type);
int hc_dump_recipient_type_from(const char *name);

/* What identifies @key, the public half of which is hashed. */
int hc_dump_key_id(EVP_PKEY *key, char ret_id[HC_DUMP_ID_SIZE]);

int hc_dump_wrap(const struct hc_dump_recipient *recipient, const struct hc_secret *dump_key,
		 uint8_t ret_wrapped[HC_DUMP_WRAPPED_MAX], size_t *ret_size);
/* With the private key. HC_E_DUMP_RECIPIENT where it does not fit. */
int hc_dump_unwrap(EVP_PKEY *key, const uint8_t *wrapped, size_t size,
		   struct hc_secret *ret_dump_key);

#endif
