// SPDX-License-Identifier: GPL-2.0
#include "kmip/text.h"

#include <string.h>

/*
 * The character at the start of @text: its length in bytes, and its number in
 * @ret_character. 0 where there is no shortest-form UTF-8 (RFC 3629).
 */
static size_t decode(const uint8_t *text, size_t length, uint32_t *ret_character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = text[0];
	size_t n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;

	if (n == 0 || n > length)
		return 0;
	if (n > 1)
		c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_character = c;
	return n;
}

static bool harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false; /* C0, DEL, C1 */
	if (c == 0x2028 || c == 0x2029)
		return false; /* line and paragraph separators */
	return !(c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
		 (c >= 0x2066 && c <= 0x2069)); /* direction */
}

void hc_text_clean(const uint8_t *text, size_t length, char *buffer, size_t size)
{
	size_t used = 0;
	uint32_t c;

	while (length > 0) {
		size_t n = decode(text, length, &c);
		bool good = n > 0 && harmless(c);
		size_t out = good ? n : 1;

		if (out >= size - used)
			break;
		memcpy(buffer + used, good ? (const void *)text : "?", out);
		used += out;
		n = n > 0 ? n : 1;
		text += n;
		length -= n;
	}
	buffer[used] = '\0';
}

bool hc_text_is_clean(const uint8_t *text, size_t length)
{
	uint32_t c;

	while (length > 0) {
		size_t n = decode(text, length, &c);

		if (n == 0 || !harmless(c))
			return false;
		text += n;
		length -= n;
	}
	return true;
}
