/* SPDX-License-Identifier: GPL-2.0 */
/* The dumps in a folder, or on a device that is given to dumps; and what else is there. */
#ifndef HC_DUMP_LIST_H
#define HC_DUMP_LIST_H

#include <limits.h>
#include <stddef.h>

#include "dump/header.h"
#include "dump/shape.h"

struct hc_dump_found {
	char name[NAME_MAX + 1];       /* in the folder; of a device, its last word */
	struct hc_dump_header *header; /* NULL where it is no dump, or none that can be read */
	char problem[512];	       /* then why; "" otherwise */
	enum hc_dump_shape shape;
	bool part; /* by its name: is being written, or was left */
	uint64_t bytes;
};

/* The dumps by their time, then the rest by their names. */
struct hc_dump_list {
	struct hc_dump_found *all;
	size_t n;
};

/* @path is a folder, or a device with the mark of dump/mark.h. */
int hc_dump_list(const char *path, struct hc_dump_list *ret_list);
void hc_dump_list_free(struct hc_dump_list *list);

#define HC_DUMP_LIST __attribute__((cleanup(hc_dump_list_free))) struct hc_dump_list

#endif
