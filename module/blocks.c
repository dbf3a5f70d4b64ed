// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of pages for ciphertext on its way to the disk, of two sizes.
 *
 * Each CPU has a shelf of them, so that a write neither asks the allocator nor
 * has its pages zeroed first. Often the disk answers on another CPU than the
 * one that writes: then one shelf overflows while the other runs dry, and whole
 * batches go from the one to the other over a depot.
 *
 * What is held, in use or on a shelf, is bounded by 2 % of memory. What is not
 * in use goes back to the allocator when memory is short, and with the last
 * device.
 *
 * The blocks only ever hold ciphertext, so nothing is wiped.
 */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/percpu_counter.h>
#include <linux/spinlock.h>

#include "blocks.h"
#include "compat.h"

enum hc_size { HC_SINGLE, HC_LARGE, HC_SIZES };

enum {
	HC_SHARE_PERCENT = 2,
	HC_SHARE_MIN = 4096,

	/* The most blocks on a CPU's shelf. */
	HC_SHELF_SINGLE = 64,
	HC_SHELF_LARGE = 16,

	/* The shelves of all CPUs get this part of the share, the depot that. */
	HC_SHELVES_PART = 8,
	HC_DEPOT_PART = 8,
};

/*
 * A stack of blocks, each with the address of the next in its first page's
 * private field. The last one in comes out first: it may still be in a cache.
 */
struct hc_shelf {
	/* Locking: taken in any context; a depot's inside a CPU's. */
	spinlock_t lock;
	struct page *top;

	/* Looked at without the lock, where it is no matter if it is old. */
	unsigned int n;
};

struct hc_shelves {
	struct hc_shelf size[HC_SIZES];
} ____cacheline_aligned_in_smp;

static DEFINE_PER_CPU_ALIGNED(struct hc_shelves, hc_shelves);
static struct hc_shelves hc_depot;

/* How many blocks fit; constant once set. */
static unsigned int hc_shelf_max[HC_SIZES];
static unsigned int hc_depot_max[HC_SIZES];

/* Pages that are ours now, and how many may be. */
static struct percpu_counter hc_pages_held;
static unsigned long hc_pages_share;

static struct shrinker *hc_shrinker;

static unsigned int hc_order(enum hc_size size)
{
	return size == HC_LARGE ? HC_LARGE_ORDER : 0;
}

static enum hc_size hc_size_of(unsigned int order)
{
	return order ? HC_LARGE : HC_SINGLE;
}

static void hc_shelf_push(struct hc_shelf *shelf, struct page *page)
{
	set_page_private(page, (unsigned long)shelf->top);
	shelf->top = page;
	WRITE_ONCE(shelf->n, shelf->n + 1);
}

static struct page *hc_shelf_pop(struct hc_shelf *shelf)
{
	struct page *page = shelf->top;

	if (likely(page)) {
		shelf->top = (struct page *)page_private(page);
		WRITE_ONCE(shelf->n, shelf->n - 1);
	}
	return page;
}

/* Up to @n blocks from one shelf to another. */
static void hc_shelf_move(struct hc_shelf *from, struct hc_shelf *to, unsigned int n)
{
	struct page *page;

	while (n-- && (page = hc_shelf_pop(from)))
		hc_shelf_push(to, page);
}

/* Give blocks to the allocator; returns how many pages that were. */
static unsigned long hc_shelf_free(struct hc_shelf *shelf, enum hc_size size)
{
	unsigned long pages = (unsigned long)shelf->n << hc_order(size);
	struct page *page;

	while ((page = hc_shelf_pop(shelf))) {
		set_page_private(page, 0);
		__free_pages(page, hc_order(size));
	}
	percpu_counter_sub(&hc_pages_held, pages);
	return pages;
}

/* A batch from the depot. The shelf's lock is held. */
static void hc_shelf_refill(struct hc_shelf *shelf, enum hc_size size)
{
	struct hc_shelf *depot = &hc_depot.size[size];

	/* Mostly it is empty, and that is seen without the lock. */
	if (!READ_ONCE(depot->n))
		return;
	spin_lock_nested(&depot->lock, SINGLE_DEPTH_NESTING);
	hc_shelf_move(depot, shelf, hc_shelf_max[size] / 2);
	spin_unlock(&depot->lock);
}

