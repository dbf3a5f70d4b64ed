/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_KEYSTORE_H
#define HC_KEYSTORE_H

#include <crypto/skcipher.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "uapi/hostcrypt.h"

struct hc_key;

struct hc_key *hc_key_alloc(const uuid_t *uuid);
u8 *hc_key_bytes(struct hc_key *key);
void hc_key_free(struct hc_key *key);

int hc_keystore_add(struct hc_key *key);
int hc_keystore_drop(const uuid_t *uuid);

struct hc_key *hc_keystore_get(const uuid_t *uuid);
void hc_keystore_put(struct hc_key *key);
int hc_key_set(const struct hc_key *key, struct crypto_skcipher *tfm);

unsigned int hc_keystore_count(void);
unsigned int hc_keystore_list(struct hostcrypt_key_info *info, unsigned int room);

int hc_keystore_close_if_empty(void);
void hc_keystore_reopen(void);

void hc_keystore_exit(void);

#endif
