/* SPDX-License-Identifier: GPL-2.0 */
/* What writer and reader agree on about a frame. */
#ifndef HC_DUMP_FRAME_H
#define HC_DUMP_FRAME_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dump/format.h"

#define HC_DUMP_FRAME_MAX (HC_DUMP_WORD_SIZE + HC_DUMP_CHUNK + HC_DUMP_TAG_SIZE)

/* What a frame's word says. False for what no writer writes. */
static inline bool hc_dump_frame_word(uint32_t word, enum hc_dump_stream *ret_stream,
				      size_t *ret_size, bool *ret_last)
{
	unsigned stream = (word & ~HC_DUMP_LAST) >> HC_DUMP_STREAM_SHIFT;

	*ret_last = word & HC_DUMP_LAST;
	*ret_size = word & HC_DUMP_LENGTH_MASK;
	*ret_stream = (enum hc_dump_stream)stream;
	return *ret_size <= HC_DUMP_CHUNK && (*ret_size > 0 || *ret_last) &&
	       stream >= HC_DUMP_STREAM_LOG && stream <= HC_DUMP_STREAM_CAPTURE;
}

static inline void hc_dump_frame_nonce(uint64_t number, bool last,
				       uint8_t ret_nonce[HC_DUMP_NONCE_SIZE])
{
	number = htobe64(number);
	memset(ret_nonce, 0, HC_DUMP_NONCE_SIZE);
	memcpy(ret_nonce, &number, sizeof(number));
	ret_nonce[HC_DUMP_NONCE_SIZE - 1] = last;
}

#endif
