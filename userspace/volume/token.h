/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The LUKS2 token of type "hostcrypt". On disk it is JSON:
 *
 *	{
 *	  "type": "hostcrypt",
 *	  "keyslots": ["0"],
 *	  "version": 1,
 *	  "dek": "<UUID under which the DEK is loaded>",
 *	  "keks": [
 *	    { "keyslot": "0", "provider": "main", "kek": "<identifier>",
 *	      "group": "", "wrapped_at": "2026-01-31T12:00:00Z" }
 *	  ],
 *	  "binding": { "type": "block", "offset": "16773120" },
 *	  "mac": "<64 hex digits>"
 *	}
 *
 * Whoever can write the disk can write a token: every member is checked for
 * kind, size and characters, and an unknown one is refused.
 */
#ifndef HC_VOLUME_TOKEN_H
#define HC_VOLUME_TOKEN_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/config.h"
#include "kernel/control.h"
#include "provider/provider.h"

#define HC_TOKEN_TYPE "hostcrypt"
#define HC_TOKEN_VERSION 1
#define HC_TOKEN_KEKS_MAX 8
#define HC_MAC_SIZE 32
#define HC_TIME_TEXT 21 /* "2026-01-31T12:00:00Z" with the NUL */

/* What ties the header to the data's device; see volume/binding.h. */
enum hc_binding_type {
	HC_BINDING_BLOCK, /* @value: byte offset of the binding block */
	HC_BINDING_SIZE,  /* @value: bytes that the data's device has at least */
};

struct hc_binding {
	enum hc_binding_type type;
	uint64_t value;
};

struct hc_token_kek {
	int keyslot;
	char provider[HC_NAME_MAX];
	char kek[HC_KEK_ID_MAX];
	char group[HC_NAME_MAX];
	char wrapped_at[HC_TIME_TEXT];
};

struct hc_token {
	char dek[HC_UUID_TEXT];
	struct hc_token_kek keks[HC_TOKEN_KEKS_MAX];
	size_t n_keks;
	struct hc_binding binding;
	uint8_t mac[HC_MAC_SIZE];
};

/* HC_E_HEADER_TOKEN. */
int hc_token_parse(struct json_object *json, struct hc_token *ret_token);

/* The token's JSON, which the caller puts. */
int hc_token_format(const struct hc_token *token, struct json_object **ret_json);

/* "block 16773120", as the header's MAC covers it. */
#define HC_BINDING_TEXT 32
void hc_binding_text(const struct hc_binding *binding, char ret_text[HC_BINDING_TEXT]);

#endif
