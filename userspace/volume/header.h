/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a LUKS2 header says about how the data is read, checked.
 *
 * LUKS2 headers are not authenticated. So the token carries an HMAC-SHA256
 * (key: HKDF-SHA256(DEK, salt = UUID, info = "hostcrypt header v1")) over this
 * text, each line ended by a newline:
 *
 *	hostcrypt header v1
 *	token <version>
 *	uuid <LUKS UUID, lower case>
 *	segment crypt <offset> <size> <iv_tweak> <encryption> <sector_size>
 *	digest <type> <hash> <iterations> <salt> <digest>
 *	requirements -
 *	dek <UUID>
 *	binding <"block" offset | "size" bytes>
 *	conversion none
 *
 * Numbers are decimal without leading zeros: offset in bytes, size in bytes or
 * the word "dynamic", iv_tweak in 512-byte sectors. The digest's salt and value
 * are the Base64 texts of the header's JSON. Keyslots are left out on purpose: a recovery
 * passphrase may be added or removed with stock cryptsetup, and nobody without
 * a KEK or a passphrase can make a keyslot that yields this DEK.
 */
#ifndef HC_VOLUME_HEADER_H
#define HC_VOLUME_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "volume/luks.h"
#include "volume/token.h"

#define HC_HEADER_TEXT 1024

struct hc_header {
	char uuid[HC_UUID_TEXT];
	uint64_t data_offset; /* bytes */
	uint64_t data_bytes;  /* 0: up to the end of the device */
	uint64_t iv_tweak;    /* 512-byte sectors */
	unsigned sector_size;
	struct hc_token token;
	/* Lines of the text above that come from the header's JSON. */
	char segment[128];
	char digest[512];
};

/*
 * Read and check what can be checked without a key: the token, and the
 * allow-list of ciphers. HC_E_NOT_A_VOLUME, _HEADER_TOKEN, _HEADER_CIPHER,
 * _DEVICE_UNFIT for a conversion by another tool.
 */
int hc_header_read(struct crypt_device *cd, struct hc_header *ret_header);

/* The same for a header that has no token yet. */
int hc_header_read_fresh(struct crypt_device *cd, struct hc_header *ret_header);

/* What the two do with the header's JSON and UUID. */
int hc_header_parse(struct json_object *root, const char *uuid, bool fresh,
		    struct hc_header *ret_header);

/* The text above. Returns its length. */
int hc_header_text(const struct hc_header *header, char ret_text[HC_HEADER_TEXT]);

int hc_header_mac(const struct hc_header *header, const struct hc_secret *dek,
		  uint8_t ret_mac[HC_MAC_SIZE]);

/* HC_E_HEADER_MAC. */
int hc_header_verify(const struct hc_header *header, const struct hc_secret *dek);

/* The passphrase of a KEK's keyslot:
 * HKDF-SHA256(KEK, salt = UUID, info = "hostcrypt keyslot v1"), 32 raw bytes. */
#define HC_KEYSLOT_INFO "hostcrypt keyslot v1"
#define HC_KEYSLOT_PASSPHRASE_SIZE 32
int hc_keyslot_passphrase(const struct hc_secret *kek, const char *uuid,
			  struct hc_secret *ret_passphrase);

#endif
