// SPDX-License-Identifier: GPL-2.0
/*
 * Shapes of bios, drawn from a stream of numbers: what they do, where, with
 * which flags, and above all how their memory is cut.
 */
#define pr_fmt(fmt) "hc-bios: " fmt

#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "shape.h"

/* The sizes drawn, in how many of a thousand shapes. */
static const struct {
	unsigned int per_mille;
	unsigned int most;
} hb_sizes[] = {
	{ 300, 0 },	/* a single block */
	{ 350, SZ_16K },
	{ 250, SZ_64K },
	{ 70, SZ_256K },
	{ 25, SZ_1M },
	{ 5, SZ_2M + SZ_1M },
};

static unsigned int hb_draw_sectors(struct hb_random *r, const struct hb_space *space, bool large)
{
	unsigned int block = space->block >> SECTOR_SHIFT;
	unsigned int draw = large ? 999 : hb_random_below(r, 1000), i, most;

	for (i = 0; draw >= hb_sizes[i].per_mille; i++)
		draw -= hb_sizes[i].per_mille;
	most = min_t(u64, hb_sizes[i].most >> SECTOR_SHIFT, space->end - space->start) / block;
	return block * (most ? 1 + hb_random_below(r, most) : 1);
}

static sector_t hb_draw_sector(struct hb_random *r, const struct hb_space *space,
			       unsigned int sectors)
{
	unsigned int block = space->block >> SECTOR_SHIFT;
	unsigned int room = (unsigned int)(space->end - space->start - sectors) / block;

	/* The very end and the very start are where the mistakes are. */
	if (hb_random_percent(r, 10))
		return space->end - sectors;
	if (hb_random_percent(r, 5))
		return space->start;
	return space->start + block * hb_random_below(r, room + 1);
}

static enum hb_kind hb_draw_kind(struct hb_random *r, const struct hb_space *space)
{
	unsigned int draw = hb_random_below(r, 100);
	bool can_be_bad = space->last || space->unit > SECTOR_SIZE;

	if (draw < 60)
		return HB_WRITE;
	if (draw < 82)
		return HB_READ;
	if (draw < 86)
		return HB_FLUSH;
	if (draw < 89)
		return HB_ZEROES;
	if (draw < 93)
		return space->discards ? HB_DISCARD : HB_WRITE;
	if (!can_be_bad)
		return HB_WRITE;
	return hb_random_percent(r, 50) ? HB_BAD_READ : HB_BAD_WRITE;
}

static blk_opf_t hb_draw_flags(struct hb_random *r, enum hb_kind kind)
{
	static const blk_opf_t of_read[] = { REQ_RAHEAD, REQ_SYNC, REQ_META, REQ_PRIO,
					     REQ_NOMERGE };
	static const blk_opf_t of_write[] = { REQ_FUA, REQ_PREFLUSH, REQ_PREFLUSH | REQ_FUA,
					      REQ_SYNC, REQ_SYNC | REQ_IDLE, REQ_META,
					      REQ_BACKGROUND, REQ_NOMERGE };
	blk_opf_t flags = 0;

	if (kind == HB_READ && hb_random_percent(r, 50))
		flags = of_read[hb_random_below(r, ARRAY_SIZE(of_read))];
	if (kind == HB_WRITE && hb_random_percent(r, 60))
		flags = of_write[hb_random_below(r, ARRAY_SIZE(of_write))];
	if ((kind == HB_READ || kind == HB_WRITE) && hb_random_percent(r, 15))
		flags |= REQ_NOWAIT;
	return flags;
}

/* Where a bio that must be refused goes: beside the units or behind the end. */
static void hb_draw_bad(struct hb_shape *shape, struct hb_random *r, const struct hb_space *space)
{
	unsigned int unit = space->unit >> SECTOR_SHIFT, how, off;

	shape->sectors = min_t(unsigned int, shape->sectors, HB_REFUSED_SECTORS);
	if (unit == 1 || (space->last && hb_random_percent(r, 25))) {
		shape->sector = space->end - shape->sectors + unit;
		return;
	}
	how = 1 + hb_random_below(r, 3);
	off = 1 + hb_random_below(r, unit - 1);
	if (how & 1)
		shape->sector += off;
	if (how & 2)
		shape->sectors = max(shape->sectors, unit) - off;
	if (shape->sector + shape->sectors > space->end)
		shape->sector -= unit;
}

static unsigned int hb_add_block(struct hb_shape *shape, unsigned int bytes)
{
	shape->order[shape->blocks] = min_t(unsigned int, get_order(bytes), HB_ORDER);
	return shape->blocks++;
}

static void hb_add_segment(struct hb_shape *shape, unsigned int block, unsigned int offset,
			   unsigned int length)
{
	shape->segment[shape->segments++] = (struct hb_segment){ block, offset, length };
}

