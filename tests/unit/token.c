// SPDX-License-Identifier: GPL-2.0
/* The hostcrypt token: both ways, and every way to get it wrong. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "volume/token.h"

static const char good[] =
	"{ 'type':'hostcrypt', 'keyslots':['0'], 'version':1,"
	" 'dek':'0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',"
	" 'keks':[{'keyslot':'0','provider':'main','kek':'4711','group':'',"
	"          'wrapped_at':'2026-01-31T12:00:00Z'}],"
	" 'binding':{'type':'block','offset':'16773120'},"
	" 'mac':'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' }";

/* The good token with @from replaced by @to; quotes written as ' for reading. */
static struct json_object *changed(const char *from, const char *to)
{
	char text[2048], *quote;
	const char *at = strstr(good, from);

	if (!at)
		return NULL;
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	while ((quote = strchr(text, '\'')) != NULL)
		*quote = '"';
	return json_tokener_parse(text);
}

static int parse_changed(const char *from, const char *to, struct hc_token *token)
{
	HC_JSON json = changed(from, to);

	EXPECT(json != NULL);
	return hc_token_parse(json, token);
}

static void good_token_is_read(void)
{
	struct hc_token token;

	if (!EXPECT(parse_changed("", "", &token) == 0))
		return;
	EXPECT(strcmp(token.dek, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0") == 0);
	EXPECT(token.n_keks == 1 && token.keks[0].keyslot == 0);
	EXPECT(strcmp(token.keks[0].provider, "main") == 0);
	EXPECT(strcmp(token.keks[0].kek, "4711") == 0);
	EXPECT(token.binding.type == HC_BINDING_BLOCK && token.binding.value == 16773120);
	EXPECT(token.mac[1] == 0x11 && token.mac[31] == 0xff);
}

static void both_ways(void)
{
	struct hc_token token, back;
	HC_JSON json = NULL;

	if (!EXPECT(parse_changed("['0']", "['3','1']", &token) == HC_E_HEADER_TOKEN))
		return;
	EXPECT(parse_changed("", "", &token) == 0);
	token.n_keks = 2;
	token.keks[1] = token.keks[0];
	token.keks[1].keyslot = 31;
	snprintf(token.keks[1].kek, sizeof(token.keks[1].kek), "another-kek/with:signs");
	token.binding = (struct hc_binding){ HC_BINDING_SIZE, UINT64_MAX };
	if (!EXPECT(hc_token_format(&token, &json) == 0))
		return;
	EXPECT(hc_token_parse(json, &back) == 0);
	EXPECT(memcmp(&token, &back, sizeof(token)) == 0);
}

static void wrong_tokens_are_refused(void)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "'hostcrypt'", "'luks2-keyring'" },
		{ "'version':1", "'version':0" },
		{ "'version':1", "'version':2" },
		{ "'version':1", "'version':'1'" },
		{ "'version':1,", "" },
		{ "'version':1", "'version':1,'more':1" },
		{ "'dek':'0f", "'dek':'0F" },
		{ "'dek':'0f", "'dek':'" },
		{ "'dek':'0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'", "'dek':7" },
		{ "'mac':'00", "'mac':'" },
		{ "'mac':'00", "'mac':'0000" },
		{ "'mac':'00", "'mac':'0g" },
		{ "'mac':'00112233445566778899a", "'mac':'00112233445566778899A" },
		{ "['0']", "'0'" },
		{ "['0']", "[]" },
		{ "['0']", "[0]" },
		{ "['0']", "['1']" },
		{ "['0']", "['0','0']" },
		{ "['0']", "['00']" },
		{ "['0']", "['32']" },
		{ "['0']", "['-1']" },
		{ "'keyslot':'0'", "'keyslot':'1'" },
		{ "'keyslot':'0'", "'keyslot':0" },
		{ "'provider':'main'", "'provider':''" },
		{ "'provider':'main'", "'provider':'a/b'" },
		{ "'provider':'main'", "'provider':'a b'" },
		{ "'provider':'main',", "" },
		{ "'kek':'4711'", "'kek':''" },
		{ "'kek':'4711'", "'kek':4711" },
		{ "'kek':'4711'", "'kek':'a b'" },
		{ "'kek':'4711'", "'kek':'a\\u0000b'" },
		{ "'kek':'4711'", "'kek':'\\u001b[2J'" },
		{ "'kek':'4711'", "'kek':'\\u00e9'" },
		{ "'group':''", "'group':null" },
		{ "'group':''", "'group':'','more':1" },
		{ "2026-01-31T12:00:00Z", "yesterday" },
		{ "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z " },
		{ "'type':'block'", "'type':'none'" },
		{ "'offset':'16773120'", "'offset':16773120" },
		{ "'offset':'16773120'", "'offset':''" },
		{ "'offset':'16773120'", "'offset':'1e3'" },
		{ "'offset':'16773120'", "'offset':'18446744073709551616'" },
		{ "'offset':'16773120'", "'bytes':'16773120'" },
		{ "'offset':'16773120'", "'offset':'1','bytes':'1'" },
		{ "'binding':{'type':'block','offset':'16773120'},", "" },
		{ "'binding':{'type':'block','offset':'16773120'}", "'binding':7" },
	};
	struct hc_token token;

	memset(&token, 0xa5, sizeof(token));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!EXPECT(parse_changed(cases[i].from, cases[i].to, &token) == HC_E_HEADER_TOKEN))
			printf("  case %zu: %s\n", i, cases[i].to);
	EXPECT((uint8_t)token.dek[0] == 0xa5);
}