/* A batch to the depot, or to @surplus if that is full. The shelf's lock is held. */
static void hc_shelf_relieve(struct hc_shelf *shelf, enum hc_size size, struct hc_shelf *surplus)
{
	struct hc_shelf *depot = &hc_depot.size[size];
	unsigned int batch = hc_shelf_max[size] / 2;

	spin_lock_nested(&depot->lock, SINGLE_DEPTH_NESTING);
	hc_shelf_move(shelf, depot->n + batch <= hc_depot_max[size] ? depot : surplus, batch);
	spin_unlock(&depot->lock);
}

/**
 * hc_block_take() - a block that is at hand
 * @order: 0 or HC_LARGE_ORDER
 *
 * Context: any.
 * Return: the block's first page, or NULL.
 */
struct page *hc_block_take(unsigned int order)
{
	enum hc_size size = hc_size_of(order);
	/* Whichever CPU's shelf it is, the lock makes it right. */
	struct hc_shelf *shelf = &raw_cpu_ptr(&hc_shelves)->size[size];
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&shelf->lock, flags);
	if (unlikely(!shelf->n))
		hc_shelf_refill(shelf, size);
	page = hc_shelf_pop(shelf);
	spin_unlock_irqrestore(&shelf->lock, flags);
	return page;
}
EXPORT_SYMBOL_HC_KUNIT(hc_block_take);

static bool hc_share_exceeded(unsigned int more)
{
	/* Off by a batch per CPU at most, and never waits for a lock. */
	return percpu_counter_read_positive(&hc_pages_held) + more > hc_pages_share;
}

/**
 * hc_block_alloc() - a new block from the allocator
 * @order: 0 or HC_LARGE_ORDER
 * @gfp: how hard to try for it
 *
 * Context: any that @gfp allows.
 * Return: the block's first page; or NULL, also when the share is used up.
 */
struct page *hc_block_alloc(unsigned int order, gfp_t gfp)
{
	struct page *page;

	if (hc_share_exceeded(1U << order))
		return NULL;
	page = alloc_pages(gfp | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN | __GFP_COMP,
			   order);
	if (page)
		percpu_counter_add(&hc_pages_held, 1 << order);
	return page;
}
EXPORT_SYMBOL_HC_KUNIT(hc_block_alloc);

/**
 * hc_block_alloc_always() - a new page for a reserve, whatever the share says
 * @gfp: how hard to try for it
 *
 * Return: the page or NULL.
 */
struct page *hc_block_alloc_always(gfp_t gfp)
{
	struct page *page = alloc_page(gfp);

	if (page)
		percpu_counter_add(&hc_pages_held, 1);
	return page;
}

/**
 * hc_block_put() - a block is no longer in use
 * @page: its first page
 *
 * Context: any.
 */
void hc_block_put(struct page *page)
{
	enum hc_size size = hc_size_of(compound_order(page));
	struct hc_shelf *shelf = &raw_cpu_ptr(&hc_shelves)->size[size];
	struct hc_shelf surplus = {};
	unsigned long flags;

	spin_lock_irqsave(&shelf->lock, flags);
	hc_shelf_push(shelf, page);
	if (unlikely(shelf->n > hc_shelf_max[size]))
		hc_shelf_relieve(shelf, size, &surplus);
	spin_unlock_irqrestore(&shelf->lock, flags);
	if (unlikely(surplus.n))
		hc_shelf_free(&surplus, size);
}
EXPORT_SYMBOL_HC_KUNIT(hc_block_put);

/* Up to @pages from a shelf to the allocator; returns how many pages that were. */
static unsigned long hc_shelf_shrink(struct hc_shelf *shelf, enum hc_size size,
				     unsigned long pages)
{
	unsigned long blocks = DIV_ROUND_UP(pages, 1UL << hc_order(size));
	struct hc_shelf surplus = {};
	unsigned long flags;

	if (!READ_ONCE(shelf->n))
		return 0;
	spin_lock_irqsave(&shelf->lock, flags);
	hc_shelf_move(shelf, &surplus, min_t(unsigned long, blocks, shelf->n));
	spin_unlock_irqrestore(&shelf->lock, flags);
	return hc_shelf_free(&surplus, size);
}

