/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_PAGES_H
#define HC_PAGES_H

#include <linux/bio.h>
#include <linux/mempool.h>

enum {
	/* As many pages have their bio in place. */
	HC_SMALL_VECS = 4,
};

/* Room for a small ciphertext bio. */
struct hc_small_bio {
	struct bio bio;
	struct bio_vec vecs[HC_SMALL_VECS];
};

/**
 * struct hc_pages - where one device's ciphertext bios come from
 * @bios: bios, with a reserve
 * @reserve: single pages, with a reserve
 * @misses: how often a block was wanted that was not at hand
 */
struct hc_pages {
	struct bio_set bios;
	mempool_t reserve;
	u64 __percpu *misses;
};

int hc_pages_open(struct hc_pages *pages, u64 __percpu *misses);
void hc_pages_close(struct hc_pages *pages);

struct bio *hc_pages_get(struct hc_pages *pages, const struct bio *model,
			 struct block_device *bdev, unsigned int bytes, struct hc_small_bio *small);
struct bio *hc_pages_get_some(struct hc_pages *pages, const struct bio *model,
			      struct block_device *bdev, unsigned int bytes);
void hc_pages_put(struct hc_pages *pages, struct bio *bio);

#endif
