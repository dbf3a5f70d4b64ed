// SPDX-License-Identifier: GPL-2.0
/*
 * Bios made of shapes and given to devices, many at a time.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "call.h"

/* Where the pieces come from that are split off a bio. */
static struct bio_set hb_split_bios;

/**
 * hb_call_init() - get what all calls share
 *
 * Return: 0 or -ENOMEM.
 */
int hb_call_init(void)
{
	return bioset_init(&hb_split_bios, 16, 0, 0);
}

/**
 * hb_call_exit() - undo hb_call_init()
 */
void hb_call_exit(void)
{
	bioset_exit(&hb_split_bios);
}

static void hb_call_endio(struct bio *bio)
{
	struct hb_call *call = bio->bi_private;
	struct hb_batch *batch = call->batch;

	call->status = bio->bi_status;
	if (atomic_dec_and_test(&batch->left))
		complete(&batch->over);
}

static blk_opf_t hb_call_opf(const struct hb_call *call)
{
	switch (call->shape->kind) {
	case HB_READ:
	case HB_BAD_READ:
		return REQ_OP_READ;
	case HB_FLUSH:
		return REQ_OP_WRITE | REQ_PREFLUSH;
	case HB_DISCARD:
		return REQ_OP_DISCARD;
	default:
		return REQ_OP_WRITE;
	}
}

/* The block layer's own chain of bios, all of whose segments are one page. */
static struct bio *hb_bio_zeroes(const struct hb_call *call)
{
	struct bio *bio = NULL;

	if (__blkdev_issue_zeroout(call->bdev, call->shape->sector, call->shape->sectors,
				   GFP_KERNEL, &bio, 0))
		return NULL;
	return bio;
}

static struct bio *hb_bio_make(const struct hb_call *call, blk_opf_t flags)
{
	const struct hb_shape *shape = call->shape;
	struct bio *bio;
	unsigned int i;

	if (shape->kind == HB_ZEROES)
		return hb_bio_zeroes(call);

	bio = bio_kmalloc(shape->segments, GFP_KERNEL);
	if (!bio)
		return NULL;
	bio_init(bio, call->bdev, bio->bi_inline_vecs, shape->segments, hb_call_opf(call) | flags);
	for (i = 0; i < shape->segments; i++) {
		const struct hb_segment *s = &shape->segment[i];

		/* As they are: never merged with the one before. */
		__bio_add_page(bio, nth_page(call->memory->block[s->block],
					     s->offset >> PAGE_SHIFT),
			       s->length, offset_in_page(s->offset));
	}
	if (shape->lead)
		bio_advance(bio, shape->lead);
	bio->bi_iter.bi_sector = shape->sector;
	bio->bi_iter.bi_size = shape->sectors << SECTOR_SHIFT;
	return bio;
}

static void hb_bio_free(const struct hb_call *call)
{
	if (!call->bio)
		return;
	if (call->shape->kind == HB_ZEROES) {
		bio_put(call->bio);
	} else {
		bio_uninit(call->bio);
		kfree(call->bio);
	}
}

static int hb_call_submit(struct hb_call *call, struct hb_batch *batch, blk_opf_t flags)
{
	const struct hb_shape *shape = call->shape;
	struct bio *bio = hb_bio_make(call, flags);
	unsigned int i;

	call->bio = bio;
	if (!bio)
		return -ENOMEM;
	call->batch = batch;
	bio->bi_private = call;
	bio->bi_end_io = hb_call_endio;
	atomic_inc(&batch->left);
	for (i = 0; i < shape->splits; i++) {
		struct bio *front = bio_split(bio, shape->split[i], GFP_NOIO, &hb_split_bios);

		if (IS_ERR_OR_NULL(front))
			break;
		bio_chain(front, bio);
		submit_bio(front);
	}
	submit_bio(bio);
	return 0;
}

/* Only some devices are asked not to wait: the others would refuse it all. */
static blk_opf_t hb_call_flags(const struct hb_call *call)
{
	blk_opf_t flags = call->shape->flags;

	return bdev_nowait(call->bdev) ? flags : flags & ~REQ_NOWAIT;
}

/* One that would have had to wait may be half done: do all of it. */
static int hb_call_again(struct hb_call *call)
{
	struct hb_batch batch = { .left = ATOMIC_INIT(1) };
	int err;

	init_completion(&batch.over);
	hb_bio_free(call);
	err = hb_call_submit(call, &batch, call->shape->flags & ~REQ_NOWAIT);
	if (!atomic_dec_and_test(&batch.left))
		wait_for_completion(&batch.over);
	return err;
}

/**
 * hb_call_all() - give all calls to their devices, and wait for all
 * @calls: the calls
 * @n: how many
 * @plug: plug meanwhile
 * @again: counts those that were not to wait and had to
 *
 * Return: 0, each call's status is set; or -ENOMEM.
 */
int hb_call_all(struct hb_call *calls, unsigned int n, bool plug, unsigned int *again)
{
	/* One more than there are calls: none is over before all are made. */
	struct hb_batch batch = { .left = ATOMIC_INIT(1) };
	struct blk_plug list;
	unsigned int i;
	int err = 0;

	init_completion(&batch.over);
	if (plug)
		blk_start_plug(&list);
	for (i = 0; i < n && !err; i++)
		err = hb_call_submit(&calls[i], &batch, hb_call_flags(&calls[i]));
	if (plug)
		blk_finish_plug(&list);
	if (!atomic_dec_and_test(&batch.left))
		wait_for_completion(&batch.over);

	for (i = 0; i < n && !err; i++) {
		if (calls[i].status != BLK_STS_AGAIN)
			continue;
		++*again;
		err = hb_call_again(&calls[i]);
	}
	for (i = 0; i < n; i++)
		hb_bio_free(&calls[i]);
	return err;
}
