/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HB_RANDOM_H
#define HB_RANDOM_H

#include <linux/types.h>

/* A stream of numbers that its seed decides. */
struct hb_random {
	u64 state;
};

void hb_random_init(struct hb_random *r, u64 seed, u64 stream);
u64 hb_random_next(struct hb_random *r);
u32 hb_random_below(struct hb_random *r, u32 n);
bool hb_random_percent(struct hb_random *r, u32 percent);
void hb_random_fill(struct hb_random *r, void *to, size_t bytes);

#endif
