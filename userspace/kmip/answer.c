// SPDX-License-Identifier: GPL-2.0
/* The envelope of an answer: header, batch item, result. */
#include "kmip/message.h"

#include <string.h>

#include "base/error.h"
#include "kmip/text.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

int hc_kmip_answer_size(const uint8_t header[HC_TTLV_HEADER], size_t *ret_size)
{
	uint32_t first = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 |
			 (uint32_t)header[2] << 8 | header[3];
	uint32_t length = (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 |
			  (uint32_t)header[6] << 8 | header[7];

	if (first != ((uint32_t)HC_TAG_RESPONSE_MESSAGE << 8 | HC_TTLV_STRUCTURE))
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "this is no KMIP answer (it starts with %08x, not 42007b01); is "
			       "it a KMIP port?",
			       first);
	if (length == 0 || length % 8 != 0)
		return hc_fail(HC_E_KMIP_MALFORMED, "the message's length of %u is impossible",
			       length);
	if (length > HC_KMIP_ANSWER_MAX - HC_TTLV_HEADER)
		return hc_fail(HC_E_KMIP_TOO_LARGE,
			       "an answer of %u bytes was announced; at most %u are taken",
			       length, HC_KMIP_ANSWER_MAX);
	*ret_size = HC_TTLV_HEADER + length;
	return 0;
}

/*
 * The version decides how strictly the rest is read, so it is looked at
 * before the header's other fields.
 */
static int read_version(const struct hc_ttlv *header, struct hc_kmip_answer *answer)
{
	struct hc_ttlv version = { 0 }, major, minor;
	const struct hc_ttlv_field first[] = {
		{ HC_TAG_PROTOCOL_VERSION, HC_TTLV_STRUCTURE, HC_TTLV_REQUIRED, &version, NULL },
	};
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_VERSION_MAJOR, HC_TTLV_INTEGER, HC_TTLV_REQUIRED, &major, NULL },
		{ HC_TAG_VERSION_MINOR, HC_TTLV_INTEGER, HC_TTLV_REQUIRED, &minor, NULL },
	};
	int r;

	r = hc_ttlv_fields(header, first, N(first), true);
	if (r < 0)
		return r;
	r = hc_ttlv_fields(&version, fields, N(fields), false);
	if (r < 0)
		return r;
	if (hc_ttlv_integer(&major) < 0 || hc_ttlv_integer(&minor) < 0)
		return hc_fail(HC_E_KMIP_MALFORMED, "the answer is of KMIP version %d.%d",
			       hc_ttlv_integer(&major), hc_ttlv_integer(&minor));
	answer->major = (unsigned)hc_ttlv_integer(&major);
	answer->minor = (unsigned)hc_ttlv_integer(&minor);
	return 0;
}

static int read_header(const struct hc_ttlv *header, const struct hc_kmip_question *question,
		       struct hc_kmip_answer *answer)
{
	struct hc_ttlv count;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_PROTOCOL_VERSION, HC_TTLV_STRUCTURE, HC_TTLV_REQUIRED, NULL, NULL },
		{ HC_TAG_TIME_STAMP, HC_TTLV_DATE, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_NONCE, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_ATTESTATION_TYPE, HC_TTLV_ENUM, HC_TTLV_REPEATED, NULL, NULL },
		{ HC_TAG_CLIENT_CORRELATION, HC_TTLV_TEXT, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_SERVER_CORRELATION, HC_TTLV_TEXT, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_BATCH_COUNT, HC_TTLV_INTEGER, HC_TTLV_REQUIRED, &count, NULL },
	};
	int r;

	r = read_version(header, answer);
	if (r < 0)
		return r;
	answer->skip_unknown = answer->major != 1 || answer->minor != question->minor;
	r = hc_ttlv_fields(header, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	if (hc_ttlv_integer(&count) != 1)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "the Batch Count is %d where one answer was due",
			       hc_ttlv_integer(&count));
	return 0;
}

/* Extensions are not understood here: one that must be, spoils the message. */
static int read_extensions(struct hc_ttlv_cursor run, bool skip_unknown)
{
	struct hc_ttlv extension, vendor, critical;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_VENDOR_ID, HC_TTLV_TEXT, HC_TTLV_REQUIRED, &vendor, NULL },
		{ HC_TAG_CRITICALITY, HC_TTLV_BOOLEAN, HC_TTLV_REQUIRED, &critical, NULL },
		{ HC_TAG_VENDOR_EXTENSION, HC_TTLV_STRUCTURE, HC_TTLV_REQUIRED, NULL, NULL },
	};
	char words[64];
	int r;

	while (hc_ttlv_next_of(&run, HC_TAG_MESSAGE_EXTENSION, &extension) > 0) {
		r = hc_ttlv_fields(&extension, fields, N(fields), skip_unknown);
		if (r < 0)
			return r;
		hc_text_clean(vendor.value, vendor.length, words, sizeof(words));
		if (hc_ttlv_boolean(&critical))
			return hc_fail(HC_E_KMIP_MALFORMED,
				       "the answer cannot be understood without an extension of %s",
				       words);
	}
	return 0;
}

