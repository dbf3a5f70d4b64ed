/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_PAGES_H
#define HC_PAGES_H

#include <linux/bio.h>
#include <linux/mempool.h>

/**
 * struct hc_pages - where one device's ciphertext bios come from
 * @bios: bios, with a reserve
 * @reserve: single pages, with a reserve
 */
struct hc_pages {
	struct bio_set bios;
	mempool_t reserve;
};

int hc_pages_init(void);
void hc_pages_exit(void);

int hc_pages_open(struct hc_pages *pages);
void hc_pages_close(struct hc_pages *pages);

struct bio *hc_pages_get(struct hc_pages *pages, const struct bio *model,
			 struct block_device *bdev, unsigned int bytes);
struct bio *hc_pages_get_some(struct hc_pages *pages, const struct bio *model,
			      struct block_device *bdev, unsigned int bytes);
void hc_pages_put(struct hc_pages *pages, struct bio *bio);

#endif
