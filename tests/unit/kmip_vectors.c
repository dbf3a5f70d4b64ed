// SPDX-License-Identifier: GPL-2.0
/*
 * Messages that nobody here wrote: whole ones of the OASIS use cases and of
 * real clients, each read and written again to the same bytes.
 */
#include "unit.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "hex.h"
#include "kmip/message.h"
#include "recode.h"

static uint8_t data[16384], again[16384];

/* Bytes that come back the same. */
static bool same_again(size_t size)
{
	size_t written = 0;

	memset(again, 0xee, sizeof(again));
	return recode(data, size, again, &written) == 0 && written == size &&
	       memcmp(data, again, size) == 0;
}

/*
 * Each line of a table: file, line, label, hex. Returns how many; @check is
 * called with the label and the number of bytes, which are in data.
 */
static int for_each_line(const char *name, bool (*check)(const char *label, size_t size))
{
	char path[PATH_MAX], *line = NULL;
	const char *folder = unit_vectors();
	size_t room = 0;
	int lines = 0;
	FILE *file;

	if (!folder) {
		unit_skip("no folder of test data (HOSTCRYPT_VECTORS)");
		return -1;
	}
	snprintf(path, sizeof(path), "%s/kmip/hex/%s", folder, name);
	file = fopen(path, "r");
	if (!EXPECT(file))
		return 0;
	while (getline(&line, &room, file) > 0) {
		char *hex = strrchr(line, '\t');

		if (line[0] == '#' || !hex)
			continue;
		lines++;
		if (!EXPECT(check(line, unhex(hex + 1, data, sizeof(data)))))
			printf("  in %.*s\n", (int)(hex - line), line);
	}
	free(line);
	fclose(file);
	return lines;
}

/*
 * One fragment among the messages was made up to be odd: tags outside of both
 * ranges, and a text of control characters with a NUL. It is refused.
 */
static bool is_odd(const char *label)
{
	return strstr(label, "arbitrary_server_information");
}

static bool whole_message(const char *label, size_t size)
{
	struct hc_ttlv message;

	if (is_odd(label))
		return hc_ttlv_check(data, size, &message) == HC_E_KMIP_MALFORMED;
	return hc_ttlv_check(data, size, &message) == 0 && same_again(size);
}

static bool single_item(const char *label, size_t size)
{
	(void)label;
	return same_again(size);
}

/* A text whose length counts its padding in. */
static bool refused_for_a_nul(const char *label, size_t size)
{
	struct hc_ttlv message;

	(void)label;
	return hc_ttlv_check(data, size, &message) == HC_E_KMIP_MALFORMED &&
	       strstr(hc_error_message(), "NUL");
}

static void oasis_messages(void)
{
	int n = for_each_line("nlnetlabs-kmip-protocol.tsv", whole_message);

	EXPECT(n == -1 || n == 77);
}

static void oasis_examples(void)
{
	int n = for_each_line("oasis-spec-9.1.2-examples.tsv", single_item);

	EXPECT(n == -1 || n == 10);
}

static void message_of_a_shipped_product_is_refused(void)
{
	int n = for_each_line("real-world-malformed.tsv", refused_for_a_nul);

	EXPECT(n == -1 || n == 1);
}

static bool read_hex_file(const char *folder, const char *name)
{
	static char text[sizeof(data) * 2 + 1];
	char path[PATH_MAX];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "%s/kmip/hex/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return whole_message(name, unhex(text, data, sizeof(data)));
}

static void additional_encodings(void)
{
	char path[PATH_MAX];
	const char *folder = unit_vectors();
	struct dirent *entry;
	int files = 0;
	DIR *dir;

	if (!folder) {
		unit_skip("no folder of test data (HOSTCRYPT_VECTORS)");
		return;
	}
	snprintf(path, sizeof(path), "%s/kmip/hex", folder);
	dir = opendir(path);
	if (!EXPECT(dir))
		return;
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (length < 4 || strcmp(entry->d_name + length - 4, ".hex") != 0)
			continue;
		files++;
		if (!EXPECT(read_hex_file(folder, entry->d_name)))
			printf("  in %s\n", entry->d_name);
	}
	closedir(dir);
	EXPECT(files == 36);
}

/* The first item called @tag inside of @outer; tag 0 for none. */
static struct hc_ttlv inside(const struct hc_ttlv *outer, uint32_t tag)
{
	struct hc_ttlv_cursor cursor;
	struct hc_ttlv item = { 0 };

	hc_ttlv_enter(outer, &cursor);
	while (hc_ttlv_next(&cursor, &item) > 0 && item.tag != tag)
		;
	return item.tag == tag ? item : (struct hc_ttlv){ 0 };
}

static struct hc_ttlv payload_of(size_t size, uint32_t tag)
{
	struct hc_ttlv message = { 0 }, batch;

	EXPECT(hc_ttlv_check(data, size, &message) == 0);
	batch = inside(&message, HC_TAG_BATCH_ITEM);
	return inside(&batch, tag);
}

/* In @bytes: the usage mask after the first one that is @from becomes @to. */
static bool change_usage(uint8_t *bytes, size_t size, uint8_t from, uint8_t to)
{
	static const char name[] = "Cryptographic Usage Mask";

	for (uint8_t *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), name,
					       strlen(name)));) {
		at += strlen(name) + HC_TTLV_HEADER + 3; /* the value's last byte */
		if (*at == from) {
			*at = to;
			return true;
		}
	}
	return false;
}

static unsigned pair_requests, pair_answers;

/* Use case 8.1 is for signing: but for the usage its request is ours. */
static bool pair_request(size_t size)
{
	struct hc_ttlv payload = payload_of(size, HC_TAG_REQUEST_PAYLOAD);
	struct hc_ttlv_writer writer;
	size_t written = 0;

	if (!payload.tag)
		return false;
	pair_requests++;
	hc_ttlv_writer_init(&writer, again, sizeof(again));
	hc_kmip_put_create_pair(&writer, "PrivateKey1", "PublicKey1", 1024);
	return hc_ttlv_finish(&writer, &written) == 0 &&
	       change_usage(again, written, HC_USAGE_DECRYPT, 1) &&
	       change_usage(again, written, HC_USAGE_ENCRYPT, 2) && written == payload.length &&
	       memcmp(again, payload.value, written) == 0;
}

/*
 * Its answer, against the specification, says Unique Identifier of both halves:
 * which is the private one would have to be guessed, so it is refused.
 */
static bool pair_answer(size_t size)
{
	struct hc_kmip_answer answer = { .payload = payload_of(size, HC_TAG_RESPONSE_PAYLOAD) };
	char private_id[HC_KMIP_ID_MAX], public_id[HC_KMIP_ID_MAX];

	pair_answers++;
	return answer.payload.tag &&
	       hc_kmip_read_create_pair(&answer, private_id, public_id) == HC_E_KMIP_MALFORMED;
}

static bool create_key_pair_message(const char *label, size_t size)
{
	if (!strstr(label, "usecase_8_1_step_1_create_rsa"))
		return true;
	return strstr(label, "_request") ? pair_request(size) : pair_answer(size);
}

static void oasis_create_key_pair(void)
{
	int n = for_each_line("nlnetlabs-kmip-protocol.tsv", create_key_pair_message);

	EXPECT(n == -1 || (pair_requests == 1 && pair_answers == 1));
}

int main(void)
{
	RUN(oasis_messages);
	RUN(oasis_create_key_pair);
	RUN(oasis_examples);
	RUN(message_of_a_shipped_product_is_refused);
	RUN(additional_encodings);
	return unit_result();
}