/* Operation and Unique Batch Item ID come back as they were sent. */
static int match(const struct hc_kmip_question *question, const struct hc_ttlv *operation,
		 const struct hc_ttlv *batch_id)
{
	if (!operation->tag || hc_ttlv_enum(operation) != question->operation)
		return hc_fail(HC_E_KMIP_MALFORMED, "the answer is to another operation (%s)",
			       operation->tag ? hc_kmip_operation_name(hc_ttlv_enum(operation)) :
						"it names none");
	if (!batch_id->tag || batch_id->length != sizeof(question->batch_id) ||
	    memcmp(batch_id->value, question->batch_id, batch_id->length) != 0)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "the answer is to another request (Unique Batch Item ID)");
	return 0;
}

static int read_result(const struct hc_ttlv *status, const struct hc_ttlv *reason,
		       const struct hc_ttlv *text, struct hc_kmip_answer *answer)
{
	uint32_t value = hc_ttlv_enum(status);

	if (value > HC_STATUS_UNDONE)
		return hc_fail(HC_E_KMIP_MALFORMED, "the Result Status is %u", value);
	if (value == HC_STATUS_FAILED && !reason->tag)
		return hc_fail(HC_E_KMIP_MALFORMED, "a failure without Result Reason");
	answer->status = (enum hc_kmip_status)value;
	answer->reason = reason->tag ? hc_ttlv_enum(reason) : 0;
	if (text->tag)
		hc_text_clean(text->value, text->length, answer->text, sizeof(answer->text));
	return 0;
}

static int read_batch_item(const struct hc_ttlv *item, const struct hc_kmip_question *question,
			   struct hc_kmip_answer *answer)
{
	struct hc_ttlv operation, batch_id, status, reason, text;
	struct hc_ttlv_cursor exts;
	const struct hc_ttlv_field fields[] = {
		{ HC_TAG_OPERATION, HC_TTLV_ENUM, HC_TTLV_OPTIONAL, &operation, NULL },
		{ HC_TAG_BATCH_ITEM_ID, HC_TTLV_BYTES, HC_TTLV_OPTIONAL, &batch_id, NULL },
		{ HC_TAG_RESULT_STATUS, HC_TTLV_ENUM, HC_TTLV_REQUIRED, &status, NULL },
		{ HC_TAG_RESULT_REASON, HC_TTLV_ENUM, HC_TTLV_OPTIONAL, &reason, NULL },
		{ HC_TAG_RESULT_MESSAGE, HC_TTLV_TEXT, HC_TTLV_OPTIONAL, &text, NULL },
		{ HC_TAG_ASYNC_CORRELATION, HC_TTLV_BYTES, HC_TTLV_OPTIONAL, NULL, NULL },
		{ HC_TAG_RESPONSE_PAYLOAD, HC_TTLV_STRUCTURE, HC_TTLV_OPTIONAL, &answer->payload,
		  NULL },
		{ HC_TAG_MESSAGE_EXTENSION, HC_TTLV_STRUCTURE, HC_TTLV_REPEATED, NULL, &exts },
	};
	int r;

	r = hc_ttlv_fields(item, fields, N(fields), answer->skip_unknown);
	if (r < 0)
		return r;
	r = read_result(&status, &reason, &text, answer);
	if (r < 0)
		return r;
	r = read_extensions(exts, answer->skip_unknown);
	if (r < 0)
		return r;
	/*
	 * A message that the server could not take as a whole is answered
	 * without Operation and Unique Batch Item ID (section 11.1).
	 */
	answer->whole_message = answer->status == HC_STATUS_FAILED && !operation.tag &&
				!batch_id.tag;
	if (answer->whole_message)
		return 0;
	r = match(question, &operation, &batch_id);
	if (r < 0)
		return r;
	if (answer->status == HC_STATUS_SUCCESS && !answer->payload.tag)
		return hc_fail(HC_E_KMIP_MALFORMED, "a success without Response Payload");
	return 0;
}

int hc_kmip_answer_read(const uint8_t *data, size_t size, const struct hc_kmip_question *question,
			struct hc_kmip_answer *ret_answer)
{
	struct hc_kmip_answer answer = { 0 };
	struct hc_ttlv message, header, item;
	struct hc_ttlv_field fields[] = {
		{ HC_TAG_RESPONSE_HEADER, HC_TTLV_STRUCTURE, HC_TTLV_REQUIRED, &header, NULL },
		{ HC_TAG_BATCH_ITEM, HC_TTLV_STRUCTURE, HC_TTLV_REQUIRED, &item, NULL },
	};
	int r;

	r = hc_ttlv_check(data, size, &message);
	if (r < 0)
		return r;
	if (message.tag != HC_TAG_RESPONSE_MESSAGE)
		return hc_fail(HC_E_KMIP_MALFORMED, "this is no KMIP answer but %06x", message.tag);
	/* One Batch Item, as the Batch Count must say: a second one is doubled. */
	r = hc_ttlv_fields(&message, fields, N(fields), false);
	if (r < 0)
		return r;
	r = read_header(&header, question, &answer);
	if (r < 0)
		return r;
	r = read_batch_item(&item, question, &answer);
	if (r < 0)
		return r;
	if (answer.status != HC_STATUS_FAILED && answer.major != 1)
		return hc_fail(HC_E_KMIP_MALFORMED, "KMIP 1.%u was asked, KMIP %u.%u answered",
			       question->minor, answer.major, answer.minor);
	*ret_answer = answer;
	return 0;
}
