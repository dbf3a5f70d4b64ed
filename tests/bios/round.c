// SPDX-License-Identifier: GPL-2.0
/*
 * A round: some shapes, given to our volume and to dm-crypt's at the same time
 * and in any order, then everything compared: how they ended, the memory they
 * had, the ciphertext on both disks, and the plaintext that each volume reads
 * from its own disk and from the other's.
 *
 * A round's shapes follow from the seed, its number and the kind of volume alone.
 */
#define pr_fmt(fmt) "hc-bios: " fmt

#include <linux/blkdev.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "round.h"

/* What is compared below besides a shape's own place, to each side. */
#define HB_MARGIN	8

/* Every so many rounds begin with a large write. Odd, so that each slice has some. */
#define HB_LARGE_EVERY	25

static const char * const hb_names[HB_VOLUMES] = {
	[HB_OURS] = "hostcrypt",
	[HB_THEIRS] = "dm-crypt",
	[HB_OURS_CROSSED] = "hostcrypt on dm-crypt's disk",
	[HB_THEIRS_CROSSED] = "dm-crypt on hostcrypt's disk",
};

/**
 * hb_slice_alloc() - take a part of the volumes
 * @run: the run
 * @number: which part
 * @slices: of how many
 *
 * Return: the slice, or NULL.
 */
struct hb_slice *hb_slice_alloc(struct hb_run *run, unsigned int number, unsigned int slices)
{
	struct hb_slice *slice = kvzalloc(sizeof(*slice), GFP_KERNEL);
	unsigned int sectors = (unsigned int)run->sectors / slices, bytes, i;

	if (!slice)
		return NULL;
	slice->run = run;
	slice->space = (struct hb_space){
		.start = number * sectors,
		.end = (number + 1) * sectors,
		.unit = run->unit,
		.block = bdev_logical_block_size(run->volume[HB_OURS].bdev),
		.below = bdev_logical_block_size(run->disk[0].bdev),
		.discards = run->discards,
		.last = number == slices - 1,
	};
	bytes = sectors << SECTOR_SHIFT;
	slice->data = vmalloc(bytes);
	for (i = 0; i < 2; i++)
		slice->below[i] = vmalloc(bytes);
	if (!slice->data || !slice->below[0] || !slice->below[1]) {
		hb_slice_free(slice);
		return NULL;
	}
	return slice;
}

/**
 * hb_slice_free() - undo hb_slice_alloc()
 * @slice: the slice or NULL
 */
void hb_slice_free(struct hb_slice *slice)
{
	if (!slice)
		return;
	vfree(slice->data);
	vfree(slice->below[0]);
	vfree(slice->below[1]);
	kvfree(slice);
}

/* It did not do as it should. */
static int hb_wrong(const struct hb_slice *slice, const struct hb_shape *shape, const char *what,
		    const char *where)
{
	pr_err("WRONG: seed %llu round %u: %s, %s:\n", slice->run->seed, slice->round, what,
	       where);
	hb_shape_print(shape);
	return -EIO;
}

static u8 *hb_model(const struct hb_slice *slice, const struct hb_shape *shape)
{
	return slice->run->model + (shape->sector << SECTOR_SHIFT);
}

static bool hb_overlaps(const struct hb_shape *a, const struct hb_shape *b)
{
	return a->sectors && b->sectors && a->sector < b->sector + b->sectors &&
	       b->sector < a->sector + a->sectors;
}

/* Shapes that are under way together have nothing to do with each other. */
static bool hb_fits(const struct hb_slice *slice, const struct hb_shape *shape)
{
	unsigned int i;

	for (i = 0; i < slice->items; i++)
		if (hb_overlaps(&slice->item[i].shape, shape))
			return false;
	return true;
}

static void hb_draw(struct hb_slice *slice, struct hb_random *r)
{
	unsigned int tries = 1 + hb_random_below(r, HB_ITEMS);

	for (slice->items = 0; tries; tries--) {
		struct hb_shape *shape = &slice->item[slice->items].shape;

		hb_shape_make(shape, r, &slice->space,
			      !slice->items && slice->round % HB_LARGE_EVERY == 0);
		if (hb_fits(slice, shape))
			slice->items++;
	}
}

/* In the second half of a round, what was done is read, differently cut. */
static void hb_draw_again(struct hb_slice *slice, struct hb_random *r)
{
	const struct hb_space *space = &slice->space;
	unsigned int block = space->block >> SECTOR_SHIFT, items = slice->items, i;

	for (slice->items = 0, i = 0; i < items; i++) {
		const struct hb_shape *shape = &slice->item[i].shape;
		sector_t start = round_down(shape->sector, block);
		sector_t end = min_t(sector_t, round_up(shape->sector + shape->sectors, block),
				     space->end);

		if (start < end)
			hb_shape_read(&slice->item[slice->items++].shape, r, space, start,
				      end - start);
	}
}

