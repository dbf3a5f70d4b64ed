// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: an answer from a server, all the way to the key. The first byte
 * chooses the operation that was asked for, the rest is the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "kmip/message.h"
#include "kmip/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum hc_kmip_operation operations[] = {
	HC_OP_CREATE,	HC_OP_LOCATE, HC_OP_GET,   HC_OP_GET_ATTRIBUTES,
	HC_OP_ACTIVATE, HC_OP_QUERY,  HC_OP_DISCOVER_VERSIONS,
	HC_OP_CREATE_KEY_PAIR, HC_OP_DECRYPT,
};

static const enum hc_kmip_object types[] = {
	HC_OBJECT_SYMMETRIC_KEY,
	HC_OBJECT_PUBLIC_KEY,
	HC_OBJECT_PRIVATE_KEY,
};

static void read_keys(const struct hc_kmip_answer *answer)
{
	struct hc_kmip_key key = { 0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (hc_kmip_read_key(answer, "key-1", types[i], &key) == 0)
			hc_secret_free(&key.bytes);
}

static void read_payload(const struct hc_kmip_answer *answer, enum hc_kmip_operation operation)
{
	struct hc_kmip_attributes attributes;
	struct hc_kmip_server_info info;
	struct hc_secret secret = { 0 };
	char id[HC_KMIP_ID_MAX], other_id[HC_KMIP_ID_MAX];
	unsigned number;

	switch (operation) {
	case HC_OP_CREATE:
		/* An identifier that gets through is plain text. */
		if (hc_kmip_read_create(answer, id) == 0 &&
		    !hc_text_is_clean((const uint8_t *)id, strlen(id)))
			abort();
		break;
	case HC_OP_LOCATE:
		hc_kmip_read_locate(answer, id, &number);
		break;
	case HC_OP_GET:
		read_keys(answer);
		break;
	case HC_OP_CREATE_KEY_PAIR:
		if (hc_kmip_read_create_pair(answer, id, other_id) == 0 &&
		    !hc_text_is_clean((const uint8_t *)other_id, strlen(other_id)))
			abort();
		break;
	case HC_OP_DECRYPT:
		if (hc_kmip_read_decrypt(answer, "key-1", &secret) == 0)
			hc_secret_free(&secret);
		break;
	case HC_OP_GET_ATTRIBUTES:
		hc_kmip_read_attributes(answer, "key-1", &attributes);
		break;
	case HC_OP_QUERY:
		hc_kmip_read_query(answer, &info);
		break;
	case HC_OP_DISCOVER_VERSIONS:
		hc_kmip_read_discover_versions(answer, &number);
		break;
	default:
		hc_kmip_read_id(answer, "key-1");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_kmip_question question = { .minor = 2, .batch_id = "request1" };
	struct hc_kmip_answer answer;
	size_t announced;

	if (size < 1 + HC_TTLV_HEADER)
		return 0;
	question.operation = operations[data[0] % (sizeof(operations) / sizeof(operations[0]))];
	data++;
	size--;
	hc_kmip_answer_size(data, &announced);
	if (hc_kmip_answer_read(data, size, &question, &answer) < 0)
		return 0;
	if (!hc_text_is_clean((const uint8_t *)answer.text, strlen(answer.text)))
		abort();
	if (answer.status == HC_STATUS_SUCCESS)
		read_payload(&answer, question.operation);
	return 0;
}
