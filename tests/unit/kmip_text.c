// SPDX-License-Identifier: GPL-2.0
/* Text from a key server: shown without harm. */
#include "unit.h"

#include <string.h>

#include "kmip/text.h"

static bool cleaned(const char *text, const char *want)
{
	char out[64];

	hc_text_clean((const uint8_t *)text, strlen(text), out, sizeof(out));
	return strcmp(out, want) == 0;
}

static bool clean(const char *text)
{
	return hc_text_is_clean((const uint8_t *)text, strlen(text));
}

static void plain_text_stays(void)
{
	static const char *const texts[] = {
		"", "plain", "Schl\xc3\xbcssel", "\xe9\x8d\xb5", "\xf0\x9f\x94\x91",
		"a b~!\"", "\xc2\xa0", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		EXPECT(clean(texts[i]) && cleaned(texts[i], texts[i]));
}

static void controls_are_replaced(void)
{
	EXPECT(cleaned("\x1b[31mred\r\n\t\x7f", "?[31mred????"));
	EXPECT(cleaned("\xc2\x9b" "31m", "?31m")); /* C1 control sequence introducer */
	EXPECT(cleaned("a\xe2\x80\xae" "b", "a?b")); /* right-to-left override */
	EXPECT(cleaned("a\xe2\x81\xa6" "b", "a?b"));
	EXPECT(cleaned("a\xe2\x80\xa8" "b", "a?b")); /* line separator */
	EXPECT(!clean("a\nb") && !clean("\x1b") && !clean("\xc2\x9b") && !clean("\xe2\x80\xae"));
}

static void bad_utf8_is_replaced(void)
{
	EXPECT(cleaned("a\xff" "b", "a?b"));
	EXPECT(cleaned("\xc3", "?"));
	EXPECT(cleaned("\xc3(", "?("));
	EXPECT(cleaned("\xc0\xaf", "??"));		/* overlong */
	EXPECT(cleaned("\xe0\x80\xaf", "???"));
	EXPECT(cleaned("\xed\xa0\x80", "???"));		/* a surrogate */
	EXPECT(cleaned("\xf4\x90\x80\x80", "????"));	/* above U+10FFFF */
	EXPECT(cleaned("\xf8\x88\x80\x80\x80", "?????"));
	EXPECT(!clean("\xc0\xaf") && !clean("\xed\xa0\x80") && !clean("\xe2\x82"));
}

static void long_text_is_cut_between_characters(void)
{
	char out[8];

	hc_text_clean((const uint8_t *)"1234567890", 10, out, sizeof(out));
	EXPECT(strcmp(out, "1234567") == 0);
	hc_text_clean((const uint8_t *)"123456\xc3\xbc", 8, out, sizeof(out));
	EXPECT(strcmp(out, "123456") == 0);
	hc_text_clean((const uint8_t *)"x", 1, out, 1);
	EXPECT(out[0] == '\0');
}

int main(void)
{
	RUN(plain_text_stays);
	RUN(controls_are_replaced);
	RUN(bad_utf8_is_replaced);
	RUN(long_text_is_cut_between_characters);
	return unit_result();
}
