// SPDX-License-Identifier: GPL-2.0
/*
 * The memory that bios are made of. It is compared as a whole, so that a byte
 * beside a segment counts as much as one in it.
 */
#define pr_fmt(fmt) "hc-bios: " fmt

#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"

#define HB_POISON 0xa5

static size_t hb_block_bytes(const struct hb_memory *memory, unsigned int block)
{
	return PAGE_SIZE << memory->shape->order[block];
}

static u8 *hb_block(const struct hb_memory *memory, unsigned int block)
{
	return page_address(memory->block[block]);
}

/**
 * hb_memory_alloc() - get memory for a shape
 * @shape: the shape; must outlive the memory
 *
 * Return: the memory, its content undefined, or NULL.
 */
struct hb_memory *hb_memory_alloc(const struct hb_shape *shape)
{
	struct hb_memory *memory = kvzalloc(sizeof(*memory), GFP_KERNEL);
	unsigned int i;

	if (!memory)
		return NULL;
	memory->shape = shape;
	for (i = 0; i < shape->blocks; i++) {
		memory->block[i] = alloc_pages(GFP_KERNEL | __GFP_COMP, shape->order[i]);
		if (!memory->block[i]) {
			hb_memory_free(memory);
			return NULL;
		}
	}
	return memory;
}

/**
 * hb_memory_free() - give it back
 * @memory: the memory or NULL
 */
void hb_memory_free(struct hb_memory *memory)
{
	unsigned int i;

	if (!memory)
		return;
	for (i = 0; i < memory->shape->blocks; i++)
		if (memory->block[i])
			__free_pages(memory->block[i], memory->shape->order[i]);
	kvfree(memory);
}

/**
 * hb_memory_fill() - fill it with numbers
 * @memory: the memory
 * @r: which numbers
 */
void hb_memory_fill(struct hb_memory *memory, struct hb_random r)
{
	unsigned int i;

	for (i = 0; i < memory->shape->blocks; i++)
		hb_random_fill(&r, hb_block(memory, i), hb_block_bytes(memory, i));
}

/**
 * hb_memory_poison() - fill it with what no data looks like
 * @memory: the memory
 */
void hb_memory_poison(struct hb_memory *memory)
{
	unsigned int i;

	for (i = 0; i < memory->shape->blocks; i++)
		memset(hb_block(memory, i), HB_POISON, hb_block_bytes(memory, i));
}

/* Copy between the part of the segments that is the I/O, and @data. */
static void hb_memory_copy(const struct hb_memory *memory, u8 *to, const u8 *from)
{
	const struct hb_shape *shape = memory->shape;
	unsigned int skip = shape->lead, rest = shape->sectors << SECTOR_SHIFT, i;

	for (i = 0; rest; i++) {
		const struct hb_segment *s = &shape->segment[i];
		unsigned int lead = min(skip, s->length);
		unsigned int part = min(s->length - lead, rest);
		u8 *at = hb_block(memory, s->block) + s->offset + lead;

		if (to) {
			memcpy(to, at, part);
			to += part;
		} else {
			memcpy(at, from, part);
			from += part;
		}
		skip -= lead;
		rest -= part;
	}
}

/**
 * hb_memory_put() - put data where the I/O would
 * @memory: the memory
 * @data: as much as the shape has
 */
void hb_memory_put(struct hb_memory *memory, const u8 *data)
{
	hb_memory_copy(memory, NULL, data);
}

/**
 * hb_memory_get() - get the data that the I/O would write
 * @memory: the memory
 * @data: where to
 */
void hb_memory_get(const struct hb_memory *memory, u8 *data)
{
	hb_memory_copy(memory, data, NULL);
}

static bool hb_block_same(const struct hb_memory *a, const struct hb_memory *b, unsigned int i)
{
	const u8 *x = hb_block(a, i), *y = hb_block(b, i);
	size_t bytes = hb_block_bytes(a, i), at;

	if (!memcmp(x, y, bytes))
		return true;
	for (at = 0; x[at] == y[at]; at++)
		;
	pr_err("byte %zu of block %u is %#04x instead of %#04x\n", at, i, x[at], y[at]);
	return false;
}

/**
 * hb_memory_same() - compare, and tell the kernel log where they differ
 * @a: what there is
 * @b: what it should be: memory for the same shape
 *
 * Return: whether all of it is the same, also beside the segments.
 */
bool hb_memory_same(const struct hb_memory *a, const struct hb_memory *b)
{
	unsigned int i;

	for (i = 0; i < a->shape->blocks; i++)
		if (!hb_block_same(a, b, i))
			return false;
	return true;
}
