// SPDX-License-Identifier: GPL-2.0
#include "agent/retry.h"

#include "base/error.h"

enum retry_kind retry_kind(int code)
{
	switch (code) {
	/* The key server, the way there, our identity, the key's state: all
	 * change without anybody touching this host. */
	case HC_E_KMS_UNREACHABLE:
	case HC_E_KMS_TIMEOUT:
	case HC_E_TLS_UNTRUSTED:
	case HC_E_TLS_EXPIRED:
	case HC_E_TLS_HOSTNAME:
	case HC_E_TLS_REFUSED:
	case HC_E_KMIP_MALFORMED:
	case HC_E_KMIP_TRUNCATED:
	case HC_E_KMIP_TOO_LARGE:
	case HC_E_KMIP_REFUSED:
	case HC_E_KMIP_VERSION:
	case HC_E_KMIP_AUTH:
	case HC_E_KEK_NOT_FOUND:
	case HC_E_KEK_DENIED:
	case HC_E_KEK_NOT_ACTIVE:
	case HC_E_KEYFILE_PERMS:
	case HC_E_CERT_FILE:
		return RETRY_KEY;
	/* A try would read the same header or settings and say the same. */
	case HC_E_USAGE:
	case HC_E_CONFIG:
	case HC_E_PERMISSION:
	case HC_E_DECLINED:
	case HC_E_MODULE_VERSION:
	case HC_E_KEY_CONFLICT:
	case HC_E_KEY_INVALID:
	case HC_E_CIPHER_SLOW:
	case HC_E_DEVICE_SMALL:
	case HC_E_DEVICE_UNFIT:
	case HC_E_DEVICE_NOT_EMPTY:
	case HC_E_NOT_A_VOLUME:
	case HC_E_NAME_TAKEN:
	case HC_E_HEADER_MAC:
	case HC_E_HEADER_FOREIGN:
	case HC_E_HEADER_CIPHER:
	case HC_E_HEADER_TOKEN:
	case HC_E_HEADER_KEYSLOT:
	case HC_E_PROVIDER_UNKNOWN:
	case HC_E_KEK_UNFIT:
		return RETRY_NEVER;
	default:
		return RETRY_HOST;
	}
}

uint64_t retry_delay(const struct retry_range *range, unsigned failures, uint32_t random)
{
	uint64_t delay = range->min_us;

	while (--failures > 0 && delay < range->max_us)
		delay *= 2;
	if (delay > range->max_us)
		delay = range->max_us;
	return delay - (delay / 4) * random / UINT32_MAX;
}
