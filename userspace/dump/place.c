// SPDX-License-Identifier: GPL-2.0
#include "dump/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Each takes what stands behind the word and returns what is wrong with it, or NULL. */
static const char *parse_file(const char *text, struct hc_dump_place *place)
{
	if (text[0] != '/')
		return "the path of a folder begins with \"/\", as in file:/var/crash";
	place->path = strdup(text);
	return NULL;
}

static const char *parse_block(const char *text, struct hc_dump_place *place)
{
	if (strncmp(text, "/dev/", 5) != 0)
		return "the path of a device begins with \"/dev/\", as in block:/dev/sdb3";
	place->path = strdup(text);
	return NULL;
}

static const struct spelling {
	const char *word;
	const char *(*parse)(const char *text, struct hc_dump_place *place);
} spellings[HC_DUMP_KINDS] = {
	[HC_DUMP_TO_FILE] = { "file:", parse_file },
	[HC_DUMP_TO_BLOCK] = { "block:", parse_block },
};

#define UNKNOWN                                                                                    \
	"of no kind that dumps are written to; write file: and the path of a folder, or "          \
	"block: and a device"

static const char *parse(const char *text, struct hc_dump_place *place)
{
	for (size_t i = 0; i < HC_DUMP_KINDS; i++) {
		size_t length = strlen(spellings[i].word);

		if (strncmp(text, spellings[i].word, length) != 0)
			continue;
		place->kind = (enum hc_dump_kind)i;
		return spellings[i].parse(text + length, place);
	}
	return UNKNOWN;
}

int hc_dump_place_parse(const char *text, struct hc_dump_place *ret_place, char *ret_why,
			size_t size)
{
	struct hc_dump_place place = { .text = strdup(text) };
	const char *why = parse(text, &place);

	if (!why && (!place.text || !place.path))
		why = "there is no memory for it";
	if (why) {
		snprintf(ret_why, size, "%s", why);
		hc_dump_place_free(&place);
		return HC_E_CONFIG;
	}
	*ret_place = place;
	return 0;
}

void hc_dump_place_free(struct hc_dump_place *place)
{
	free(place->text);
	free(place->path);
	*place = (struct hc_dump_place){ 0 };
}
