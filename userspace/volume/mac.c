// SPDX-License-Identifier: GPL-2.0
#include "volume/mac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/error.h"

int hc_mac(const struct hc_secret *dek, const char *uuid, const char *purpose, const void *data,
	   size_t size, uint8_t ret_mac[HC_MAC_SIZE])
{
	unsigned length = HC_MAC_SIZE;
	HC_SECRET key = { 0 };
	int r = hc_secret_hkdf(dek, uuid, purpose, HC_MAC_SIZE, &key);

	if (r < 0)
		return r;
	if (!HMAC(EVP_sha256(), key.data, (int)key.size, data, size, ret_mac, &length) ||
	    length != HC_MAC_SIZE)
		return hc_fail(HC_E_INTERNAL, "OpenSSL refused to compute HMAC-SHA256");
	return 0;
}
