/* SPDX-License-Identifier: GPL-2.0 */
/* Read a TTLV message with the reader and write it again with the writer. */
#ifndef TESTS_RECODE_H
#define TESTS_RECODE_H

#include "kmip/ttlv.h"

/* Returns 0, or the reader's or writer's failure. @out has room for @size. */
static inline int recode(const uint8_t *data, size_t size, uint8_t *out, size_t *ret_size)
{
	struct hc_ttlv_cursor open[HC_TTLV_DEPTH_MAX + 1];
	struct hc_ttlv_writer writer;
	struct hc_ttlv item;
	unsigned depth = 1;
	int r;

	hc_ttlv_writer_init(&writer, out, size);
	hc_ttlv_open(data, size, &open[0]);
	while (depth > 0) {
		r = hc_ttlv_next(&open[depth - 1], &item);
		if (r < 0)
			return r;
		if (r == 0) {
			depth--;
			if (depth > 0)
				hc_ttlv_end(&writer);
		} else if (item.type == HC_TTLV_STRUCTURE) {
			hc_ttlv_begin(&writer, item.tag);
			if (writer.failed)
				break;
			hc_ttlv_enter(&item, &open[depth++]);
		} else {
			hc_ttlv_put(&writer, item.tag, item.type, item.value, item.length);
		}
	}
	return hc_ttlv_finish(&writer, ret_size);
}

#endif
