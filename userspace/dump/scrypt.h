/* SPDX-License-Identifier: GPL-2.0 */
/* A dump's key wrapped with a passphrase: AES-256-GCM under what scrypt makes of it. */
#ifndef HC_DUMP_SCRYPT_H
#define HC_DUMP_SCRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "dump/format.h"

#define HC_DUMP_SALT_SIZE 32
#define HC_DUMP_SCRYPT_WRAPPED (HC_DUMP_KEY_SIZE + HC_DUMP_TAG_SIZE)

struct hc_dump_scrypt {
	uint8_t salt[HC_DUMP_SALT_SIZE];
	uint64_t n; /* 128 * n * r bytes of memory are used */
	uint32_t r, p;
};

/* A new salt, and the costs of today. */
int hc_dump_scrypt_new(struct hc_dump_scrypt *ret_scrypt);

/* Are the costs within limits? A dump from somebody else must not take all memory. */
bool hc_dump_scrypt_affordable(const struct hc_dump_scrypt *scrypt);

int hc_dump_scrypt_wrap(const struct hc_dump_scrypt *scrypt, const struct hc_secret *passphrase,
			const struct hc_secret *dump_key,
			uint8_t ret_wrapped[HC_DUMP_SCRYPT_WRAPPED]);
/* HC_E_DUMP_RECIPIENT where the passphrase is another one. */
int hc_dump_scrypt_unwrap(const struct hc_dump_scrypt *scrypt, const struct hc_secret *passphrase,
			  const uint8_t *wrapped, size_t size, struct hc_secret *ret_dump_key);

#endif
