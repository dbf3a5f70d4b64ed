// SPDX-License-Identifier: GPL-2.0
/*
 * Bios for ciphertext on its way to the disk.
 *
 * The submitter tries without waiting (hc_pages_get), since what it could wait
 * for may be stuck behind it in its own list of bios. A worker may wait, and
 * takes what it gets (hc_pages_get_some): it waits only while it holds nothing,
 * so whoever holds pages of the reserve is on the way to the disk, and the
 * reserve fills again.
 *
 * All devices together hold at most 2 % of memory; beyond that each lives on
 * its reserve, and the writers are slowed to the disk's pace.
 *
 * The pages only ever hold ciphertext, so nothing is wiped.
 */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu_counter.h>

#include "compat.h"
#include "pages.h"

enum {
	/* Bios and pages that each device has in reserve. */
	HC_RESERVE_BIOS = 16,
	HC_RESERVE_PAGES = 32,

	/* Larger blocks are costly to get. */
	HC_ORDER_MAX = PAGE_ALLOC_COSTLY_ORDER,

	HC_SHARE_PERCENT = 2,
	HC_SHARE_MIN = 4096,
};

/* Pages out now, those of the reserves included, and how many may be. */
static struct percpu_counter hc_pages_out;
static unsigned long hc_pages_share;

/**
 * hc_pages_init() - set up the account of all devices
 *
 * Return: 0 or -ENOMEM.
 */
int hc_pages_init(void)
{
	hc_pages_share = max_t(unsigned long, totalram_pages() * HC_SHARE_PERCENT / 100,
			       HC_SHARE_MIN);
	return percpu_counter_init(&hc_pages_out, 0, GFP_KERNEL);
}

/**
 * hc_pages_exit() - undo hc_pages_init()
 */
void hc_pages_exit(void)
{
	percpu_counter_destroy(&hc_pages_out);
}

static bool hc_share_exceeded(unsigned int more)
{
	/* Off by a batch per CPU at most, and never waits for a lock. */
	return percpu_counter_read_positive(&hc_pages_out) + more > hc_pages_share;
}

static struct page *hc_block_alloc(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if (hc_share_exceeded(1U << order))
		return NULL;
	page = alloc_pages(gfp | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN | __GFP_COMP,
			   order);
	if (page)
		percpu_counter_add(&hc_pages_out, 1 << order);
	return page;
}

static void *hc_reserve_alloc(gfp_t gfp, void *unused)
{
	struct page *page;

	/* A pool asks with NORETRY first, and turns to its reserve then. */
	if ((gfp & __GFP_NORETRY) && hc_share_exceeded(1))
		return NULL;
	page = alloc_page(gfp);
	if (page)
		percpu_counter_add(&hc_pages_out, 1);
	return page;
}

static void hc_reserve_free(void *page, void *unused)
{
	__free_page(page);
	percpu_counter_sub(&hc_pages_out, 1);
}

/**
 * hc_pages_open() - set up a device's bios and reserves
 * @pages: zeroed
 *
 * Return: 0 or -ENOMEM; hc_pages_close() is right in both cases.
 */
int hc_pages_open(struct hc_pages *pages)
{
	int err;

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
}

/*
 * A bio for up to @bytes that goes where and how @model says, still without
 * pages. Polling is for the bio that the poller knows.
 */
static struct bio *hc_bio_alloc(struct hc_pages *pages, const struct bio *model,
				struct block_device *bdev, unsigned int bytes, gfp_t gfp)
{
	struct bio *bio;

	bio = bio_alloc_bioset(bdev, DIV_ROUND_UP(bytes, PAGE_SIZE), model->bi_opf & ~REQ_POLLED,
			       gfp, &pages->bios);
	if (!bio)
		return NULL;
	bio->bi_ioprio = model->bi_ioprio;
	hc_bio_copy_write_hint(bio, model);
	return bio;
}

/* The largest block for @bytes that is there without effort. */
static struct page *hc_block_get(struct hc_pages *pages, unsigned int bytes, unsigned int *order,
				 gfp_t gfp)
{
	*order = min_t(unsigned int, *order, __fls(DIV_ROUND_UP(bytes, PAGE_SIZE)));
	for (; *order; --*order) {
		struct page *page = hc_block_alloc(GFP_NOWAIT, *order);

		if (page)
			return page;
	}
	return mempool_alloc(&pages->reserve, gfp);
}

/* Add pages until the bio has @bytes or nothing more is to be had. */
static void hc_bio_fill(struct hc_pages *pages, struct bio *bio, unsigned int bytes, gfp_t gfp)
{
	unsigned int order = HC_ORDER_MAX;

	while (bytes) {
		struct page *page = hc_block_get(pages, bytes, &order, gfp);
		unsigned int part;

		if (!page)
			return;
		part = min_t(unsigned int, bytes, PAGE_SIZE << order);
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
 *
 * Context: any that may submit bios.
 * Return: the bio, without sector and end_io, or NULL.
 */
struct bio *hc_pages_get(struct hc_pages *pages, const struct bio *model,
			 struct block_device *bdev, unsigned int bytes)
{
	struct bio *bio = hc_bio_alloc(pages, model, bdev, bytes, GFP_NOWAIT);

	if (!bio)
		return NULL;
	hc_bio_fill(pages, bio, bytes, GFP_NOWAIT);
	if (bio->bi_iter.bi_size < bytes) {
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
	struct bio *bio = hc_bio_alloc(pages, model, bdev, bytes, GFP_NOIO);

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
		unsigned int order = compound_order(bv->bv_page);

		if (order) {
			__free_pages(bv->bv_page, order);
			percpu_counter_sub(&hc_pages_out, 1 << order);
		} else {
			mempool_free(bv->bv_page, &pages->reserve);
		}
	}
	bio_put(bio);
}
