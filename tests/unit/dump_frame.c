// SPDX-License-Identifier: GPL-2.0
/* A frame's word and its nonce, as dump/format.h has them. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "dump/frame.h"

#define LAST (1U << 31)

static void words(void)
{
	static const struct {
		uint32_t word;
		bool good;
		int stream;
		size_t size;
	} all[] = {
		{ 0x01000001, true, 1, 1 },
		{ 0x02040000, true, 2, 262144 },
		{ 0x03000010, true, 3, 16 },
		{ LAST | 0x03000010, true, 3, 16 },
		/* Only the last one may be empty. */
		{ LAST | 0x01000000, true, 1, 0 },
		{ 0x01000000, false, 0, 0 },
		/* Longer than a chunk. */
		{ 0x02040001, false, 0, 0 },
		{ 0x02ffffff, false, 0, 0 },
		{ LAST | 0x02040001, false, 0, 0 },
		/* Streams that there are not. */
		{ 0x00000001, false, 0, 0 },
		{ 0x04000001, false, 0, 0 },
		{ 0x7f000001, false, 0, 0 },
		{ LAST | 0x00000001, false, 0, 0 },
		{ 0, false, 0, 0 },
		{ UINT32_MAX, false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		enum hc_dump_stream stream;
		size_t size;
		bool last, good = hc_dump_frame_word(all[i].word, &stream, &size, &last);

		if (!EXPECT(good == all[i].good && last == (all[i].word >= LAST)))
			printf("  word %08x\n", all[i].word);
		EXPECT(!good || ((int)stream == all[i].stream && size == all[i].size));
	}
}

static void nonces(void)
{
	static const uint8_t first[HC_DUMP_NONCE_SIZE];
	static const uint8_t other[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1 };
	uint8_t nonce[HC_DUMP_NONCE_SIZE];

	hc_dump_frame_nonce(0, false, nonce);
	EXPECT(memcmp(nonce, first, sizeof(nonce)) == 0);
	hc_dump_frame_nonce(0x0102030405060708, true, nonce);
	EXPECT(memcmp(nonce, other, sizeof(nonce)) == 0);
}

int main(void)
{
	RUN(words);
	RUN(nonces);
	return unit_result();
}
