// SPDX-License-Identifier: GPL-2.0
#include "dump/shape.h"

#include <endian.h>
#include <stddef.h>

#include "base/file.h"
#include "dump/frame.h"

int hc_dump_shape(int fd, uint64_t room, bool more, enum hc_dump_shape *ret_shape,
		  uint64_t *ret_bytes)
{
	uint64_t at = HC_DUMP_AREA;
	bool last = false;

	*ret_shape = HC_DUMP_CUT;
	*ret_bytes = room < at ? room : at;
	while (!last) {
		enum hc_dump_stream stream;
		uint32_t word;
		size_t size;
		int r;

		if (room < at || room - at < sizeof(word))
			return 0;
		r = hc_pread_all(fd, &word, sizeof(word), at);
		if (r < 0)
			return r;
		if (!hc_dump_frame_word(be32toh(word), &stream, &size, &last)) {
			/* On a device that is what was there before. */
			*ret_shape = more ? HC_DUMP_CUT : HC_DUMP_MISSHAPEN;
			return 0;
		}
		size += sizeof(word) + HC_DUMP_TAG_SIZE;
		if (room - at < size)
			return 0;
		at += size;
		*ret_bytes = at;
	}
	*ret_shape = more || at == room ? HC_DUMP_WHOLE : HC_DUMP_MISSHAPEN;
	return 0;
}
