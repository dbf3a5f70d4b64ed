/* SPDX-License-Identifier: GPL-2.0 */
/* A recipient as the header of a dump has it: an object of its section "recipients". */
#ifndef HC_DUMP_ENTRY_H
#define HC_DUMP_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/secret.h"
#include "dump/recipient.h"
#include "dump/scrypt.h"

#define HC_DUMP_TEXT_MAX 256

/* Texts that the type does not have are "". */
struct hc_dump_entry {
	enum hc_dump_recipient_type type;
	char id[HC_DUMP_TEXT_MAX];
	char label[HC_DUMP_TEXT_MAX];
	char provider[HC_DUMP_TEXT_MAX];
	char endpoint[HC_DUMP_TEXT_MAX];
	char private_id[HC_DUMP_TEXT_MAX];
	char public_id[HC_DUMP_TEXT_MAX];
	struct hc_dump_scrypt scrypt;
	uint8_t wrapped[HC_DUMP_WRAPPED_MAX];
	size_t wrapped_size;
};

/* Wrap @dump_key for @recipient. */
int hc_dump_entry_make(const struct hc_dump_recipient *recipient, const struct hc_secret *dump_key,
		       struct hc_dump_entry *ret_entry);

struct json_object *hc_dump_entry_format(const struct hc_dump_entry *entry);
/* False where @object is no recipient. */
bool hc_dump_entry_parse(struct json_object *object, struct hc_dump_entry *ret_entry);

/* A member that is a text, short enough, with nothing that steers a terminal. */
bool hc_dump_take_text(struct json_object *object, const char *name,
		       char ret_text[HC_DUMP_TEXT_MAX]);

#endif
