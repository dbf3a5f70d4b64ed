/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_TARGET_H
#define HC_TARGET_H

#include <linux/device-mapper.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "job.h"
#include "pages.h"
#include "table.h"

struct hc_cipher;
struct hc_key;

/* What a device has done so far, for the status line. */
enum hc_stat {
	HC_READS,
	HC_READ_BYTES,
	HC_WRITES,
	HC_WRITTEN_BYTES,

	/* I/Os that had to go through a worker. */
	HC_DEFERRED,

	/* Blocks for ciphertext that the allocator had to be asked for. */
	HC_PAGE_MISSES,

	/* I/Os that failed, whether the disk or we failed them. */
	HC_ERRORS,

	HC_STATS
};

/* One CPU's share of it. */
struct hc_stats {
	u64 n[HC_STATS];
};

/* One table line in use. Constant once made, except for the last three. */
struct hc_target {
	struct dm_target *ti;
	struct hc_table table;
	struct dm_dev *dev;

	/* Held for as long as the line exists, so that it cannot be dropped. */
	struct hc_key *key;
	struct hc_cipher *cipher;

	/*
	 * Writes that must wait for memory. Its own queue, not shared with
	 * other devices (one could be below another) nor with what ends I/O.
	 */
	struct workqueue_struct *wait_wq;

	struct hc_pages pages;
	struct hc_stats __percpu *stats;

	/* For the status line only; written by suspend and resume. */
	bool suspended;
};

static inline void hc_stat_add(const struct hc_target *t, enum hc_stat stat, u64 n)
{
	this_cpu_add(t->stats->n[stat], n);
}

/* Where a sector of the mapped device is on the device below. */
static inline sector_t hc_disk_sector(const struct hc_target *t, sector_t sector)
{
	return t->table.offset + dm_target_offset(t->ti, sector);
}

/* Its tweak. */
static inline u64 hc_tweak(const struct hc_target *t, sector_t sector)
{
	return t->table.tweak_offset + dm_target_offset(t->ti, sector);
}

void hc_target_failed(const struct hc_target *t, const struct bvec_iter *iter, enum req_op op,
		      blk_status_t status);
int hc_target_register(void);
void hc_target_unregister(void);

#endif
