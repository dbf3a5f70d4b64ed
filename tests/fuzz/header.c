// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: a LUKS2 header's JSON with its hostcrypt token, as somebody who
 * can write the disk may have written it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "volume/header.h"

#define UUID "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

/* What holds for every header that is let through. */
static void check(const struct hc_header *header)
{
	char text[HC_HEADER_TEXT];
	struct hc_token back;
	HC_JSON json = NULL;
	int lines = 0, n;

	must(header->sector_size >= 512 && header->sector_size <= 4096);
	must(header->data_offset % 512 == 0);
	must(strstr(header->segment, " aes-xts-plain64 ") != NULL);
	/* No member starts a line of its own in what the MAC covers. */
	n = hc_header_text(header, text);
	must(n > 0);
	for (int i = 0; i < n; i++)
		lines += text[i] == '\n';
	must(lines == 9);
	must(hc_token_format(&header->token, &json) == 0);
	must(hc_token_parse(json, &back) == 0);
	must(memcmp(&back, &header->token, sizeof(back)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct hc_header header;
	HC_JSON root = NULL;

	must(tokener != NULL);
	root = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
	if (root && hc_header_parse(root, UUID, false, &header) == 0)
		check(&header);
	json_tokener_free(tokener);
	return 0;
}
