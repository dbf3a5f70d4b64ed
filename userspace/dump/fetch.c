// SPDX-License-Identifier: GPL-2.0
#include "dump/fetch.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/format.h"
#include "dump/frame.h"

struct copy {
	int from, to;
	uint64_t room, at;
	uint8_t *buffer;
};

/* @size bytes at the place that was reached, from one to the other. */
static int take(struct copy *copy, size_t size, size_t before)
{
	int r = hc_pread_all(copy->from, copy->buffer + before, size - before,
			     copy->at + before);

	if (r == 0)
		r = hc_write_all(copy->to, copy->buffer, size);
	if (r < 0)
		return hc_fail_errno(-r, "cannot copy the dump");
	copy->at += size;
	return 0;
}

static int cut(void)
{
	return hc_fail(HC_E_DUMP_CUT, "the dump has no last frame");
}

/* 1 for one more frame, 0 for the last one. */
static int take_frame(struct copy *copy)
{
	enum hc_dump_stream stream;
	uint32_t word;
	size_t size;
	bool last;

	if (copy->room - copy->at < sizeof(word) ||
	    hc_pread_all(copy->from, copy->buffer, sizeof(word), copy->at) < 0)
		return cut();
	memcpy(&word, copy->buffer, sizeof(word));
	if (!hc_dump_frame_word(be32toh(word), &stream, &size, &last))
		return cut();
	size += sizeof(word) + HC_DUMP_TAG_SIZE;
	if (size > copy->room - copy->at)
		return cut();
	if (take(copy, size, sizeof(word)) < 0)
		return HC_E_SYSTEM;
	return !last;
}

int hc_dump_fetch(int from, uint64_t room, int to, uint64_t *ret_bytes)
{
	struct copy copy = { .from = from, .to = to, .room = room };
	int r;

	/* A header is smaller than a frame. */
	copy.buffer = malloc(HC_DUMP_FRAME_MAX);
	if (!copy.buffer)
		return hc_fail(HC_E_MEMORY, "no memory for a frame of the dump");
	r = hc_pread_all(from, copy.buffer, HC_DUMP_MAGIC_SIZE, 0);
	if (r < 0 || memcmp(copy.buffer, HC_DUMP_MAGIC, HC_DUMP_MAGIC_SIZE) != 0)
		r = hc_fail(HC_E_DUMP_NOT_ONE, "there is no encrypted dump");
	else
		r = take(&copy, HC_DUMP_AREA, 0);
	if (r == 0)
		do
			r = take_frame(&copy);
		while (r == 1);
	*ret_bytes = copy.at;
	free(copy.buffer);
	return r;
}
