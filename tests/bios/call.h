/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HB_CALL_H
#define HB_CALL_H

#include <linux/blk_types.h>
#include <linux/completion.h>

#include "memory.h"
#include "shape.h"

struct hb_batch;

/**
 * struct hb_call - a shape given to a device
 * @shape: the shape
 * @bdev: the device
 * @memory: the bio's memory, where it has any
 * @status: how it ended
 * @bio: the bio under way
 * @batch: those that are waited for together
 */
struct hb_call {
	const struct hb_shape *shape;
	struct block_device *bdev;
	struct hb_memory *memory;
	blk_status_t status;
	struct bio *bio;
	struct hb_batch *batch;
};

/* Calls under way together. */
struct hb_batch {
	atomic_t left;
	struct completion over;
};

int hb_call_init(void);
void hb_call_exit(void);

int hb_call_all(struct hb_call *calls, unsigned int n, bool plug, unsigned int *again);

#endif