static void too_long_texts_are_refused(void)
{
	char provider[128], kek[512];
	struct hc_token token;

	snprintf(provider, sizeof(provider), "'provider':'%064d'", 0);
	snprintf(kek, sizeof(kek), "'kek':'%0256d'", 0);
	EXPECT(parse_changed("'provider':'main'", provider, &token) == HC_E_HEADER_TOKEN);
	EXPECT(parse_changed("'kek':'4711'", kek, &token) == HC_E_HEADER_TOKEN);
	snprintf(provider, sizeof(provider), "'provider':'%063d'", 0);
	snprintf(kek, sizeof(kek), "'kek':'%0255d'", 0);
	EXPECT(parse_changed("'provider':'main'", provider, &token) == 0);
	EXPECT(parse_changed("'kek':'4711'", kek, &token) == 0);
}

static void nine_keks_are_refused(void)
{
	HC_JSON json = changed("", "");
	struct json_object *keks = hc_json_array(json, "keks");
	struct json_object *keyslots = hc_json_array(json, "keyslots");
	struct hc_token token;

	for (int i = 1; i < 9; i++) {
		struct json_object *kek = NULL;
		char number[4];

		snprintf(number, sizeof(number), "%d", i);
		json_object_deep_copy(json_object_array_get_idx(keks, 0), &kek, NULL);
		json_object_object_add(kek, "keyslot", json_object_new_string(number));
		json_object_array_add(keks, kek);
		json_object_array_add(keyslots, json_object_new_string(number));
		EXPECT(hc_token_parse(json, &token) == (i < 8 ? 0 : HC_E_HEADER_TOKEN));
	}
}

static void other_json_is_refused(void)
{
	static const char *const texts[] = { "null", "7", "[]", "{}", "\"hostcrypt\"" };
	struct hc_token token;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		HC_JSON json = json_tokener_parse(texts[i]);

		EXPECT(hc_token_parse(json, &token) == HC_E_HEADER_TOKEN);
	}
}

int main(void)
{
	RUN(good_token_is_read);
	RUN(both_ways);
	RUN(wrong_tokens_are_refused);
	RUN(too_long_texts_are_refused);
	RUN(nine_keks_are_refused);
	RUN(other_json_is_refused);
	return unit_result();
}
