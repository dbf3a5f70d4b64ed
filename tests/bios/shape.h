/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HB_SHAPE_H
#define HB_SHAPE_H

#include <linux/blk_types.h>
#include <linux/sizes.h>

#include "random.h"

enum {
	/* A bio's own limit is that of its allocation, UIO_MAXIOV. */
	HB_SEGMENTS = 1024,
	HB_SPLITS = 3,

	/* The largest block of memory: 256 KiB. */
	HB_ORDER = 6,

	/* A refused bio is no larger, or dm-crypt would do a part of it. */
	HB_REFUSED_SECTORS = SZ_64K >> SECTOR_SHIFT,
};

enum hb_kind {
	HB_READ,
	HB_WRITE,
	HB_FLUSH,
	HB_ZEROES,
	HB_DISCARD,

	/* Not on unit boundaries, or behind the end: to be refused. */
	HB_BAD_READ,
	HB_BAD_WRITE,

	HB_KINDS
};

/* How the memory of a bio lies. */
enum hb_layout {
	/* Whole pages, each by itself. */
	HB_PAGES,
	/* As few and as large blocks as there may be. */
	HB_BLOCKS,
	/* Cut at any 512 bytes, in blocks of any size. */
	HB_CUTS,
	/* 512 bytes each. */
	HB_SECTORS,
	/* Units' or pages' sizes, but beside their boundaries. */
	HB_SHIFTED,
	/* Segments that touch in memory, last first or in order. */
	HB_TOUCHING,
	/* All segments overlap in one block: only to write from. */
	HB_SAME,
	/* Cut at any byte: only to write from. */
	HB_BYTES,

	HB_LAYOUTS
};

/* A part of a bio: @length bytes at @offset of memory block @block. */
struct hb_segment {
	u16 block;
	u32 offset;
	u32 length;
};

/**
 * struct hb_shape - a bio to be
 * @kind: what it does
 * @layout: the style of its memory
 * @sector: where
 * @sectors: how much
 * @flags: of the bio, beside its operation
 * @lead: bytes at the memory's start that are not part of it (the iterator
 *	starts behind them)
 * @tail: bytes at the end that are not
 * @splits: how many pieces are split off its front and chained
 * @split: their sectors
 * @blocks: how many blocks of memory
 * @order: the size of each
 * @segments: how many segments
 * @segment: the segments
 */
struct hb_shape {
	enum hb_kind kind;
	enum hb_layout layout;
	sector_t sector;
	unsigned int sectors;
	blk_opf_t flags;
	unsigned int lead;
	unsigned int tail;
	unsigned int splits;
	unsigned int split[HB_SPLITS];
	unsigned int blocks;
	u8 order[HB_SEGMENTS];
	unsigned int segments;
	struct hb_segment segment[HB_SEGMENTS];
};

/**
 * struct hb_space - where a shape may be
 * @start: first sector
 * @end: the sector behind the last
 * @unit: bytes of a data unit
 * @block: bytes of a logical block
 * @below: bytes of a logical block of the disk
 * @discards: whether there may be discards
 * @last: whether the device ends with it
 */
struct hb_space {
	sector_t start;
	sector_t end;
	unsigned int unit;
	unsigned int block;
	unsigned int below;
	bool discards;
	bool last;
};

void hb_shape_make(struct hb_shape *shape, struct hb_random *r, const struct hb_space *space,
		   bool large);
void hb_shape_read(struct hb_shape *shape, struct hb_random *r, const struct hb_space *space,
		   sector_t sector, unsigned int sectors);
void hb_shape_plain(struct hb_shape *shape, const struct hb_shape *like);
bool hb_shape_aligned(const struct hb_shape *shape, unsigned int unit);
void hb_shape_print(const struct hb_shape *shape);

static inline bool hb_shape_has_data(const struct hb_shape *shape)
{
	return shape->kind == HB_READ || shape->kind == HB_WRITE ||
	       shape->kind == HB_BAD_READ || shape->kind == HB_BAD_WRITE;
}

static inline bool hb_shape_reads(const struct hb_shape *shape)
{
	return shape->kind == HB_READ || shape->kind == HB_BAD_READ;
}

static inline bool hb_shape_bad(const struct hb_shape *shape)
{
	return shape->kind == HB_BAD_READ || shape->kind == HB_BAD_WRITE;
}

#endif