static void hb_release(struct hb_item *item)
{
	unsigned int i;

	for (i = 0; i < HB_VOLUMES; i++) {
		/* The memory of a write is that of both its calls. */
		if (!i || item->memory[i] != item->memory[0])
			hb_memory_free(item->memory[i]);
	}
	hb_memory_free(item->want);
	hb_memory_free(item->plain_want);
	memset(item->memory, 0, sizeof(item->memory));
	item->want = NULL;
	item->plain_want = NULL;
}

/* The memory that a call for @volume has: for reads each its own. */
static struct hb_memory *hb_memory_for(struct hb_item *item, unsigned int volume, bool simple)
{
	if (!hb_shape_reads(&item->shape) && volume && !simple)
		return item->memory[0];
	return hb_memory_alloc(simple ? &item->plain : &item->shape);
}

static int hb_add_call(struct hb_slice *slice, struct hb_item *item, unsigned int volume)
{
	bool theirs = volume == HB_THEIRS || volume == HB_THEIRS_CROSSED;
	bool simple = theirs && item->simplified;
	struct hb_memory *memory = NULL;

	if (hb_shape_has_data(&item->shape)) {
		memory = hb_memory_for(item, volume, simple);
		if (!memory)
			return -ENOMEM;
		item->memory[volume] = memory;
	}
	slice->call[slice->calls++] = (struct hb_call){
		.shape = simple ? &item->plain : &item->shape,
		.bdev = slice->run->volume[volume].bdev,
		.memory = memory,
	};
	return 0;
}

/* All calls of an item. */
static int hb_add_calls(struct hb_slice *slice, struct hb_item *item)
{
	unsigned int volumes = hb_shape_reads(&item->shape) ? HB_VOLUMES : 2, i;
	int err = 0;

	item->simplified = hb_shape_has_data(&item->shape) &&
			   !hb_shape_aligned(&item->shape, slice->space.unit);
	if (item->simplified)
		hb_shape_plain(&item->plain, &item->shape);
	for (i = 0; i < volumes && !err; i++)
		err = hb_add_call(slice, item, i);
	return err;
}

/* What a read's memory is before, and should be afterwards. */
static void hb_prepare_read(struct hb_slice *slice, struct hb_item *item)
{
	unsigned int i;

	for (i = 0; i < HB_VOLUMES; i++)
		hb_memory_poison(item->memory[i]);
	hb_memory_poison(item->want);
	if (item->plain_want)
		hb_memory_poison(item->plain_want);
	if (hb_shape_bad(&item->shape))
		return;
	hb_memory_put(item->want, hb_model(slice, &item->shape));
	if (item->plain_want)
		hb_memory_put(item->plain_want, hb_model(slice, &item->shape));
}

/* A write's memory must be afterwards what it was before. */
static void hb_prepare_write(struct hb_slice *slice, struct hb_item *item, struct hb_random r)
{
	hb_memory_fill(item->memory[HB_OURS], r);
	hb_memory_fill(item->want, r);
	if (!item->simplified)
		return;
	hb_memory_get(item->want, slice->data);
	hb_memory_poison(item->memory[HB_THEIRS]);
	hb_memory_put(item->memory[HB_THEIRS], slice->data);
	hb_memory_poison(item->plain_want);
	hb_memory_put(item->plain_want, slice->data);
}

static int hb_prepare(struct hb_slice *slice, struct hb_item *item, struct hb_random *r)
{
	int err = hb_add_calls(slice, item);
	struct hb_random content;

	hb_random_init(&content, hb_random_next(r), 0);
	if (err || !hb_shape_has_data(&item->shape))
		return err;
	item->want = hb_memory_alloc(&item->shape);
	if (item->simplified)
		item->plain_want = hb_memory_alloc(&item->plain);
	if (!item->want || (item->simplified && !item->plain_want))
		return -ENOMEM;
	if (hb_shape_reads(&item->shape))
		hb_prepare_read(slice, item);
	else
		hb_prepare_write(slice, item, content);
	return 0;
}

static void hb_shuffle(struct hb_slice *slice, struct hb_random *r)
{
	unsigned int i;

	for (i = slice->calls; i > 1; i--) {
		unsigned int other = hb_random_below(r, i);

		swap(slice->call[i - 1], slice->call[other]);
	}
}

static const char *hb_name_of(const struct hb_slice *slice, const struct hb_call *call)
{
	unsigned int i;

	for (i = 0; i < HB_VOLUMES - 1; i++)
		if (slice->run->volume[i].bdev == call->bdev)
			break;
	return hb_names[i];
}

static int hb_check_status(const struct hb_slice *slice, const struct hb_call *call)
{
	if (hb_shape_bad(call->shape) && !call->status)
		return hb_wrong(slice, call->shape, "not refused", hb_name_of(slice, call));
	if (!hb_shape_bad(call->shape) && call->status) {
		pr_err("error %d\n", blk_status_to_errno(call->status));
		return hb_wrong(slice, call->shape, "failed", hb_name_of(slice, call));
	}
	return 0;
}

