/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HB_MEMORY_H
#define HB_MEMORY_H

#include <linux/mm_types.h>

#include "random.h"
#include "shape.h"

/* The memory of a shape's bio, with what lies around its segments. */
struct hb_memory {
	const struct hb_shape *shape;
	struct page *block[HB_SEGMENTS];
};

struct hb_memory *hb_memory_alloc(const struct hb_shape *shape);
void hb_memory_free(struct hb_memory *memory);

void hb_memory_fill(struct hb_memory *memory, struct hb_random r);
void hb_memory_poison(struct hb_memory *memory);
void hb_memory_put(struct hb_memory *memory, const u8 *data);
void hb_memory_get(const struct hb_memory *memory, u8 *data);
bool hb_memory_same(const struct hb_memory *a, const struct hb_memory *b);

#endif
