// SPDX-License-Identifier: GPL-2.0
/*
 * Ciphertext for bios on their way to the disk.
 *
 * The submitter tries without waiting (hc_pages_fill), since what it could wait
 * for may be stuck behind it in its own list of bios. A worker may wait, and
 * takes what it gets (hc_pages_get_some): it waits only while it holds nothing,
 * so whoever holds pages of the reserve is on the way to the disk, and the
 * reserve fills again. A device that has used up what all may have together
 * lives on its reserve, and its writers are slowed to the disk's pace.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "blocks.h"
#include "compat.h"
#include "pages.h"
#include "trace.h"

enum {
	/*
	 * Bios and pages that each device has in reserve. One would do; the
	 * others keep the disk busy while there is no memory.
	 */
	HC_RESERVE_BIOS = 4,
	HC_RESERVE_PAGES = 8,
};

/* Devices that are open. Blocks are kept at hand for as long as there is one. */
static atomic_t hc_pages_users;

static void *hc_reserve_alloc(gfp_t gfp, void *unused)
{
	/* A pool asks with NORETRY when it has a reserve to turn to. */
	if (gfp & __GFP_NORETRY)
		return hc_block_alloc(0, gfp);
	return hc_block_alloc_always(gfp);
}

static void hc_reserve_free(void *page, void *unused)
{
	hc_block_put(page);
}

/**
 * hc_pages_open() - set up a device's bios and reserves
 * @pages: zeroed
 * @misses: where to count the blocks that were not at hand
 *
 * Return: 0 or -ENOMEM; hc_pages_close() is right in both cases.
 */
int hc_pages_open(struct hc_pages *pages, u64 __percpu *misses)
{
	int err;

	pages->misses = misses;
	atomic_inc(&hc_pages_users);
	err = bioset_init(&pages->bios, HC_RESERVE_BIOS, 0, BIOSET_NEED_BVECS);
	if (err)
		return err;
	return mempool_init(&pages->reserve, HC_RESERVE_PAGES, hc_reserve_alloc, hc_reserve_free,
			    NULL);
}

/**
 * hc_pages_close() - free a device's bios and reserves, none of which is out
 * @pages: from hc_pages_open(), or zeroed
 */
void hc_pages_close(struct hc_pages *pages)
{
	mempool_exit(&pages->reserve);
	bioset_exit(&pages->bios);
	if (pages->misses && atomic_dec_and_test(&hc_pages_users))
		hc_blocks_drain();
}

/*
 * Take over how the plaintext's bio wants to be written. Polling is for the bio
 * that the poller knows, and this one has no per-CPU cache to go back to.
 */
static blk_opf_t hc_bio_flags(const struct bio *model)
{
	return model->bi_opf & ~(REQ_POLLED | REQ_ALLOC_CACHE);
}

static void hc_bio_hint(struct bio *bio, const struct bio *model)
{
	bio->bi_ioprio = model->bi_ioprio;
	hc_bio_copy_write_hint(bio, model);
}

/* The block that is best for @bytes. */
static struct page *hc_block_get(struct hc_pages *pages, unsigned int bytes, gfp_t gfp)
{
	unsigned int order = bytes >= HC_LARGE_SIZE ? HC_LARGE_ORDER : 0;
	struct page *page = hc_block_take(order);

	if (likely(page))
		return page;
	this_cpu_inc(*pages->misses);
	trace_hostcrypt_page_miss(pages, order);
	if (order) {
		page = hc_block_alloc(order, GFP_NOWAIT) ?: hc_block_take(0);
		if (page)
			return page;
	}
	return mempool_alloc(&pages->reserve, gfp);
}

/* Add pages until the bio has @bytes or nothing more is to be had. */
static void hc_bio_fill(struct hc_pages *pages, struct bio *bio, unsigned int bytes, gfp_t gfp)
{
	while (bytes) {
		struct page *page = hc_block_get(pages, bytes, gfp);
		unsigned int part;

		if (!page)
			return;
		part = min_t(unsigned int, bytes, page_size(page));
		/* One entry per block, never merged: hc_pages_put() relies on it. */
		__bio_add_page(bio, page, part, 0);
		bytes -= part;
		/* Only the first page may be waited for. */
		gfp = GFP_NOWAIT;
	}
}

/**
 * hc_pages_get() - a ciphertext bio of @bytes, now or not at all
 * @pages: the device's bios and pages
 * @model: the plaintext bio, whose flags, priority and hint are taken over
 * @bdev: where it goes
 * @bytes: how much; a multiple of the data unit, BIO_MAX_VECS pages at most
 * @small: a bio to use if it is large enough
 *
 * Context: any that may submit bios.
 * Return: the bio, without sector and end_io, or NULL.
 */
struct bio *hc_pages_get(struct hc_pages *pages, const struct bio *model,
			 struct block_device *bdev, unsigned int bytes, struct hc_small_bio *small)
{
	unsigned int vecs = DIV_ROUND_UP(bytes, PAGE_SIZE);
	struct bio *bio;

	if (likely(vecs <= HC_SMALL_VECS)) {
		bio = &small->bio;
		bio_init(bio, bdev, small->vecs, HC_SMALL_VECS, hc_bio_flags(model));
	} else {
		bio = bio_alloc_bioset(bdev, vecs, hc_bio_flags(model), GFP_NOWAIT, &pages->bios);
		if (!bio)
			return NULL;
	}
	hc_bio_hint(bio, model);
	hc_bio_fill(pages, bio, bytes, GFP_NOWAIT);
	if (unlikely(bio->bi_iter.bi_size < bytes)) {
		hc_pages_put(pages, bio);
		return NULL;
	}
	return bio;
}

/**
 * hc_pages_get_some() - a ciphertext bio of up to @bytes, one page at least
 * @pages: the device's bios and pages
 * @model: the plaintext bio, whose flags, priority and hint are taken over
 * @bdev: where it goes
 * @bytes: how much would be right
 *
 * The caller submits the bio before it asks for the next.
 *
 * Context: a worker that no bio waits for to be submitted by.
 * Return: the bio, without sector and end_io.
 */
struct bio *hc_pages_get_some(struct hc_pages *pages, const struct bio *model,
			      struct block_device *bdev, unsigned int bytes)
{
	struct bio *bio = bio_alloc_bioset(bdev, DIV_ROUND_UP(bytes, PAGE_SIZE),
					   hc_bio_flags(model), GFP_NOIO, &pages->bios);

	hc_bio_hint(bio, model);
	hc_bio_fill(pages, bio, bytes, GFP_NOIO);
	return bio;
}

/**
 * hc_pages_put() - free a bio with its pages
 * @pages: where it came from
 * @bio: the bio
 *
 * Context: any.
 */
void hc_pages_put(struct hc_pages *pages, struct bio *bio)
{
	struct bio_vec *bv;
	int i;

	bio_for_each_bvec_all(bv, bio, i) {
		/* The reserve comes first; it hands on what it does not need. */
		if (PageCompound(bv->bv_page))
			hc_block_put(bv->bv_page);
		else
			mempool_free(bv->bv_page, &pages->reserve);
	}
	if (bio->bi_pool)
		bio_put(bio);
	else
		bio_uninit(bio);
}
