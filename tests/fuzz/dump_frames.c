// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: the frames of a dump, as somebody may have written them who has the key,
 * or has moved and changed what somebody with the key wrote; and the memory in them
 * made into a file. The input is a list of:
 *
 *	1  how: 0 as it should be; bit 0: sealed as if it were (not) the last, bit 1: as
 *	   another number, bit 2: a bit of its tag is flipped, bit 3: it stays in clear
 *	4  the frame's word
 *	n  the plaintext, of the length that the word says, or up to the end of the input
 */
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/frame.h"
#include "dump/gcm.h"
#include "dump/reader.h"
#include "dump/unflatten.h"
#include "provider/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t area[HC_DUMP_AREA];
static uint8_t frames[HC_DUMP_CHUNK];
static struct hc_secret dump_key, body_key;
static EVP_CIPHER_CTX *context;

/* What the reader shall give out: the bytes of the first frames that are as they should. */
static uint8_t good[HC_DUMP_CHUNK];
static size_t n_good, good_size;

static void must(int condition)
{
	if (!condition)
		abort();
}

/* What unlocking would call, which does not happen here. */
const char *hc_provider_endpoint(const struct hc_provider_config *config, char *buffer,
				 size_t size)
{
	(void)config, (void)buffer, (void)size;
	return "";
}

int hc_provider_decrypt(struct hc_provider *provider, const char *private_id, const void *data,
			size_t size, struct hc_secret *ret_plain)
{
	(void)provider, (void)private_id, (void)data, (void)size, (void)ret_plain;
	return hc_fail(HC_E_INTERNAL, "there is no key server");
}

/* A header with one recipient; the key of all dumps is 32 zeros. */
static void begin(void)
{
	const struct hc_dump_info info = { "1", "host", "6.12", "", "2026-01-31T12:00:00Z" };
	struct hc_dump_recipient recipient = {
		.type = HC_DUMP_X25519,
		.label = "test",
		.key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
	};
	struct hc_dump_header *header = malloc(sizeof(*header));

	must(hc_secret_alloc(HC_DUMP_KEY_SIZE, &dump_key) == 0);
	must(hc_dump_key_id(recipient.key, recipient.id) == 0);
	must(hc_dump_header_make(&info, &recipient, 1, &dump_key, area) == 0);
	must(hc_dump_header_parse(area, header) == 0);
	must(hc_dump_body_key(header, area, &dump_key, &body_key) == 0);
	must(hc_dump_gcm_new(&body_key, 1, &context) == 0);
	EVP_PKEY_free(recipient.key);
	free(header);
}

/* Sealed as @how says into frames + @at; how large it is then. */
static size_t seal(uint8_t how, const uint8_t word[HC_DUMP_WORD_SIZE], uint64_t number, bool last,
		   const uint8_t *plain, size_t length, size_t at)
{
	uint8_t nonce[HC_DUMP_NONCE_SIZE], *frame = frames + at;

	memcpy(frame, word, HC_DUMP_WORD_SIZE);
	frame += HC_DUMP_WORD_SIZE;
	hc_dump_frame_nonce(number + !!(how & 2), last ^ (how & 1), nonce);
	must(hc_dump_gcm_seal(context, nonce, word, HC_DUMP_WORD_SIZE, plain, length, frame) == 0);
	if (how & 4)
		frame[length] ^= 1;
	if (how & 8)
		memcpy(frame, plain, length);
	return HC_DUMP_WORD_SIZE + length + HC_DUMP_TAG_SIZE;
}

struct progress {
	size_t at;   /* in the frames */
	size_t from; /* in the input */
	bool good;   /* all of them are */
	bool ended;  /* with a last one */
};

/* One frame more. */
static void take(struct progress *progress, uint64_t number, const uint8_t *data, size_t size)
{
	enum hc_dump_stream stream;
	uint32_t word;
	size_t length;
	bool last;

	memcpy(&word, data + 1, sizeof(word));
	if (!hc_dump_frame_word(be32toh(word), &stream, &length, &last) || length > size - 5) {
		length = size - 5;
		progress->good = false;
	}
	if ((data[0] & 7) || ((data[0] & 8) && length > 0))
		progress->good = false;
	progress->at += seal(data[0], data + 1, number, last, data + 5, length, progress->at);
	progress->from += 5 + length;
	if (!progress->good)
		return;
	memcpy(good + good_size, data + 5, length);
	good_size += length;
	n_good++;
	progress->ended = last;
}

/* Into the file @fd; returns whether the reader ought to come to a proper end. */
static bool make_dump(int fd, const uint8_t *data, size_t size)
{
	struct progress progress = { .good = true };

	n_good = good_size = 0;
	for (uint64_t number = 0; size - progress.from >= 5 && !progress.ended; number++)
		take(&progress, number, data + progress.from, size - progress.from);
	must(hc_write_all(fd, area, sizeof(area)) == 0);
	must(hc_write_all(fd, frames, progress.at) == 0);
	must(hc_write_all(fd, data + progress.from, size - progress.from) == 0);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return progress.ended && progress.from == size;
}

static void read_back(int fd, bool ends)
{
	struct hc_unflatten memory = { .fd = memfd_create("memory", MFD_CLOEXEC) };
	struct hc_dump_reader *reader = NULL;
	enum hc_dump_stream stream;
	const uint8_t *data;
	size_t size, n = 0, at = 0;
	int r, flat = 0;

	must(hc_dump_reader_open(fd, &reader) == 0);
	must(hc_dump_reader_unlock(reader, &dump_key) == 0);
	while ((r = hc_dump_reader_next(reader, &stream, &data, &size)) == 1) {
		must(++n <= n_good && size <= good_size - at);
		must(memcmp(data, good + at, size) == 0);
		at += size;
		if (flat == 0 && stream == HC_DUMP_STREAM_VMCORE)
			flat = hc_unflatten_add(&memory, data, size);
	}
	must((r == 0) == ends);
	must(r == 0 || r == HC_E_DUMP_CUT || r == HC_E_DUMP_DAMAGED);
	/* All but a last one that something follows. */
	must(n == n_good || (!ends && n + 1 == n_good));
	hc_dump_reader_close(reader);
	close(memory.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	if (!context)
		begin();
	if (size < 8192)
		read_back(fd, make_dump(fd, data, size));
	close(fd);
	return 0;
}
