// SPDX-License-Identifier: GPL-2.0
/*
 * Records: the first words say what the record is, the rest follows from them.
 */
#include <string.h>

#include "record.h"

#define MAGIC UINT64_C(0x6472636572206368)

static void record_make(uint64_t words[RECORD_SIZE / 8], uint64_t at, uint64_t sequence)
{
	uint64_t x = (at + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
		     sequence * UINT64_C(0xd1342543de82ef95);
	size_t i;

	words[0] = MAGIC;
	words[1] = at;
	words[2] = sequence;
	for (i = 3; i < RECORD_SIZE / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		x += i;
		words[i] = x;
	}
}

/* Fill memory with records that belong at @at and behind. */
void records_make(void *to, size_t bytes, uint64_t at, uint64_t sequence)
{
	uint64_t words[RECORD_SIZE / 8];
	size_t done;

	for (done = 0; done < bytes; done += RECORD_SIZE) {
		record_make(words, at + done, sequence);
		memcpy((char *)to + done, words, RECORD_SIZE);
	}
}

/* Whether this is a whole record that belongs at @at; it says when it was written. */
bool record_read(const void *from, uint64_t at, uint64_t *sequence)
{
	uint64_t words[RECORD_SIZE / 8];

	memcpy(words, from, RECORD_SIZE);
	*sequence = words[2];
	record_make(words, at, *sequence);
	return !memcmp(words, from, RECORD_SIZE);
}
