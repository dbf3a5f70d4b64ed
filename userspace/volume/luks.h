/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libcryptsetup, with its messages turned into our sentences, kept off stderr
 * and off the kernel's keyring, and without plugins.
 */
#ifndef HC_VOLUME_LUKS_H
#define HC_VOLUME_LUKS_H

#include <stdint.h>

#include <libcryptsetup.h>

#include "base/secret.h"

#define HC_LUKS_CIPHER "aes"
#define HC_LUKS_MODE "xts-plain64"
#define HC_LUKS_ENCRYPTION HC_LUKS_CIPHER "-" HC_LUKS_MODE

/* Where things lie in a header that we make: two copies of 16 KiB, 4 MiB of
 * keyslots, then room for a conversion log up to the data. */
#define HC_LUKS_METADATA_BYTES (16 << 10)
#define HC_LUKS_KEYSLOTS_BYTES (4 << 20)
#define HC_LUKS_HEADER_BYTES (16 << 20)

/* The header on the device or file @header. HC_E_NOT_A_VOLUME, _DEVICE_MISSING. */
int hc_luks_load(const char *header, struct crypt_device **ret_cd);

struct hc_luks_format {
	const char *header; /* device or file */
	const char *data;   /* the data's device; the same as @header, or another */
	const char *uuid;
	const char *label; /* NULL: none */
	unsigned sector_size;
	uint64_t data_offset; /* bytes */
};

/* A new header with no keyslot yet. */
int hc_luks_format(const struct hc_luks_format *format, const struct hc_secret *dek,
		   struct crypt_device **ret_cd);

/* A keyslot that @passphrase opens. The passphrase is random, so PBKDF2 runs
 * with libcryptsetup's smallest count. */
int hc_luks_add_keyslot(struct crypt_device *cd, int keyslot, const struct hc_secret *dek,
			const struct hc_secret *passphrase);

/* HC_E_HEADER_KEYSLOT where the passphrase does not open it. */
int hc_luks_open_keyslot(struct crypt_device *cd, int keyslot, const struct hc_secret *passphrase,
			 struct hc_secret *ret_dek);

/* Write the JSON of token number 0. */
int hc_luks_set_token(struct crypt_device *cd, const char *json);

static inline void hc_luks_freep(struct crypt_device **cd)
{
	crypt_free(*cd);
}

#define HC_LUKS __attribute__((cleanup(hc_luks_freep))) struct crypt_device *

#endif
