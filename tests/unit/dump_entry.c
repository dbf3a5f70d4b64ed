// SPDX-License-Identifier: GPL-2.0
/* Recipients in the header of a dump: as text and back, and passphrases. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "dump/entry.h"

#define WRAPPED "AAECAwQFBgcICQoLDA0ODw=="
#define SALT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define COMMON "\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"" WRAPPED "\""
#define SCRYPT(n, r, p)                                                                            \
	"{\"type\":\"scrypt\"," COMMON ",\"salt\":\"" SALT "\",\"n\":" #n ",\"r\":" #r ",\"p\":" #p \
	"}"

static struct hc_secret passphrase, other, dump_key;

static bool parse(const char *text, struct hc_dump_entry *entry)
{
	HC_JSON json = json_tokener_parse(text);

	return EXPECT(json) && hc_dump_entry_parse(json, entry);
}

static void costs_are_limited(void)
{
	static const char *const affordable[] = {
		SCRYPT(131072, 8, 1), SCRYPT(16384, 8, 1),  SCRYPT(262144, 8, 1),
		SCRYPT(16384, 32, 4), SCRYPT(131072, 16, 4),
	};
	static const char *const too_dear[] = {
		SCRYPT(524288, 8, 1),	SCRYPT(262144, 9, 1),	SCRYPT(131072, 8, 5),
		SCRYPT(16384, 33, 1),	SCRYPT(2097152, 8, 1),	SCRYPT(8192, 8, 1),
		SCRYPT(16384, 7, 1),	SCRYPT(100000, 8, 1),	SCRYPT(131072, 8, 0),
		SCRYPT(131072, 0, 1),	SCRYPT(0, 8, 1),	SCRYPT(-131072, 8, 1),
		SCRYPT(131072.0, 8, 1), SCRYPT("131072", 8, 1), SCRYPT(131072, 4294967304, 1),
		SCRYPT(18446744073709551615, 8, 1),
	};
	struct hc_dump_entry entry;

	for (size_t i = 0; i < sizeof(affordable) / sizeof(affordable[0]); i++)
		EXPECT(parse(affordable[i], &entry));
	for (size_t i = 0; i < sizeof(too_dear) / sizeof(too_dear[0]); i++)
		if (!EXPECT(!parse(too_dear[i], &entry)))
			printf("  %s\n", too_dear[i]);
}

static void entry_goes_to_text_and_back(void)
{
	static const char *const texts[] = {
		"{\"type\":\"rsa-oaep\"," COMMON "}",
		"{\"type\":\"x25519\"," COMMON "}",
		"{\"type\":\"kmip\"," COMMON ",\"provider\":\"p\",\"endpoint\":\"e:1\","
		"\"private_id\":\"1\",\"public_id\":\"2\"}",
		SCRYPT(131072, 8, 1),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hc_dump_entry entry;
		HC_JSON json = NULL;

		if (!EXPECT(parse(texts[i], &entry)))
			continue;
		EXPECT(entry.wrapped_size == 16);
		json = hc_dump_entry_format(&entry);
		EXPECT(strcmp(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
			      texts[i]) == 0);
	}
}

static void what_is_no_entry_is_refused(void)
{
	static const char *const texts[] = {
		"[]",
		"{}",
		"{\"type\":\"des\"," COMMON "}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"wrapped\":\"" WRAPPED "\"}",
		"{\"type\":\"x25519\"," COMMON ",\"more\":1}",
		"{\"type\":\"x25519\"," COMMON ",\"provider\":\"p\"}",
		"{\"type\":\"kmip\"," COMMON "}",
		"{\"type\":\"scrypt\"," COMMON "}",
		"{\"type\":\"scrypt\"," COMMON ",\"salt\":\"AAAA\",\"n\":131072,\"r\":8,\"p\":1}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"\\u009b31m\",\"wrapped\":\"" WRAPPED
		"\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"\\u001b[31m\",\"wrapped\":\"" WRAPPED
		"\"}",
		"{\"type\":\"x25519\",\"id\":\"0\\u0000\",\"label\":\"l\",\"wrapped\":\"" WRAPPED
		"\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"AAA\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"A===\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"A*==\"}",
		"{\"type\":\"x25519\",\"id\":\"00\",\"label\":\"l\",\"wrapped\":\"AB==\"}",
	};
	struct hc_dump_entry entry;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!EXPECT(!parse(texts[i], &entry)))
			printf("  %s\n", texts[i]);
}

static void passphrase_unwraps(void)
{
	struct hc_dump_recipient recipient = { 0 };
	struct hc_dump_entry entry;
	HC_SECRET again = { 0 };

	if (!EXPECT(hc_dump_recipient_from_passphrase(&passphrase, "l", &recipient) == 0) ||
	    !EXPECT(hc_dump_entry_make(&recipient, &dump_key, &entry) == 0))
		return;
	EXPECT(strlen(entry.id) == HC_DUMP_ID_SIZE - 1);
	EXPECT(hc_dump_scrypt_unwrap(&entry.scrypt, &other, entry.wrapped, entry.wrapped_size,
				     &again) == HC_E_DUMP_RECIPIENT);
	EXPECT(hc_dump_scrypt_unwrap(&entry.scrypt, &passphrase, entry.wrapped,
				     entry.wrapped_size - 1, &again) == HC_E_DUMP_DAMAGED);
	EXPECT(!again.data);
	EXPECT(hc_dump_scrypt_unwrap(&entry.scrypt, &passphrase, entry.wrapped, entry.wrapped_size,
				     &again) == 0);
	EXPECT(again.size == dump_key.size && memcmp(again.data, dump_key.data, again.size) == 0);
	entry.scrypt.salt[0] ^= 1;
	hc_secret_free(&again);
	EXPECT(hc_dump_scrypt_unwrap(&entry.scrypt, &passphrase, entry.wrapped, entry.wrapped_size,
				     &again) == HC_E_DUMP_RECIPIENT);
	hc_dump_recipient_free(&recipient);
}

static void long_names_are_refused(void)
{
	struct hc_dump_recipient recipient = { 0 };
	struct hc_dump_entry entry;
	char name[HC_DUMP_TEXT_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[HC_DUMP_TEXT_MAX] = 0;
	if (!EXPECT(hc_dump_recipient_from_passphrase(&passphrase, "l", &recipient) == 0))
		return;
	recipient.endpoint = strdup(name);
	EXPECT(hc_dump_entry_make(&recipient, &dump_key, &entry) == HC_E_DUMP_RECIPIENT);
	recipient.endpoint[HC_DUMP_TEXT_MAX - 1] = 0;
	EXPECT(hc_dump_entry_make(&recipient, &dump_key, &entry) == 0);
	hc_dump_recipient_free(&recipient);
}

int main(void)
{
	if (hc_secret_alloc(20, &passphrase) < 0 || hc_secret_alloc(19, &other) < 0 ||
	    hc_secret_alloc(HC_DUMP_KEY_SIZE, &dump_key) < 0 || hc_secret_random(&dump_key) < 0)
		return 1;
	memset(passphrase.data, 'p', passphrase.size);
	memset(other.data, 'p', other.size);
	RUN(costs_are_limited);
	RUN(entry_goes_to_text_and_back);
	RUN(what_is_no_entry_is_refused);
	RUN(passphrase_unwraps);
	RUN(long_names_are_refused);
	hc_secret_free(&passphrase);
	hc_secret_free(&other);
	hc_secret_free(&dump_key);
	return unit_result();
}
