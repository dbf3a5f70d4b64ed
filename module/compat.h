/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All differences between kernels. What a kernel has is found out by the
 * compile probes of the top-level Kbuild (HC_HAVE_*), never by its version:
 * stable trees carry interfaces back and forth.
 */
#ifndef HC_COMPAT_H
#define HC_COMPAT_H

#include <linux/bio.h>
#include <linux/build_bug.h>
#include <linux/interrupt.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <asm/processor.h>

/* For the test suites, where they are built; else no more than a check. */
#ifdef HC_KUNIT
#include <kunit/visibility.h>
#define EXPORT_SYMBOL_HC_KUNIT(symbol) EXPORT_SYMBOL_IF_KUNIT(symbol)
#else
#define EXPORT_SYMBOL_HC_KUNIT(symbol) static_assert(sizeof(typeof(symbol) *))
#endif

/* For the variable that is too large to be zeroed at each call, as many kernels have it. */
#if __has_attribute(uninitialized)
#define HC_UNINITIALIZED __attribute__((uninitialized))
#else
#define HC_UNINITIALIZED
#endif

/* Bits that an address in memory has at most; UML has no processor to ask. */
#if defined(CONFIG_X86) && !defined(CONFIG_UML)
#define HC_PHYS_BITS boot_cpu_data.x86_phys_bits
#else
#define HC_PHYS_BITS 64
#endif

/* Newer kernels want to be told that a workqueue is per CPU. */
#ifdef HC_HAVE_WQ_PERCPU
#define HC_WQ_PERCPU WQ_PERCPU
#else
#define HC_WQ_PERCPU 0
#endif

/* Work in softirq context: a BH workqueue, or the tasklet it replaced. */
#ifdef HC_HAVE_BH_WORK
struct hc_bh {
	struct work_struct work;
};

#define hc_bh_init(bh, fn)	INIT_WORK(&(bh)->work, fn)
#define hc_bh_schedule(bh)	queue_work(system_bh_wq, &(bh)->work)
#define hc_bh_stop(bh)		cancel_work_sync(&(bh)->work)
#define hc_bh_arg		work_struct
#define hc_bh_of(arg)		container_of(arg, struct hc_bh, work)
#else
struct hc_bh {
	struct tasklet_struct tasklet;
};

#define hc_bh_init(bh, fn)	tasklet_setup(&(bh)->tasklet, fn)
#define hc_bh_schedule(bh)	tasklet_schedule(&(bh)->tasklet)
#define hc_bh_stop(bh)		tasklet_kill(&(bh)->tasklet)
#define hc_bh_arg		tasklet_struct
#define hc_bh_of(arg)		container_of(arg, struct hc_bh, tasklet)
#endif

/* A shrinker, allocated by the kernel or by its user. NULL: no memory. */
static inline struct shrinker *
hc_shrinker_start(const char *name,
		  unsigned long (*count)(struct shrinker *, struct shrink_control *),
		  unsigned long (*scan)(struct shrinker *, struct shrink_control *))
{
	struct shrinker *shrinker;

#ifdef HC_HAVE_SHRINKER_ALLOC
	shrinker = shrinker_alloc(0, "%s", name);
#else
	shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
#endif
	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
#ifdef HC_HAVE_SHRINKER_ALLOC
	shrinker_register(shrinker);
#else
	if (register_shrinker(shrinker, "%s", name)) {
		kfree(shrinker);
		return NULL;
	}
#endif
	return shrinker;
}

static inline void hc_shrinker_stop(struct shrinker *shrinker)
{
#ifdef HC_HAVE_SHRINKER_ALLOC
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(shrinker);
#endif
}

static inline void hc_bio_copy_write_hint(struct bio *to, const struct bio *from)
{
#ifdef HC_HAVE_BIO_WRITE_HINT
	to->bi_write_hint = from->bi_write_hint;
#endif
}

#endif