static int hb_check_memory(const struct hb_slice *slice, const struct hb_item *item)
{
	const char *what = hb_shape_reads(&item->shape) ? "read other bytes" :
							  "changed what it was to write";
	unsigned int i;

	for (i = 0; i < HB_VOLUMES; i++) {
		const struct hb_memory *memory = item->memory[i];

		if (memory && !hb_memory_same(memory, memory->shape == &item->shape ?
						      item->want : item->plain_want))
			return hb_wrong(slice, &item->shape, what, hb_names[i]);
	}
	return 0;
}

/* What an item has made of the plaintext. */
static int hb_update_model(struct hb_slice *slice, const struct hb_item *item)
{
	const struct hb_shape *shape = &item->shape;
	unsigned int bytes = shape->sectors << SECTOR_SHIFT;
	int err;

	switch (shape->kind) {
	case HB_WRITE:
		hb_memory_get(item->want, hb_model(slice, shape));
		return 0;
	case HB_ZEROES:
		memset(hb_model(slice, shape), 0, bytes);
		return 0;
	case HB_DISCARD:
		/* No one can say what a discarded block decrypts to but dm-crypt. */
		err = hb_volume_rw(slice->run->volume[HB_THEIRS].bdev, REQ_OP_READ, shape->sector,
				   slice->data, bytes);
		if (!err)
			memcpy(hb_model(slice, shape), slice->data, bytes);
		return err;
	default:
		return 0;
	}
}

/* The ciphertext where a shape was, and on both sides of it. */
static int hb_check_below(struct hb_slice *slice, const struct hb_shape *shape)
{
	const struct hb_space *space = &slice->space;
	sector_t start = max_t(s64, space->start, (s64)shape->sector - HB_MARGIN);
	sector_t end = min_t(sector_t, space->end, shape->sector + shape->sectors + HB_MARGIN);
	unsigned int align = space->block >> SECTOR_SHIFT, bytes, i;

	start = round_down(start, align);
	end = round_up(end, align);
	bytes = (end - start) << SECTOR_SHIFT;
	for (i = 0; i < 2; i++) {
		int err = hb_volume_rw(slice->run->disk[i].bdev, REQ_OP_READ,
				       slice->run->offset + start, slice->below[i], bytes);

		if (err)
			return err;
	}
	if (!memcmp(slice->below[0], slice->below[1], bytes))
		return 0;
	for (i = 0; slice->below[0][i] == slice->below[1][i]; i++)
		;
	pr_err("sector %llu, byte %u is %#04x on hostcrypt's disk and %#04x on dm-crypt's\n",
	       (unsigned long long)start + (i >> SECTOR_SHIFT), i % SECTOR_SIZE,
	       slice->below[0][i], slice->below[1][i]);
	return hb_wrong(slice, shape, "the disks differ", "below");
}

static void hb_count(struct hb_slice *slice, const struct hb_shape *shape)
{
	struct hb_stats *stats = &slice->stats;
	unsigned int bytes = shape->sectors << SECTOR_SHIFT;

	stats->kinds[shape->kind]++;
	if (hb_shape_has_data(shape))
		stats->layouts[shape->layout]++;
	stats->nowait += !!(shape->flags & REQ_NOWAIT);
	stats->splits += shape->splits;
	stats->segments = max(stats->segments, shape->segments);
	stats->bytes += bytes;
	stats->largest = max(stats->largest, bytes);
}

static int hb_check(struct hb_slice *slice)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < slice->calls && !err; i++)
		err = hb_check_status(slice, &slice->call[i]);
	for (i = 0; i < slice->items && !err; i++) {
		const struct hb_item *item = &slice->item[i];

		hb_count(slice, &item->shape);
		if (hb_shape_has_data(&item->shape))
			err = hb_check_memory(slice, item);
		if (!err)
			err = hb_update_model(slice, item);
		if (!err && !hb_shape_reads(&item->shape))
			err = hb_check_below(slice, &item->shape);
	}
	return err;
}

/* The items as they are drawn: prepare, do, check, release. */
static int hb_do(struct hb_slice *slice, struct hb_random *r)
{
	bool plug = hb_random_percent(r, 30);
	unsigned int i;
	int err = 0;

	slice->calls = 0;
	for (i = 0; i < slice->items && !err; i++)
		err = hb_prepare(slice, &slice->item[i], r);
	if (!err) {
		hb_shuffle(slice, r);
		err = hb_call_all(slice->call, slice->calls, plug, &slice->stats.again);
	}
	if (!err)
		err = hb_check(slice);
	for (i = 0; i < slice->items; i++)
		hb_release(&slice->item[i]);
	return err;
}

/**
 * hb_round() - do a round
 * @slice: where
 * @number: which
 *
 * Return: 0; -EIO, something was wrong, and the kernel log says what; another
 *	error, the round could not be done.
 */
int hb_round(struct hb_slice *slice, unsigned int number)
{
	struct hb_random r;
	int err;

	slice->round = number;
	/* Each kind of volume has rounds of its own. */
	hb_random_init(&r, slice->run->seed,
		       (u64)slice->space.unit << 32 ^ (u64)slice->space.below << 48 ^ number);
	hb_draw(slice, &r);
	err = hb_do(slice, &r);
	if (err)
		return err;
	hb_draw_again(slice, &r);
	return hb_do(slice, &r);
}
