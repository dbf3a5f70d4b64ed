// SPDX-License-Identifier: GPL-2.0
#include "dump/place.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/voltab.h"

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

static bool consists_of(const char *text, size_t length, const char *more)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(more, text[i]))
			return false;
	/* Nothing that another program could take for an option. */
	return length > 0 && text[0] != '-';
}

/* ":2222", or nothing; @text is where it ends. */
static bool take_port(const char **text, unsigned *ret_port)
{
	char *end;
	unsigned long port;

	*ret_port = 22;
	if (**text != ':')
		return true;
	port = strtoul(*text + 1, &end, 10);
	if (!isdigit((unsigned char)(*text)[1]) || port == 0 || port > 65535)
		return false;
	*ret_port = (unsigned)port;
	*text = end;
	return true;
}

/* "host" or "[2001:db8::1]"; @text is where it ends. */
static bool take_host(const char **text, char **ret_host)
{
	bool bracket = **text == '[';
	const char *start = *text + bracket;
	size_t length = strcspn(start, bracket ? "]" : ":/");

	if (!consists_of(start, length, bracket ? ":" : ".-") || (bracket && !start[length]))
		return false;
	*ret_host = strndup(start, length);
	*text = start + length + bracket;
	return true;
}

/* The folder's name goes through the other host's shell. */
static const char *parse_ssh(const char *text, struct hc_dump_place *place)
{
	static const char form[] = "another host is written as in ssh:dump@host/srv/dumps or "
				   "ssh:dump@host:2222/srv/dumps";
	size_t user = strcspn(text, "@");

	if (!text[user] || !consists_of(text, user, "._-"))
		return form;
	place->user = strndup(text, user);
	text += user + 1;
	if (!take_host(&text, &place->host) || !take_port(&text, &place->port) || text[0] != '/')
		return form;
	if (!consists_of(text, strlen(text), "/._-"))
		return "the name of a folder on another host takes letters, digits, \"/\", "
		       "\".\", \"_\" and \"-\"";
	place->path = strdup(text);
	return NULL;
}

static const char *parse_volume(const char *text, struct hc_dump_place *place)
{
	size_t length = strcspn(text, "/");
	char name[HC_NAME_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	if (length >= sizeof(name) || !hc_volume_name_valid(name))
		return "a volume is written by its name, and a folder in it, as in "
		       "volume:vm1/crash";
	place->volume = strdup(name);
	place->path = strdup(text[length] ? text + length : "/");
	return NULL;
}

static const struct spelling {
	const char *word;
	const char *(*parse)(const char *text, struct hc_dump_place *place);
} spellings[HC_DUMP_KINDS] = {
	[HC_DUMP_TO_FILE] = { "file:", parse_file },
	[HC_DUMP_TO_BLOCK] = { "block:", parse_block },
	[HC_DUMP_TO_SSH] = { "ssh:", parse_ssh },
	[HC_DUMP_TO_VOLUME] = { "volume:", parse_volume },
};

#define UNKNOWN                                                                                    \
	"of no kind that dumps are written to; write file: and the path of a folder, "             \
	"block: and a device, volume: and a volume's name, or ssh:user@host and a folder there"

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
	free(place->user);
	free(place->volume);
	free(place->host);
	*place = (struct hc_dump_place){ 0 };
}