static unsigned int hb_block_bytes(const struct hb_shape *shape, unsigned int block)
{
	return PAGE_SIZE << shape->order[block];
}

/* A random length of segment, in steps of @step, in the style of the layout. */
static unsigned int hb_draw_length(struct hb_random *r, enum hb_layout layout,
				   const struct hb_space *space, unsigned int rest)
{
	switch (layout) {
	case HB_PAGES:
		return PAGE_SIZE;
	case HB_BLOCKS:
		return PAGE_SIZE << HB_ORDER;
	case HB_SECTORS:
		return SECTOR_SIZE;
	case HB_SHIFTED:
		return hb_random_percent(r, 50) ? PAGE_SIZE : space->unit;
	case HB_BYTES:
		return 1 + hb_random_below(r, hb_random_percent(r, 30) ? 64 : 8192);
	default:
		/* Mostly small, now and then very large. */
		return SECTOR_SIZE *
		       (1 + hb_random_below(r, hb_random_percent(r, 90) ? 24 :
					       max(rest >> SECTOR_SHIFT, 1U)));
	}
}

/* Where a segment of its own block starts in it. */
static unsigned int hb_draw_offset(struct hb_random *r, enum hb_layout layout)
{
	const unsigned int sectors = PAGE_SIZE / SECTOR_SIZE;

	switch (layout) {
	case HB_CUTS:
	case HB_SECTORS:
	case HB_TOUCHING:
	case HB_SAME:
		return SECTOR_SIZE * hb_random_below(r, sectors);
	case HB_SHIFTED:
		return SECTOR_SIZE * (1 + hb_random_below(r, sectors - 1));
	case HB_BYTES:
		return hb_random_below(r, PAGE_SIZE);
	default:
		return 0;
	}
}

/*
 * Segments that lie next to each other in one block, so many as fit, the first
 * one lowest or highest.
 */
static unsigned int hb_draw_touching(struct hb_shape *shape, struct hb_random *r,
				     const struct hb_space *space, unsigned int bytes)
{
	unsigned int offset = hb_draw_offset(r, HB_TOUCHING);
	unsigned int block = hb_add_block(shape, offset + min_t(unsigned int, bytes, SZ_64K));
	unsigned int room = min(hb_block_bytes(shape, block) - offset, bytes), at = 0;
	bool backwards = hb_random_percent(r, 50);

	while (at < room && shape->segments < HB_SEGMENTS / 2) {
		unsigned int length = min(hb_draw_length(r, HB_TOUCHING, space, room), room - at);

		hb_add_segment(shape, block, offset + (backwards ? room - at - length : at),
			       length);
		at += length;
	}
	return at;
}

/* Cut @bytes of memory into segments. */
static void hb_draw_memory(struct hb_shape *shape, struct hb_random *r,
			   const struct hb_space *space, unsigned int bytes)
{
	enum hb_layout layout = shape->layout;

	while (bytes) {
		unsigned int left = HB_SEGMENTS - shape->segments;
		unsigned int offset, length, block;

		if (layout == HB_TOUCHING && left > HB_SEGMENTS / 2) {
			bytes -= hb_draw_touching(shape, r, space, bytes);
			continue;
		}
		offset = hb_draw_offset(r, layout);
		length = hb_draw_length(r, layout, space, bytes);
		/* The number of segments is limited: what is left must fit. */
		length = max(length, round_up(DIV_ROUND_UP(bytes, left), SECTOR_SIZE));
		length = min3(length, bytes, (unsigned int)(PAGE_SIZE << HB_ORDER) - offset);
		if (layout == HB_SAME && shape->blocks &&
		    offset + length <= hb_block_bytes(shape, 0))
			block = 0;
		else
			block = hb_add_block(shape, offset + length);
		hb_add_segment(shape, block, offset, length);
		bytes -= length;
	}
}

static void hb_draw_splits(struct hb_shape *shape, struct hb_random *r,
			   const struct hb_space *space)
{
	unsigned int block = space->block >> SECTOR_SHIFT, rest = shape->sectors;

	if (!hb_random_percent(r, 20))
		return;
	while (shape->splits < HB_SPLITS && rest > block) {
		unsigned int part = block * (1 + hb_random_below(r, rest / block - 1));

		shape->split[shape->splits++] = part;
		rest -= part;
		if (hb_random_percent(r, 40))
			break;
	}
}

/* The memory of a shape whose place and kind are known. */
static void hb_draw_data(struct hb_shape *shape, struct hb_random *r,
			 const struct hb_space *space)
{
	unsigned int layouts = HB_LAYOUTS, step = SECTOR_SIZE;

	/* What is read goes as it is to the disk, which wants whole blocks. */
	if (hb_shape_reads(shape)) {
		step = space->below;
		layouts = step > SECTOR_SIZE ? HB_CUTS : HB_SAME;
	}
	shape->layout = hb_random_below(r, layouts);
	if (hb_random_percent(r, 15))
		shape->lead = step * (1 + hb_random_below(r, 32));
	if (hb_random_percent(r, 15))
		shape->tail = step * (1 + hb_random_below(r, 32));
	hb_draw_memory(shape, r, space,
		       shape->lead + (shape->sectors << SECTOR_SHIFT) + shape->tail);
	if (!hb_shape_bad(shape))
		hb_draw_splits(shape, r, space);
}

