/* SPDX-License-Identifier: GPL-2.0 */
/* Answers of a server, right in all respects but those a test changes. */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include <string.h>

#include "kmip/message.h"

struct shape {
	struct hc_kmip_question question;	/* what is asked */
	int major, minor;			/* of the answer */
	int count;				/* Batch Count */
	int items;				/* how many there are */
	uint32_t operation;			/* 0: leave it out */
	const char *batch_id;			/* 8 bytes; NULL: leave it out */
	uint32_t status;
	uint32_t reason;			/* 0: leave it out */
	const char *text;
	int extension;				/* 0 none, 1 not critical, 2 critical */
	bool unknown_in_header, unknown_in_item;
	/* Writes the payload, or NULL for none. */
	void (*payload)(struct hc_ttlv_writer *w);
};

static inline struct shape good_shape(enum hc_kmip_operation operation,
				      void (*payload)(struct hc_ttlv_writer *w))
{
	return (struct shape){
		.question = { .operation = operation, .minor = 2, .batch_id = "request1" },
		.major = 1,
		.minor = 2,
		.count = 1,
		.items = 1,
		.operation = operation,
		.batch_id = "request1",
		.payload = payload,
	};
}

static inline void put_header(struct hc_ttlv_writer *w, const struct shape *shape)
{
	hc_ttlv_begin(w, HC_TAG_RESPONSE_HEADER);
	hc_ttlv_begin(w, HC_TAG_PROTOCOL_VERSION);
	hc_ttlv_put_integer(w, HC_TAG_VERSION_MAJOR, shape->major);
	hc_ttlv_put_integer(w, HC_TAG_VERSION_MINOR, shape->minor);
	hc_ttlv_end(w);
	hc_ttlv_put(w, HC_TAG_TIME_STAMP, HC_TTLV_DATE, "\0\0\0\0\x65\0\0\0", 8);
	if (shape->unknown_in_header)
		hc_ttlv_put_integer(w, 0x420123, 1);
	hc_ttlv_put_integer(w, HC_TAG_BATCH_COUNT, shape->count);
	hc_ttlv_end(w);
}

static inline void put_extension(struct hc_ttlv_writer *w, bool critical)
{
	hc_ttlv_begin(w, HC_TAG_MESSAGE_EXTENSION);
	hc_ttlv_put_text(w, HC_TAG_VENDOR_ID, "Acme");
	hc_ttlv_put(w, HC_TAG_CRITICALITY, HC_TTLV_BOOLEAN,
		    critical ? "\0\0\0\0\0\0\0\1" : "\0\0\0\0\0\0\0\0", 8);
	hc_ttlv_begin(w, HC_TAG_VENDOR_EXTENSION);
	hc_ttlv_put_text(w, 0x540001, "na");
	hc_ttlv_end(w);
	hc_ttlv_end(w);
}

static inline void put_item(struct hc_ttlv_writer *w, const struct shape *shape)
{
	hc_ttlv_begin(w, HC_TAG_BATCH_ITEM);
	if (shape->operation)
		hc_ttlv_put_enum(w, HC_TAG_OPERATION, shape->operation);
	if (shape->batch_id)
		hc_ttlv_put_bytes(w, HC_TAG_BATCH_ITEM_ID, shape->batch_id,
				  strlen(shape->batch_id));
	hc_ttlv_put_enum(w, HC_TAG_RESULT_STATUS, shape->status);
	if (shape->reason)
		hc_ttlv_put_enum(w, HC_TAG_RESULT_REASON, shape->reason);
	if (shape->text)
		hc_ttlv_put_text(w, HC_TAG_RESULT_MESSAGE, shape->text);
	if (shape->unknown_in_item)
		hc_ttlv_put_integer(w, 0x420123, 1);
	if (shape->payload) {
		hc_ttlv_begin(w, HC_TAG_RESPONSE_PAYLOAD);
		shape->payload(w);
		hc_ttlv_end(w);
	}
	if (shape->extension)
		put_extension(w, shape->extension == 2);
	hc_ttlv_end(w);
}

/* Write the answer into @buffer of at least 4096 bytes; returns its size. */
static inline size_t make_answer(const struct shape *shape, uint8_t *buffer)
{
	struct hc_ttlv_writer w;
	size_t size = 0;

	hc_ttlv_writer_init(&w, buffer, 4096);
	hc_ttlv_begin(&w, HC_TAG_RESPONSE_MESSAGE);
	put_header(&w, shape);
	for (int i = 0; i < shape->items; i++)
		put_item(&w, shape);
	hc_ttlv_end(&w);
	return hc_ttlv_finish(&w, &size) < 0 ? 0 : size;
}

/* The payload of a Get of "key-1" that is right. */
static inline void put_good_key(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_enum(w, HC_TAG_OBJECT_TYPE, HC_OBJECT_SYMMETRIC_KEY);
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, "key-1");
	hc_ttlv_begin(w, HC_TAG_SYMMETRIC_KEY);
	hc_ttlv_begin(w, HC_TAG_KEY_BLOCK);
	hc_ttlv_put_enum(w, HC_TAG_KEY_FORMAT, HC_FORMAT_RAW);
	hc_ttlv_begin(w, HC_TAG_KEY_VALUE);
	hc_ttlv_put_bytes(w, HC_TAG_KEY_MATERIAL, "0123456789abcdef0123456789abcdef", 32);
	hc_ttlv_end(w);
	hc_ttlv_put_enum(w, HC_TAG_CRYPTO_ALGORITHM, HC_ALGORITHM_AES);
	hc_ttlv_put_integer(w, HC_TAG_CRYPTO_LENGTH, 256);
	hc_ttlv_end(w);
	hc_ttlv_end(w);
}

/* The payload of a Get Attributes of "key-1" that is right. */
static inline void put_good_attributes(struct hc_ttlv_writer *w)
{
	static const struct {
		const char *name;
		enum hc_ttlv_type type;
		uint8_t value;
	} attributes[] = {
		{ "State", HC_TTLV_ENUM, HC_STATE_ACTIVE },
		{ "Object Type", HC_TTLV_ENUM, HC_OBJECT_SYMMETRIC_KEY },
		{ "Cryptographic Algorithm", HC_TTLV_ENUM, HC_ALGORITHM_AES },
		{ "Cryptographic Usage Mask", HC_TTLV_INTEGER, 12 },
	};

	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, "key-1");
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		hc_ttlv_begin(w, HC_TAG_ATTRIBUTE);
		hc_ttlv_put_text(w, HC_TAG_ATTRIBUTE_NAME, attributes[i].name);
		hc_ttlv_put(w, HC_TAG_ATTRIBUTE_VALUE, attributes[i].type,
			    (const uint8_t[4]){ 0, 0, 0, attributes[i].value }, 4);
		hc_ttlv_end(w);
	}
}

#endif
