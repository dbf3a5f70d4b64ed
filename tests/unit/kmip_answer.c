// SPDX-License-Identifier: GPL-2.0
/* The envelope of a KMIP answer: each check of it, and what it lets through. */
#include "unit.h"

#include <string.h>

#include "answers.h"
#include "base/error.h"
#include "hex.h"

static struct hc_kmip_answer answer;
static uint8_t buffer[4096];

static int read_shape(const struct shape *shape)
{
	size_t size = make_answer(shape, buffer);

	EXPECT(size > 0);
	return hc_kmip_answer_read(buffer, size, &shape->question, &answer);
}

static bool malformed(const struct shape *shape, const char *words)
{
	return read_shape(shape) == HC_E_KMIP_MALFORMED && strstr(hc_error_message(), words);
}

static struct shape good(void)
{
	return good_shape(HC_OP_GET, put_good_key);
}

static void good_answer_is_read(void)
{
	struct shape shape = good();

	EXPECT(read_shape(&shape) == 0);
	EXPECT(answer.status == HC_STATUS_SUCCESS && answer.payload.tag == HC_TAG_RESPONSE_PAYLOAD);
	EXPECT(answer.major == 1 && answer.minor == 2 && !answer.skip_unknown);
	EXPECT(!answer.whole_message && answer.reason == 0 && answer.text[0] == '\0');
}

static int size_of(const char *hex)
{
	uint8_t header[HC_TTLV_HEADER];
	size_t size = 0;
	int r;

	EXPECT(unhex(hex, header, sizeof(header)) == sizeof(header));
	r = hc_kmip_answer_size(header, &size);
	return r < 0 ? r : (int)size;
}

/* Before any memory is taken: tag, type, length. */
static void first_bytes_are_checked(void)
{
	EXPECT(size_of("42007b01 00000008") == 16);
	EXPECT(size_of("42007b01 0000fff8") == HC_KMIP_ANSWER_MAX);
	EXPECT(size_of("42007b01 00010000") == HC_E_KMIP_TOO_LARGE);
	EXPECT(size_of("42007b01 7ffffff8") == HC_E_KMIP_TOO_LARGE);
	EXPECT(size_of("42007b01 fffffff8") == HC_E_KMIP_TOO_LARGE);
	EXPECT(size_of("42007b01 ffffffff") == HC_E_KMIP_MALFORMED);
	EXPECT(size_of("42007b01 00000000") == HC_E_KMIP_MALFORMED);
	EXPECT(size_of("42007b01 00000009") == HC_E_KMIP_MALFORMED);
	EXPECT(size_of("42007801 00000008") == HC_E_KMIP_MALFORMED); /* a request */
	EXPECT(size_of("42007b07 00000008") == HC_E_KMIP_MALFORMED);
	EXPECT(size_of("48545450 2f312e31") == HC_E_KMIP_MALFORMED); /* HTTP/1.1 */
}

static void message_must_be_an_answer(void)
{
	struct shape shape = good();
	size_t size = make_answer(&shape, buffer);

	buffer[2] = 0x78;
	EXPECT(hc_kmip_answer_read(buffer, size, &shape.question, &answer) == HC_E_KMIP_MALFORMED);
	buffer[2] = 0x7b;
	EXPECT(hc_kmip_answer_read(buffer, size, &shape.question, &answer) == 0);
	EXPECT(hc_kmip_answer_read(buffer, size - 8, &shape.question, &answer) ==
	       HC_E_KMIP_MALFORMED);
	memset(buffer + size, 0, 8);
	EXPECT(hc_kmip_answer_read(buffer, size + 8, &shape.question, &answer) ==
	       HC_E_KMIP_MALFORMED);
}

static void one_item_for_one_request(void)
{
	struct shape shape = good();

	shape.count = 2;
	EXPECT(malformed(&shape, "Batch Count is 2"));
	shape.items = 2;
	EXPECT(malformed(&shape, "doubled"));
	shape.count = 1;
	EXPECT(malformed(&shape, "doubled"));
	shape.items = 0;
	EXPECT(malformed(&shape, "lacks Batch Item"));
	shape.count = 0;
	EXPECT(malformed(&shape, "lacks Batch Item"));
	shape = good();
	shape.count = -1;
	EXPECT(malformed(&shape, "Batch Count is -1"));
}

static void operation_and_id_come_back(void)
{
	struct shape shape = good();

	shape.operation = HC_OP_DESTROY;
	EXPECT(malformed(&shape, "another operation (Destroy)"));
	shape.operation = 0;
	EXPECT(malformed(&shape, "another operation"));
	shape = good();
	shape.batch_id = "request2";
	EXPECT(malformed(&shape, "another request"));
	shape.batch_id = "request";
	EXPECT(malformed(&shape, "another request"));
	shape.batch_id = "request11";
	EXPECT(malformed(&shape, "another request"));
	shape.batch_id = NULL;
	EXPECT(malformed(&shape, "another request"));
}

static void success_needs_a_payload(void)
{
	struct shape shape = good();

	shape.payload = NULL;
	EXPECT(malformed(&shape, "without Response Payload"));
}