static void hb_shape_clear(struct hb_shape *shape)
{
	shape->flags = 0;
	shape->lead = 0;
	shape->tail = 0;
	shape->splits = 0;
	shape->blocks = 0;
	shape->segments = 0;
	shape->layout = HB_PAGES;
}

/**
 * hb_shape_make() - draw a shape
 * @shape: where to
 * @r: the stream to draw from
 * @space: where it may be
 * @large: it is to be a write, one of the largest
 */
void hb_shape_make(struct hb_shape *shape, struct hb_random *r, const struct hb_space *space,
		   bool large)
{
	hb_shape_clear(shape);
	shape->kind = large ? HB_WRITE : hb_draw_kind(r, space);
	shape->flags = hb_draw_flags(r, shape->kind);
	shape->sectors = shape->kind == HB_FLUSH ? 0 : hb_draw_sectors(r, space, large);
	shape->sector = hb_draw_sector(r, space, shape->sectors);
	if (hb_shape_bad(shape))
		hb_draw_bad(shape, r, space);
	if (hb_shape_has_data(shape))
		hb_draw_data(shape, r, space);
}

/**
 * hb_shape_read() - draw a shape that reads a given place
 * @shape: where to
 * @r: the stream to draw from
 * @space: unit and block
 * @sector: from where
 * @sectors: how much
 */
void hb_shape_read(struct hb_shape *shape, struct hb_random *r, const struct hb_space *space,
		   sector_t sector, unsigned int sectors)
{
	hb_shape_clear(shape);
	shape->kind = HB_READ;
	shape->flags = hb_draw_flags(r, HB_READ);
	shape->sector = sector;
	shape->sectors = sectors;
	hb_draw_data(shape, r, space);
}

/**
 * hb_shape_plain() - the same I/O with the simplest memory
 * @shape: where to
 * @like: what it is to do
 */
void hb_shape_plain(struct hb_shape *shape, const struct hb_shape *like)
{
	unsigned int bytes = like->sectors << SECTOR_SHIFT;

	hb_shape_clear(shape);
	shape->kind = like->kind;
	shape->flags = like->flags;
	shape->sector = like->sector;
	shape->sectors = like->sectors;
	while (bytes) {
		unsigned int part = min_t(unsigned int, bytes, PAGE_SIZE << HB_ORDER);

		hb_add_segment(shape, hb_add_block(shape, part), 0, part);
		bytes -= part;
	}
}

/**
 * hb_shape_aligned() - no unit is cut, neither by a segment nor by a page?
 * @shape: the shape
 * @unit: bytes of a data unit
 *
 * Return: whether dm-crypt takes it; it refuses units that lie in pieces.
 */
bool hb_shape_aligned(const struct hb_shape *shape, unsigned int unit)
{
	unsigned int i;

	if (shape->lead % unit || shape->tail % unit)
		return false;
	for (i = 0; i < shape->segments; i++)
		if (shape->segment[i].offset % unit || shape->segment[i].length % unit)
			return false;
	return true;
}

/**
 * hb_shape_print() - tell the kernel log what it is
 * @shape: the shape
 */
void hb_shape_print(const struct hb_shape *shape)
{
	static const char * const kinds[HB_KINDS] = {
		[HB_READ] = "read",
		[HB_WRITE] = "write",
		[HB_FLUSH] = "flush",
		[HB_ZEROES] = "zeroes",
		[HB_DISCARD] = "discard",
		[HB_BAD_READ] = "bad read",
		[HB_BAD_WRITE] = "bad write",
	};
	unsigned int i;

	pr_err("%s of %u sectors at %llu, flags %#x, layout %u, %u bytes in front and %u behind are not part of it\n",
	       kinds[shape->kind], shape->sectors, (unsigned long long)shape->sector,
	       (__force unsigned int)shape->flags, shape->layout, shape->lead, shape->tail);
	for (i = 0; i < shape->splits; i++)
		pr_err("  %u sectors split off the front\n", shape->split[i]);
	for (i = 0; i < shape->segments && i < 64; i++)
		pr_err("  segment %u: %u bytes at %u of block %u, order %u\n", i,
		       shape->segment[i].length, shape->segment[i].offset,
		       shape->segment[i].block, shape->order[shape->segment[i].block]);
	if (i < shape->segments)
		pr_err("  and %u segments more\n", shape->segments - i);
}
