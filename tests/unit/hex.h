/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes written as hexadecimal text. */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>

static inline int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Turn @text into bytes until something comes that is no digit; white space
 * is passed over. Returns how many bytes, at most @size.
 */
static inline size_t unhex(const char *text, uint8_t *out, size_t size)
{
	size_t n = 0;
	int high = -1;

	for (; *text && n < size; text++) {
		int digit = hex_digit(*text);

		if (isspace((unsigned char)*text))
			continue;
		if (digit < 0)
			break;
		if (high < 0) {
			high = digit;
			continue;
		}
		out[n++] = (uint8_t)(high << 4 | digit);
		high = -1;
	}
	return n;
}

#endif