/*
 * Up to @pages, or a large block more, to the allocator: first those that no CPU
 * has near. Also the shelves of CPUs that have gone offline are emptied here.
 */
static unsigned long hc_blocks_shrink(unsigned long pages)
{
	unsigned long freed = 0;
	enum hc_size size;
	unsigned int cpu;

	for (size = 0; size < HC_SIZES && freed < pages; size++)
		freed += hc_shelf_shrink(&hc_depot.size[size], size, pages - freed);
	for_each_possible_cpu(cpu)
		for (size = 0; size < HC_SIZES && freed < pages; size++)
			freed += hc_shelf_shrink(&per_cpu_ptr(&hc_shelves, cpu)->size[size], size,
						 pages - freed);
	return freed;
}

/**
 * hc_blocks_drain() - give all blocks that are not in use to the allocator
 */
void hc_blocks_drain(void)
{
	hc_blocks_shrink(LONG_MAX);
}
EXPORT_SYMBOL_HC_KUNIT(hc_blocks_drain);

static unsigned long hc_shrinker_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long pages = 0;
	enum hc_size size;
	unsigned int cpu;

	for (size = 0; size < HC_SIZES; size++) {
		unsigned long n = READ_ONCE(hc_depot.size[size].n);

		for_each_possible_cpu(cpu)
			n += READ_ONCE(per_cpu_ptr(&hc_shelves, cpu)->size[size].n);
		pages += n << hc_order(size);
	}
	return pages ?: SHRINK_EMPTY;
}

static unsigned long hc_shrinker_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long freed = hc_blocks_shrink(sc->nr_to_scan);

	sc->nr_scanned = freed;
	return freed ?: SHRINK_STOP;
}

static void hc_shelves_init(struct hc_shelves *shelves)
{
	enum hc_size size;

	for (size = 0; size < HC_SIZES; size++)
		spin_lock_init(&shelves->size[size].lock);
}

static void hc_blocks_bound(void)
{
	static const unsigned int most[HC_SIZES] = {
		[HC_SINGLE] = HC_SHELF_SINGLE,
		[HC_LARGE] = HC_SHELF_LARGE,
	};
	enum hc_size size;

	hc_pages_share = max_t(unsigned long, totalram_pages() * HC_SHARE_PERCENT / 100,
			       HC_SHARE_MIN);
	for (size = 0; size < HC_SIZES; size++) {
		unsigned long blocks = hc_pages_share >> hc_order(size);

		hc_shelf_max[size] = clamp_t(unsigned long, blocks / HC_SHELVES_PART /
					     num_possible_cpus(), 2, most[size]);
		hc_depot_max[size] = blocks / HC_DEPOT_PART;
	}
}

/**
 * hc_blocks_init() - set up the shelves, empty
 *
 * Return: 0 or -ENOMEM.
 */
int hc_blocks_init(void)
{
	unsigned int cpu;
	int err;

	hc_blocks_bound();
	hc_shelves_init(&hc_depot);
	for_each_possible_cpu(cpu)
		hc_shelves_init(per_cpu_ptr(&hc_shelves, cpu));

	err = percpu_counter_init(&hc_pages_held, 0, GFP_KERNEL);
	if (err)
		return err;
	hc_shrinker = hc_shrinker_start("hostcrypt", hc_shrinker_count, hc_shrinker_scan);
	if (!hc_shrinker) {
		percpu_counter_destroy(&hc_pages_held);
		return -ENOMEM;
	}
	return 0;
}

/**
 * hc_blocks_exit() - undo hc_blocks_init(); no block is in use
 */
void hc_blocks_exit(void)
{
	hc_shrinker_stop(hc_shrinker);
	hc_blocks_drain();
	WARN_ON_ONCE(percpu_counter_sum(&hc_pages_held));
	percpu_counter_destroy(&hc_pages_held);
}