/* A failure has no payload, and that is no reason to fall over. */
static void failure_is_understood(void)
{
	struct shape shape = good();

	shape.payload = NULL;
	shape.status = HC_STATUS_FAILED;
	EXPECT(malformed(&shape, "without Result Reason"));
	shape.reason = HC_REASON_ITEM_NOT_FOUND;
	EXPECT(read_shape(&shape) == 0);
	EXPECT(answer.status == HC_STATUS_FAILED && answer.reason == 1 && !answer.whole_message);
	EXPECT(answer.payload.tag == 0 && answer.text[0] == '\0');
	shape.text = "\x1b[1mnot here\n";
	EXPECT(read_shape(&shape) == 0 && strcmp(answer.text, "?[1mnot here?") == 0);
	shape.batch_id = "request2";
	EXPECT(malformed(&shape, "another request"));
}

/* The shape of an answer to what the server could not read at all. */
static void failure_of_the_whole_message(void)
{
	struct shape shape = good();

	shape.payload = NULL;
	shape.operation = 0;
	shape.batch_id = NULL;
	shape.status = HC_STATUS_FAILED;
	shape.reason = HC_REASON_INVALID_MESSAGE;
	EXPECT(read_shape(&shape) == 0 && answer.whole_message);
	EXPECT(answer.reason == HC_REASON_INVALID_MESSAGE);
	/* In any version, as the server may not know ours. */
	shape.minor = 0;
	EXPECT(read_shape(&shape) == 0 && answer.whole_message);
	shape.major = 2;
	EXPECT(read_shape(&shape) == 0 && answer.whole_message && answer.major == 2);
	/* But nothing else may come without Operation. */
	shape.status = HC_STATUS_SUCCESS;
	EXPECT(malformed(&shape, "another operation"));
	shape.status = HC_STATUS_PENDING;
	EXPECT(malformed(&shape, "another operation"));
}

static void pending_and_undone_are_no_success(void)
{
	struct shape shape = good();

	shape.status = HC_STATUS_PENDING;
	EXPECT(read_shape(&shape) == 0 && answer.status == HC_STATUS_PENDING);
	shape.status = HC_STATUS_UNDONE;
	EXPECT(read_shape(&shape) == 0 && answer.status == HC_STATUS_UNDONE);
	shape.status = 4;
	EXPECT(malformed(&shape, "Result Status is 4"));
	shape.status = 0x80000000;
	EXPECT(malformed(&shape, "Result Status"));
}

static void extensions_must_not_be_critical(void)
{
	struct shape shape = good();

	shape.extension = 1;
	EXPECT(read_shape(&shape) == 0);
	shape.extension = 2;
	EXPECT(malformed(&shape, "extension of Acme"));
}

static void unknown_fields_only_in_other_versions(void)
{
	struct shape shape = good();

	shape.unknown_in_header = true;
	EXPECT(malformed(&shape, "does not belong"));
	shape.minor = 4;
	EXPECT(read_shape(&shape) == 0 && answer.skip_unknown);
	shape = good();
	shape.unknown_in_item = true;
	EXPECT(malformed(&shape, "does not belong"));
	shape.minor = 4;
	EXPECT(read_shape(&shape) == 0);
}

static void version_must_be_possible(void)
{
	struct shape shape = good();

	shape.major = 2;
	EXPECT(malformed(&shape, "KMIP 2.2 answered"));
	shape.major = 0;
	EXPECT(malformed(&shape, "KMIP 0.2 answered"));
	shape.major = -1;
	EXPECT(malformed(&shape, "version -1.2"));
	shape = good();
	shape.minor = -1;
	EXPECT(malformed(&shape, "version 1.-1"));
}

/*
 * Every byte of a good answer set to every of some values, and every bit
 * flipped: it is read or refused, and whatever is read has its parts inside
 * the message. Run under a sanitizer, this finds what a look does not.
 */
static void changed_bytes_do_no_harm(void)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x02, 0x07, 0x08, 0x42, 0x7f, 0x80, 0xff };
	struct shape shape = good();
	size_t size = make_answer(&shape, buffer);
	unsigned read = 0, refused = 0;

	for (size_t i = 0; i < size; i++) {
		uint8_t old = buffer[i];

		for (size_t v = 0; v < sizeof(values) + 8; v++) {
			buffer[i] = v < sizeof(values) ? values[v] :
				    (uint8_t)(old ^ 1u << (v - sizeof(values)));
			if (hc_kmip_answer_read(buffer, size, &shape.question, &answer) < 0) {
				refused++;
				continue;
			}
			read++;
			EXPECT(!answer.payload.tag ||
			       (answer.payload.value >= buffer &&
				answer.payload.value + answer.payload.length <= buffer + size));
		}
		buffer[i] = old;
	}
	EXPECT(read > 100 && refused > 1000);
}

/* Cut anywhere, it is refused. */
static void cut_answers_are_refused(void)
{
	struct shape shape = good();
	size_t size = make_answer(&shape, buffer);

	for (size_t n = 0; n < size; n++)
		EXPECT(hc_kmip_answer_read(buffer, n, &shape.question, &answer) ==
		       HC_E_KMIP_MALFORMED);
}

int main(void)
{
	RUN(good_answer_is_read);
	RUN(first_bytes_are_checked);
	RUN(message_must_be_an_answer);
	RUN(one_item_for_one_request);
	RUN(operation_and_id_come_back);
	RUN(success_needs_a_payload);
	RUN(failure_is_understood);
	RUN(failure_of_the_whole_message);
	RUN(pending_and_undone_are_no_success);
	RUN(extensions_must_not_be_critical);
	RUN(unknown_fields_only_in_other_versions);
	RUN(version_must_be_possible);
	RUN(changed_bytes_do_no_harm);
	RUN(cut_answers_are_refused);
	return unit_result();
}
