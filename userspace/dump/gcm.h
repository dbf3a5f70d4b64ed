/* SPDX-License-Identifier: GPL-2.0 */
/* AES-256-GCM of one piece. */
#ifndef HC_DUMP_GCM_H
#define HC_DUMP_GCM_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/secret.h"
#include "dump/format.h"

/* A context with @key in it, wiped when freed with EVP_CIPHER_CTX_free(). */
int hc_dump_gcm_new(const struct hc_secret *key, int encrypt, EVP_CIPHER_CTX **ret_context);

/* @out gets @size bytes, then the tag. */
int hc_dump_gcm_seal(EVP_CIPHER_CTX *context, const uint8_t nonce[HC_DUMP_NONCE_SIZE],
		     const void *aad, size_t aad_size, const uint8_t *plain, size_t size,
		     uint8_t *out);

/* @size without the tag behind it. HC_E_DUMP_DAMAGED; @plain is wiped then. */
int hc_dump_gcm_open(EVP_CIPHER_CTX *context, const uint8_t nonce[HC_DUMP_NONCE_SIZE],
		     const void *aad, size_t aad_size, const uint8_t *sealed, size_t size,
		     uint8_t *plain);

/*
 * A key of HC_DUMP_KEY_SIZE bytes under one that wraps nothing else: the nonce is zero,
 * the tag comes behind. HC_E_DUMP_DAMAGED.
 */
int hc_dump_gcm_wrap_key(const struct hc_secret *kek, const struct hc_secret *key, uint8_t *out);
int hc_dump_gcm_unwrap_key(const struct hc_secret *kek, const uint8_t *wrapped,
			   struct hc_secret *ret_key);

#endif
