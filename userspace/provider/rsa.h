/* SPDX-License-Identifier: GPL-2.0 */
/* RSA keys in DER as a key server sends them, and what a private one is for. */
#ifndef HC_PROVIDER_RSA_H
#define HC_PROVIDER_RSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/secret.h"

/* NULL unless @der is an RSA key in PKCS#1 or X.509, PKCS#1 or PKCS#8, and nothing else. */
EVP_PKEY *hc_rsa_public(const struct hc_secret *der);
EVP_PKEY *hc_rsa_private(const struct hc_secret *der);

#define HC_RSA_BYTES_MAX 1024 /* of what is encrypted, for 8192 bits */

/* OAEP with SHA-256 in both places and no label. */
int hc_rsa_encrypt(EVP_PKEY *key, const struct hc_secret *plain,
		   uint8_t ret_data[HC_RSA_BYTES_MAX], size_t *ret_size);
/* HC_E_KEK_UNFIT where @key does not fit. */
int hc_rsa_decrypt(EVP_PKEY *key, const void *data, size_t size, struct hc_secret *ret_plain);

#endif
