/* SPDX-License-Identifier: GPL-2.0 */
/* makedumpfile's flattened form, as its IMPLEMENTATION says: a header of a page, then
 * records that name the place and the length of what follows them. */
#ifndef HC_CAPTURE_FLAT_H
#define HC_CAPTURE_FLAT_H

#include <stddef.h>
#include <stdint.h>

#include "dump/writer.h"

int flat_begin(struct hc_dump_writer *writer);
int flat_record(struct hc_dump_writer *writer, uint64_t offset, const void *data, size_t size);
int flat_end(struct hc_dump_writer *writer);

#endif
