// SPDX-License-Identifier: GPL-2.0
#include "dump/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/frame.h"
#include "dump/gcm.h"
#include "dump/shape.h"
#include "dump/unlock.h"

struct hc_dump_reader {
	int fd;
	struct hc_dump_header header;
	EVP_CIPHER_CTX *context; /* NULL while locked */
	struct hc_secret plain;
	uint64_t number, offset; /* of the next frame */
	bool ended;
	int failed; /* the error that stays */
	uint8_t area[HC_DUMP_AREA];
	uint8_t sealed[HC_DUMP_CHUNK + HC_DUMP_TAG_SIZE];
};

/* How much of @size was there, or a negative errno. */
static ssize_t read_some(int fd, uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int hc_dump_reader_open(int fd, struct hc_dump_reader **ret_reader)
{
	struct hc_dump_reader *reader = calloc(1, sizeof(*reader));
	ssize_t n;
	int r;

	if (!reader)
		return hc_fail(HC_E_MEMORY, "no memory for a frame of the dump");
	reader->fd = fd;
	reader->offset = HC_DUMP_AREA;
	r = hc_secret_alloc(HC_DUMP_CHUNK, &reader->plain);
	if (r == 0) {
		n = read_some(fd, reader->area, HC_DUMP_AREA);
		if (n < 0)
			r = hc_fail_errno((int)-n, "cannot read the dump");
		else if (n < HC_DUMP_AREA &&
			 (n < HC_DUMP_MAGIC_SIZE ||
			  memcmp(reader->area, HC_DUMP_MAGIC, HC_DUMP_MAGIC_SIZE) != 0))
			r = hc_fail(HC_E_DUMP_NOT_ONE, "this is no encrypted dump");
		else if (n < HC_DUMP_AREA)
			r = hc_fail(HC_E_DUMP_CUT, "the dump ends within its header");
	}
	if (r == 0)
		r = hc_dump_header_parse(reader->area, &reader->header);
	if (r < 0)
		hc_dump_reader_close(reader);
	else
		*ret_reader = reader;
	return r;
}

void hc_dump_reader_close(struct hc_dump_reader *reader)
{
	if (!reader)
		return;
	EVP_CIPHER_CTX_free(reader->context);
	hc_secret_free(&reader->plain);
	free(reader);
}

const struct hc_dump_header *hc_dump_reader_header(const struct hc_dump_reader *reader)
{
	return &reader->header;
}

uint64_t hc_dump_reader_total(const struct hc_dump_reader *reader)
{
	enum hc_dump_shape shape;
	uint64_t room, bytes;
	struct stat st;

	if (fstat(reader->fd, &st) < 0 || hc_fd_bytes(reader->fd, &room) < 0)
		return 0;
	/* A device goes on behind it. */
	if (!S_ISBLK(st.st_mode))
		return room;
	return hc_dump_shape(reader->fd, room, true, &shape, &bytes) == 0 ? bytes : 0;
}

uint64_t hc_dump_reader_offset(const struct hc_dump_reader *reader)
{
	return reader->offset;
}

int hc_dump_reader_unlock(struct hc_dump_reader *reader, const struct hc_secret *dump_key)
{
	HC_SECRET body_key = { 0 };
	int r;

	if (dump_key->size != HC_DUMP_KEY_SIZE)
		return hc_fail(HC_E_DUMP_RECIPIENT, "a dump's key has %d bytes", HC_DUMP_KEY_SIZE);
	r = hc_dump_header_verify(&reader->header, reader->area, dump_key);
	if (r == 0)
		r = hc_dump_body_key(&reader->header, reader->area, dump_key, &body_key);
	if (r < 0)
		return r;
	EVP_CIPHER_CTX_free(reader->context);
	reader->context = NULL;
	return hc_dump_gcm_new(&body_key, 0, &reader->context);
}

int hc_dump_reader_unlock_pem(struct hc_dump_reader *reader, const char *path)
{
	HC_SECRET dump_key = { 0 };
	int r = hc_dump_unlock_pem(&reader->header, path, &dump_key);

	return r < 0 ? r : hc_dump_reader_unlock(reader, &dump_key);
}

static int cut(const struct hc_dump_reader *reader)
{
	return hc_fail(HC_E_DUMP_CUT, "the dump is cut: frame %llu at offset %llu is not whole",
		       (unsigned long long)reader->number, (unsigned long long)reader->offset);
}

static int damaged(const struct hc_dump_reader *reader)
{
	return hc_fail(HC_E_DUMP_DAMAGED,
		       "the dump was changed or damaged in frame %llu at offset %llu",
		       (unsigned long long)reader->number, (unsigned long long)reader->offset);
}

/* Exactly @size bytes. */
static int take(struct hc_dump_reader *reader, void *data, size_t size)
{
	ssize_t n = read_some(reader->fd, data, size);

	if (n < 0)
		return hc_fail_errno((int)-n, "cannot read the dump");
	return (size_t)n < size ? cut(reader) : 0;
}

static int check_end(struct hc_dump_reader *reader)
{
	uint8_t more;
	struct stat st;
	ssize_t n;

	/* On a device, what was there before follows. */
	if (fstat(reader->fd, &st) == 0 && S_ISBLK(st.st_mode))
		return 0;
	n = read_some(reader->fd, &more, 1);
	if (n < 0)
		return hc_fail_errno((int)-n, "cannot read the dump");
	return n == 0 ? 0 : hc_fail(HC_E_DUMP_DAMAGED, "something follows the dump's last frame");
}

static int read_frame(struct hc_dump_reader *reader, enum hc_dump_stream *ret_stream,
		      size_t *ret_size)
{
	uint8_t nonce[HC_DUMP_NONCE_SIZE];
	uint32_t aad;
	size_t size;
	bool last;
	int r = take(reader, &aad, sizeof(aad));

	if (r < 0)
		return r;
	/* What is on a device when its writer dies ends with zeros. */
	if (aad == 0)
		return cut(reader);
	if (!hc_dump_frame_word(be32toh(aad), ret_stream, &size, &last))
		return damaged(reader);
	r = take(reader, reader->sealed, size + HC_DUMP_TAG_SIZE);
	if (r < 0)
		return r;
	hc_dump_frame_nonce(reader->number, last, nonce);
	if (hc_dump_gcm_open(reader->context, nonce, &aad, sizeof(aad), reader->sealed, size,
			     reader->plain.data) < 0)
		return damaged(reader);
	reader->number++;
	reader->offset += sizeof(aad) + size + HC_DUMP_TAG_SIZE;
	reader->ended = last;
	*ret_size = size;
	return 0;
}

int hc_dump_reader_next(struct hc_dump_reader *reader, enum hc_dump_stream *ret_stream,
			const uint8_t **ret_data, size_t *ret_size)
{
	int r;

	if (!reader->context)
		return hc_fail(HC_E_INTERNAL, "the dump is not unlocked");
	if (reader->failed < 0)
		return reader->failed;
	if (reader->ended)
		return 0;
	r = read_frame(reader, ret_stream, ret_size);
	/* The last frame is out only when nothing follows it. */
	if (r == 0 && reader->ended)
		r = check_end(reader);
	if (r < 0) {
		reader->failed = r;
		return r;
	}
	*ret_data = reader->plain.data;
	return 1;
}
