/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HB_ROUND_H
#define HB_ROUND_H

#include <linux/types.h>

#include "call.h"
#include "shape.h"
#include "volume.h"

enum {
	/* The volumes: ours and dm-crypt's, each over its disk and the other's. */
	HB_OURS,
	HB_THEIRS,
	HB_OURS_CROSSED,
	HB_THEIRS_CROSSED,
	HB_VOLUMES,

	/* Shapes of a round, and calls that these make at most. */
	HB_ITEMS = 6,
	HB_CALLS = HB_ITEMS * HB_VOLUMES,
};

/**
 * struct hb_run - what all rounds share
 * @volume: the volumes, by the numbers above
 * @disk: the disks: of HB_OURS and of HB_THEIRS
 * @offset: the sector below where the volumes begin
 * @sectors: the volumes' length
 * @unit: bytes of a data unit
 * @discards: whether volumes take discards
 * @seed: decides all
 * @model: the plaintext that the volumes should have
 * @failed: something was wrong; no further round
 */
struct hb_run {
	struct hb_volume volume[HB_VOLUMES];
	struct hb_volume disk[2];
	sector_t offset;
	sector_t sectors;
	unsigned int unit;
	bool discards;
	u64 seed;
	u8 *model;
	bool failed;
};

/* What a slice's rounds came to. */
struct hb_stats {
	unsigned int kinds[HB_KINDS];
	unsigned int layouts[HB_LAYOUTS];
	unsigned int nowait;
	unsigned int again;
	unsigned int splits;
	unsigned int segments;
	u64 bytes;
	unsigned int largest;
};

/* A shape, the memory of its calls, and what that should be in the end. */
struct hb_item {
	struct hb_shape shape;
	struct hb_memory *want;
	struct hb_memory *memory[HB_VOLUMES];

	/* The same in simple memory, for dm-crypt where it refuses the shape. */
	bool simplified;
	struct hb_shape plain;
	struct hb_memory *plain_want;
};

/**
 * struct hb_slice - a part of the volumes, with rounds of its own
 * @run: the run
 * @space: where it is
 * @round: the round under way
 * @items: of it
 * @item: the items
 * @call: the items given to the volumes
 * @calls: how many
 * @data: room for the data of one item
 * @below: room for what two disks have
 * @stats: what it has done
 */
struct hb_slice {
	struct hb_run *run;
	struct hb_space space;
	unsigned int round;
	unsigned int items;
	struct hb_item item[HB_ITEMS];
	struct hb_call call[HB_CALLS];
	unsigned int calls;
	u8 *data;
	u8 *below[2];
	struct hb_stats stats;
};

struct hb_slice *hb_slice_alloc(struct hb_run *run, unsigned int number, unsigned int slices);
void hb_slice_free(struct hb_slice *slice);
int hb_round(struct hb_slice *slice, unsigned int number);

#endif
