/* SPDX-License-Identifier: GPL-2.0 */
/* HMAC-SHA256 with a key of its own for each purpose, derived from the DEK. */
#ifndef HC_VOLUME_MAC_H
#define HC_VOLUME_MAC_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "volume/token.h"

#define HC_MAC_HEADER "hostcrypt header v1"
#define HC_MAC_BINDING "hostcrypt binding v1"

/* Key: HKDF-SHA256(@dek, salt = @uuid, info = @purpose), 32 bytes. */
int hc_mac(const struct hc_secret *dek, const char *uuid, const char *purpose, const void *data,
	   size_t size, uint8_t ret_mac[HC_MAC_SIZE]);

#endif
