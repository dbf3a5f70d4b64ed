// SPDX-License-Identifier: GPL-2.0
/* Blocks for ciphertext: kept at hand, within bounds, and given back. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "blocks.h"
#include "suites.h"

enum { HC_MANY = 4096 };

static void hc_test_alloc(struct kunit *test, struct page **pages, unsigned int n,
			  unsigned int order)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		pages[i] = hc_block_take(order) ?: hc_block_alloc(order, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
		KUNIT_EXPECT_EQ(test, compound_order(pages[i]), order);
		/* Two owners of one page would show. */
		memset(page_address(pages[i]), i, PAGE_SIZE << order);
	}
}

static void hc_test_put(struct kunit *test, struct page **pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, *(u8 *)page_address(pages[i]), (u8)i);
		hc_block_put(pages[i]);
	}
}

/* How many blocks are at hand; they are used up by it. */
static unsigned int hc_test_count(struct kunit *test, struct page **pages, unsigned int order)
{
	unsigned int n = 0;

	while (n < HC_MANY && (pages[n] = hc_block_take(order)))
		n++;
	return n;
}

static struct page **hc_test_array(struct kunit *test)
{
	struct page **pages = kunit_kcalloc(test, HC_MANY, sizeof(*pages), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	hc_blocks_drain();
	return pages;
}

static void hc_test_orders(struct kunit *test, void (*fn)(struct kunit *test, unsigned int order))
{
	fn(test, 0);
	fn(test, HC_LARGE_ORDER);
}

static void hc_check_reuse(struct kunit *test, unsigned int order)
{
	struct page **pages = hc_test_array(test);
	struct page *page;

	KUNIT_EXPECT_NULL(test, hc_block_take(order));
	hc_test_alloc(test, pages, 1, order);
	page = pages[0];
	hc_test_put(test, pages, 1);
	KUNIT_EXPECT_NULL(test, hc_block_take(order ? 0 : HC_LARGE_ORDER));
	KUNIT_EXPECT_PTR_EQ(test, hc_block_take(order), page);
	KUNIT_EXPECT_NULL(test, hc_block_take(order));
	hc_block_put(page);
	hc_blocks_drain();
}

static void hc_test_reuse(struct kunit *test)
{
	hc_test_orders(test, hc_check_reuse);
}

/* More than a shelf and the depot take: what is too much has gone back. */
static void hc_check_bounds(struct kunit *test, unsigned int order)
{
	struct page **pages = hc_test_array(test);
	unsigned int many = order ? 256 : HC_MANY / 2;
	unsigned int n;

	hc_test_alloc(test, pages, many, order);
	hc_test_put(test, pages, many);
	n = hc_test_count(test, pages, order);
	KUNIT_EXPECT_GT(test, n, 0);
	KUNIT_EXPECT_LT(test, n, many);
	while (n--)
		hc_block_put(pages[n]);
	hc_blocks_drain();
	KUNIT_EXPECT_EQ(test, hc_test_count(test, pages, order), 0);
}

static void hc_test_bounds(struct kunit *test)
{
	hc_test_orders(test, hc_check_bounds);
}

struct hc_put_elsewhere {
	struct page **pages;
	unsigned int n;
};

static void hc_put_here(void *data)
{
	const struct hc_put_elsewhere *put = data;
	unsigned int i;

	/* In hard interrupt context, as where a disk completes. */
	for (i = 0; i < put->n; i++)
		hc_block_put(put->pages[i]);
}

/* Given back on one CPU, over the depot they come to the other. */
static void hc_test_elsewhere(struct kunit *test)
{
	struct page **pages = hc_test_array(test);
	struct hc_put_elsewhere put = { pages, 256 };
	unsigned int here, there;

	here = get_cpu();
	there = cpumask_any_but(cpu_online_mask, here);
	put_cpu();
	if (there >= nr_cpu_ids)
		kunit_skip(test, "there is one CPU");
	hc_test_alloc(test, pages, put.n, 0);
	KUNIT_ASSERT_EQ(test, smp_call_function_single(there, hc_put_here, &put, true), 0);
	KUNIT_EXPECT_GE(test, hc_test_count(test, pages, 0), 128);
	put.n = 0;
	while (put.n < HC_MANY && pages[put.n])
		hc_block_put(pages[put.n++]);
	hc_blocks_drain();
}

/* All may have 2 % of memory, and the next block is refused. */
static void hc_test_share(struct kunit *test)
{
	unsigned long most = max(totalram_pages() / 50, 4096UL) + 64 * nr_cpu_ids;
	struct page *list = NULL, *page;
	unsigned long n;

	hc_blocks_drain();
	for (n = 0; n <= most; n++) {
		page = hc_block_alloc(0, GFP_KERNEL);
		if (!page)
			break;
		set_page_private(page, (unsigned long)list);
		list = page;
	}
	KUNIT_EXPECT_LE(test, n, most);
	KUNIT_EXPECT_GE(test, n, 4000);
	while ((page = list)) {
		list = (struct page *)page_private(page);
		hc_block_put(page);
	}
	hc_blocks_drain();
}

static struct kunit_case hc_blocks_cases[] = {
	KUNIT_CASE(hc_test_reuse),
	KUNIT_CASE(hc_test_bounds),
	KUNIT_CASE(hc_test_elsewhere),
	KUNIT_CASE(hc_test_share),
	{}
};

struct kunit_suite hc_blocks_suite = {
	.name = "hostcrypt_blocks",
	.test_cases = hc_blocks_cases,
};
