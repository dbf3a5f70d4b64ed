/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_KEYPAGE_H
#define HC_KEYPAGE_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "uapi/hostcrypt.h"

/**
 * struct hc_key_page - what is in the page that a DEK has to itself
 * @bytes: the DEK
 * @magic: HC_KEY_PAGE_MAGIC when the DEK is in the store
 * @uuid: its name
 * @check: over the DEK and its name
 *
 * The kernel that saves a dump reads this, byte order and page size being the
 * same.
 */
struct hc_key_page {
	u8 bytes[HOSTCRYPT_KEY_SIZE];
	u64 magic;
	uuid_t uuid;
	u64 check;
};

void hc_key_page_seal(struct hc_key_page *page, const uuid_t *uuid);
int hc_key_page_check(const struct hc_key_page *page, const uuid_t *uuid);

#endif
