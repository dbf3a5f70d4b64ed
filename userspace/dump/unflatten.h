/* SPDX-License-Identifier: GPL-2.0 */
/*
 * makedumpfile's flattened form, which goes through a pipe, made into the file that
 * it stands for: a header of 4096 bytes, then records of be64 offset, be64 size and
 * the data; offset and size of -1 end it.
 */
#ifndef HC_DUMP_UNFLATTEN_H
#define HC_DUMP_UNFLATTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HC_FLAT_HEADER_SIZE 4096
#define HC_FLAT_RECORD_SIZE 16

struct hc_unflatten {
	int fd; /* the file to fill, empty; written at places, holes stay holes */
	bool header_done, ended;
	size_t filled; /* of @head: the header, later of each record */
	uint64_t offset, left; /* of the record that is being written */
	uint8_t head[HC_FLAT_HEADER_SIZE];
};

/* Take the next piece, cut anywhere. HC_E_DUMP_DAMAGED where it is not of this form. */
int hc_unflatten_add(struct hc_unflatten *state, const uint8_t *data, size_t size);
/* HC_E_DUMP_CUT unless the end was seen, HC_E_DUMP_DAMAGED without even a header. */
int hc_unflatten_finish(const struct hc_unflatten *state);

#endif
