/* SPDX-License-Identifier: GPL-2.0 */
/* What writer and reader agree on about a frame. */
#ifndef HC_DUMP_FRAME_H
#define HC_DUMP_FRAME_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dump/format.h"

#define HC_DUMP_FRAME_MAX (HC_DUMP_WORD_SIZE + HC_DUMP_CHUNK + HC_DUMP_TAG_SIZE)

static inline void hc_dump_frame_nonce(uint64_t number, bool last,
				       uint8_t ret_nonce[HC_DUMP_NONCE_SIZE])
{
	number = htobe64(number);
	memset(ret_nonce, 0, HC_DUMP_NONCE_SIZE);
	memcpy(ret_nonce, &number, sizeof(number));
	ret_nonce[HC_DUMP_NONCE_SIZE - 1] = last;
}

#endif
