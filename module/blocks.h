/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_BLOCKS_H
#define HC_BLOCKS_H

#include <linux/mmzone.h>
#include <linux/types.h>

struct page;

/* A large block's order. Beyond it the allocator has to work hard. */
#define HC_LARGE_ORDER	PAGE_ALLOC_COSTLY_ORDER
#define HC_LARGE_SIZE	(PAGE_SIZE << HC_LARGE_ORDER)

int hc_blocks_init(void);
void hc_blocks_exit(void);

struct page *hc_block_take(unsigned int order);
struct page *hc_block_alloc(unsigned int order, gfp_t gfp);
struct page *hc_block_alloc_always(gfp_t gfp);
void hc_block_put(struct page *page);
void hc_blocks_drain(void);

#endif
