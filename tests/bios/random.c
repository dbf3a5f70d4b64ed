// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers for the shapes: splitmix64. Not the kernel's generators, whose
 * numbers may change with the kernel: a seed must mean the same everywhere.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "random.h"

/**
 * hb_random_next() - the next number
 * @r: the stream
 *
 * Return: 64 random bits.
 */
u64 hb_random_next(struct hb_random *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/**
 * hb_random_init() - begin a stream
 * @r: the stream
 * @seed: the run's seed
 * @stream: which of the run's streams; they have nothing in common
 */
void hb_random_init(struct hb_random *r, u64 seed, u64 stream)
{
	r->state = seed;
	r->state = hb_random_next(r) ^ stream;
	r->state = hb_random_next(r);
}

/**
 * hb_random_below() - a number below a bound
 * @r: the stream
 * @n: the bound, not 0
 *
 * Return: 0 to @n - 1.
 */
u32 hb_random_below(struct hb_random *r, u32 n)
{
	return mul_u64_u32_shr(hb_random_next(r) >> 32, n, 32);
}

/**
 * hb_random_percent() - true now and then
 * @r: the stream
 * @percent: how often
 *
 * Return: true in @percent of 100 calls.
 */
bool hb_random_percent(struct hb_random *r, u32 percent)
{
	return hb_random_below(r, 100) < percent;
}

/**
 * hb_random_fill() - fill memory
 * @r: the stream
 * @to: where
 * @bytes: how much
 */
void hb_random_fill(struct hb_random *r, void *to, size_t bytes)
{
	while (bytes) {
		u64 word = hb_random_next(r);
		size_t part = min(bytes, sizeof(word));

		memcpy(to, &word, part);
		to += part;
		bytes -= part;
	}
}
