// SPDX-License-Identifier: GPL-2.0
#include "dump/writer.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/frame.h"
#include "dump/gcm.h"

struct hc_dump_writer {
	int fd;
	EVP_CIPHER_CTX *context;
	struct hc_secret plain; /* the frame that is being filled */
	size_t filled;
	enum hc_dump_stream stream;
	uint64_t number;
	uint64_t room; /* for more frames */
	uint64_t at;   /* where the next frame goes, from the header's start */
	bool in_steps;
	struct {
		uint64_t at;   /* its first frame */
		uint32_t word; /* of that, held back; 0 between two steps */
	} step;
	bool ended; /* finished or failed: nothing may follow */
	uint8_t frame[HC_DUMP_FRAME_MAX];
};

static int write_header(struct hc_dump_writer *writer, const struct hc_dump_info *info,
			const struct hc_dump_recipient *recipients, size_t n)
{
	struct hc_dump_header *header = malloc(sizeof(*header));
	uint8_t *area = malloc(HC_DUMP_AREA);
	HC_SECRET dump_key = { 0 };
	HC_SECRET body_key = { 0 };
	int r = hc_secret_alloc(HC_DUMP_KEY_SIZE, &dump_key);

	if (!area || !header)
		r = hc_fail(HC_E_MEMORY, "no memory for the dump's header");
	if (r == 0)
		r = hc_secret_random(&dump_key);
	if (r == 0)
		r = hc_dump_header_make(info, recipients, n, &dump_key, area);
	/* What nobody could read back is found out now. */
	if (r == 0)
		r = hc_dump_header_parse(area, header);
	if (r == 0)
		r = hc_dump_body_key(header, area, &dump_key, &body_key);
	if (r == 0)
		r = hc_dump_gcm_new(&body_key, 1, &writer->context);
	if (r == 0) {
		r = hc_write_all(writer->fd, area, HC_DUMP_AREA);
		if (r < 0)
			r = hc_fail_errno(-r, "cannot write the dump");
	}
	free(area);
	free(header);
	return r;
}

int hc_dump_writer_open(int fd, const struct hc_dump_info *info,
			const struct hc_dump_recipient *recipients, size_t n,
			struct hc_dump_writer **ret_writer)
{
	struct hc_dump_writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return hc_fail(HC_E_MEMORY, "no memory for a frame of the dump");
	writer->fd = fd;
	writer->room = UINT64_MAX;
	writer->at = HC_DUMP_AREA;
	writer->stream = HC_DUMP_STREAM_LOG;
	r = hc_secret_alloc(HC_DUMP_CHUNK, &writer->plain);
	if (r == 0)
		r = write_header(writer, info, recipients, n);
	if (r < 0)
		hc_dump_writer_close(writer);
	else
		*ret_writer = writer;
	return r;
}

void hc_dump_writer_limit(struct hc_dump_writer *writer, uint64_t bytes)
{
	writer->room = bytes < HC_DUMP_AREA ? 0 : bytes - HC_DUMP_AREA;
}

void hc_dump_writer_in_steps(struct hc_dump_writer *writer)
{
	writer->in_steps = true;
}

/* What was written reaches the disk, and ends there; then its first word follows, so
 * that it counts. */
static int end_step(struct hc_dump_writer *writer)
{
	static const uint32_t end;
	int r = 0;

	if (writer->room >= sizeof(end))
		r = hc_pwrite_all(writer->fd, &end, sizeof(end), writer->at);
	if (r == 0 && fdatasync(writer->fd) < 0)
		r = -errno;
	if (r == 0)
		r = hc_pwrite_all(writer->fd, &writer->step.word, sizeof(writer->step.word),
				  writer->step.at);
	writer->step.word = 0;
	return r;
}

/* The sealed frame, of @size bytes. */
static int put_frame(struct hc_dump_writer *writer, size_t size, bool last)
{
	int r;

	if (size > writer->room)
		return -ENOSPC;
	if (writer->in_steps && writer->step.word == 0) {
		memcpy(&writer->step.word, writer->frame, sizeof(writer->step.word));
		writer->step.at = writer->at;
		memset(writer->frame, 0, sizeof(writer->step.word));
	}
	r = hc_write_all(writer->fd, writer->frame, size);
	if (r < 0)
		return r;
	writer->room -= size;
	writer->at += size;
	if (writer->in_steps && (last || writer->at - writer->step.at >= HC_DUMP_STEP))
		r = end_step(writer);
	return r;
}

static int seal(struct hc_dump_writer *writer, bool last)
{
	size_t size = HC_DUMP_WORD_SIZE + writer->filled + HC_DUMP_TAG_SIZE;
	uint8_t nonce[HC_DUMP_NONCE_SIZE];
	uint32_t word = (uint32_t)writer->filled |
			(uint32_t)writer->stream << HC_DUMP_STREAM_SHIFT |
			(last ? HC_DUMP_LAST : 0);
	int r;

	word = htobe32(word);
	memcpy(writer->frame, &word, sizeof(word));
	hc_dump_frame_nonce(writer->number++, last, nonce);
	r = hc_dump_gcm_seal(writer->context, nonce, writer->frame, HC_DUMP_WORD_SIZE,
			     writer->plain.data, writer->filled,
			     writer->frame + HC_DUMP_WORD_SIZE);
	if (r == 0) {
		r = put_frame(writer, size, last);
		if (r < 0)
			r = hc_fail_errno(-r, "cannot write the dump");
	}
	writer->filled = 0;
	if (r < 0 || last)
		writer->ended = true;
	return r;
}

int hc_dump_writer_write(struct hc_dump_writer *writer, enum hc_dump_stream stream,
			 const void *data, size_t size)
{
	const uint8_t *at = data;
	int r = 0;

	if (writer->ended)
		return hc_fail(HC_E_INTERNAL, "the dump has ended");
	if (stream != writer->stream && writer->filled > 0)
		r = seal(writer, false);
	writer->stream = stream;
	while (r == 0 && size > 0) {
		size_t room = HC_DUMP_CHUNK - writer->filled;
		size_t n = size < room ? size : room;

		memcpy(writer->plain.data + writer->filled, at, n);
		writer->filled += n;
		at += n;
		size -= n;
		if (writer->filled == HC_DUMP_CHUNK)
			r = seal(writer, false);
	}
	return r;
}

uint64_t hc_dump_writer_bytes(const struct hc_dump_writer *writer)
{
	return writer->at;
}

int hc_dump_writer_finish(struct hc_dump_writer *writer)
{
	if (writer->ended)
		return hc_fail(HC_E_INTERNAL, "the dump has ended");
	return seal(writer, true);
}

void hc_dump_writer_close(struct hc_dump_writer *writer)
{
	if (!writer)
		return;
	EVP_CIPHER_CTX_free(writer->context);
	hc_secret_free(&writer->plain);
	free(writer);
}
