/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOOL_RANDOM_H
#define TOOL_RANDOM_H

#include <stdint.h>

/* The next number of a row that its first state, which is not 0, decides. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
