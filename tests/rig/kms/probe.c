// SPDX-License-Identifier: GPL-2.0
/*
 * Asks a KMIP server through the provider interface and says what came of it:
 *
 *	probe OPTION... VERB [ARGUMENT]
 *
 * Options: --host H --port N --folder F --identity NAME --ca NAME
 * --server-name N --connect-timeout S --timeout S; NAME.pem and NAME.key are
 * looked for in the folder. Several VERBs may follow each other, they share a
 * connection: check, create LABEL, get ID, get-new ID, state ID, destroy ID,
 * sleep SECONDS; pair LABEL makes an RSA pair of 3072 bits ("private ID",
 * "public ID"), public ID prints a public half as PEM, try PRIVATE,PUBLIC has
 * random bytes decrypted and says "decrypts" or "no: why", traces HEX looks in
 * its own memory for 32 bytes, given with all their bits turned over, and for
 * the same backwards, as OpenSSL keeps numbers; forget ID gets a key, wipes it,
 * and says in how many places of its own memory the key's bytes were before and
 * are after.
 *
 * The first failure ends it: "word: sentence" on stderr, and the exit status
 * is the error's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/error.h"
#include "provider/pair.h"

static int check(struct hc_provider *provider)
{
	struct hc_provider_report report;
	int r = provider->ops->check(provider, &report);

	if (r < 0)
		return r;
	printf("endpoint %s\nprotocol %s\ntls %s\nserver %s\nuntil %s\nserver-until %s\n"
	       "round-trip %u\ncan-create %d\nwarning %s\n",
	       report.endpoint, report.protocol, report.tls, report.server,
	       report.certificate_until, report.server_certificate_until, report.round_trip_ms,
	       report.can_create, report.warning);
	return 0;
}

static int create(struct hc_provider *provider, const char *label)
{
	char id[HC_KEK_ID_MAX];
	int r = provider->ops->create(provider, label, id);

	if (r == 0)
		printf("%s\n", id);
	return r;
}

/* The key in hex: it is a test's key. */
static int get(struct hc_provider *provider, const char *id, bool for_new_use)
{
	HC_SECRET kek = { 0 };
	int r = provider->ops->get(provider, id, for_new_use, &kek);

	for (size_t i = 0; r == 0 && i < kek.size; i++)
		printf("%02x%s", kek.data[i], i + 1 == kek.size ? "\n" : "");
	return r;
}

/* The key's bytes, each with its bits turned over, so as not to be found itself. */
static size_t places_in(const uint8_t *start, const uint8_t *end,
			const uint8_t turned[HC_KEK_SIZE])
{
	size_t places = 0, i;

	for (const uint8_t *at = start; at + HC_KEK_SIZE <= end; at++) {
		for (i = 0; i < HC_KEK_SIZE && (at[i] ^ turned[i]) == 0xff; i++)
			;
		places += i == HC_KEK_SIZE;
	}
	return places;
}

static size_t places_in_memory(const uint8_t turned[HC_KEK_SIZE])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	size_t places = 0;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, " rw") || sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		places += places_in((const uint8_t *)start, (const uint8_t *)end, turned);
	}
	if (maps)
		fclose(maps);
	return places;
}

static int forget(struct hc_provider *provider, const char *id)
{
	struct hc_secret kek = { 0 };
	uint8_t turned[HC_KEK_SIZE];
	size_t before, after;
	int r = provider->ops->get(provider, id, false, &kek);

	if (r < 0)
		return r;
	for (size_t i = 0; i < HC_KEK_SIZE; i++)
		turned[i] = kek.data[i] ^ 0xff;
	before = places_in_memory(turned);
	hc_secret_free(&kek);
	after = places_in_memory(turned);
	printf("before %zu after %zu\n", before, after);
	return 0;
}

static int state(struct hc_provider *provider, const char *id)
{
	enum hc_kek_state value;
	int r = provider->ops->state(provider, id, &value);

	if (r == 0)
		printf("%d\n", (int)value);
	return r;
}

static int pair(struct hc_provider *provider, const char *label)
{
	struct hc_key_pair made = { 0 };
	int r = hc_provider_create_pair(provider, label, 3072, &made);

	if (r == 0)
		printf("private %s\npublic %s\n", made.private_id, made.public_id);
	hc_key_pair_free(&made);
	return r;
}

static int public_half(struct hc_provider *provider, const char *id)
{
	EVP_PKEY *key = NULL;
	int r = hc_provider_public_key(provider, id, &key);

	if (r == 0 && !PEM_write_PUBKEY(stdout, key))
		r = hc_fail(HC_E_SYSTEM, "cannot write");
	EVP_PKEY_free(key);
	return r;
}

static int try_pair(struct hc_provider *provider, const char *ids)
{
	struct hc_key_pair known = { 0 };
	bool can = false;
	int r;

	if (sscanf(ids, "%255[^,],%255s", known.private_id, known.public_id) != 2)
		return hc_fail(HC_E_USAGE, "try PRIVATE,PUBLIC");
	r = hc_provider_public_key(provider, known.public_id, &known.public_key);
	if (r == 0)
		r = hc_provider_try_pair(provider, &known, &can);
	if (r == 0)
		printf("%s%s\n", can ? "decrypts" : "no: ", can ? "" : hc_error_message());
	hc_key_pair_free(&known);
	return r;
}

static int traces(const char *hex)
{
	uint8_t turned[HC_KEK_SIZE], backwards[HC_KEK_SIZE];
	unsigned byte;

	for (size_t i = 0; i < HC_KEK_SIZE; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return hc_fail(HC_E_USAGE, "traces takes 64 hex digits");
		turned[i] = (uint8_t)byte;
		backwards[HC_KEK_SIZE - 1 - i] = (uint8_t)byte;
	}
	printf("traces %zu\n", places_in_memory(turned) + places_in_memory(backwards));
	return 0;
}

static int run(struct hc_provider *provider, const char *verb, const char *argument)
{
	if (strcmp(verb, "create") == 0)
		return create(provider, argument);
	if (strcmp(verb, "get") == 0)
		return get(provider, argument, false);
	if (strcmp(verb, "get-new") == 0)
		return get(provider, argument, true);
	if (strcmp(verb, "pair") == 0)
		return pair(provider, argument);
	if (strcmp(verb, "public") == 0)
		return public_half(provider, argument);
	if (strcmp(verb, "try") == 0)
		return try_pair(provider, argument);
	if (strcmp(verb, "traces") == 0)
		return traces(argument);
	if (strcmp(verb, "forget") == 0)
		return forget(provider, argument);
	if (strcmp(verb, "state") == 0)
		return state(provider, argument);
	if (strcmp(verb, "destroy") == 0)
		return provider->ops->destroy(provider, argument);
	if (strcmp(verb, "sleep") == 0)
		return (int)sleep((unsigned)atoi(argument));
	return hc_fail(HC_E_USAGE, "unknown verb %s", verb);
}

static char *path_of(const char *folder, const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s", folder, name, suffix) < 0 ? NULL : path;
}

/* Options come in pairs; returns the index of the first verb. */
static int options(int argc, char **argv, struct hc_provider_config *config)
{
	const char *folder = ".", *identity = "client", *ca = "ca";
	int i;

	for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		char *value = argv[i + 1];

		if (strcmp(argv[i], "--host") == 0)
			config->host = value;
		else if (strcmp(argv[i], "--port") == 0)
			config->port = (unsigned)atoi(value);
		else if (strcmp(argv[i], "--folder") == 0)
			folder = value;
		else if (strcmp(argv[i], "--identity") == 0)
			identity = value;
		else if (strcmp(argv[i], "--ca") == 0)
			ca = value;
		else if (strcmp(argv[i], "--server-name") == 0)
			config->server_name = value;
		else if (strcmp(argv[i], "--connect-timeout") == 0)
			config->connect_timeout_s = (unsigned)atoi(value);
		else if (strcmp(argv[i], "--timeout") == 0)
			config->timeout_s = (unsigned)atoi(value);
		else
			return -1;
	}
	config->ca = path_of(folder, ca, ".pem");
	config->certificate = path_of(folder, identity, ".pem");
	config->private_key = path_of(folder, identity, ".key");
	return i;
}

int main(int argc, char **argv)
{
	struct hc_provider_config config = {
		.name = "test",
		.type = HC_PROVIDER_KMIP,
		.host = (char[]){ "127.0.0.1" },
		.port = 5696,
		.connect_timeout_s = 5,
		.timeout_s = 15,
	};
	struct hc_provider *provider = NULL;
	int i, r;

	r = hc_process_harden();
	i = r < 0 ? argc : options(argc, argv, &config);
	if (i < 0)
		r = hc_fail(HC_E_USAGE, "unknown option");
	if (r == 0)
		r = hc_provider_kmip_open(&config, &provider);
	while (r == 0 && i < argc) {
		if (strcmp(argv[i], "check") == 0) {
			r = check(provider);
			i++;
		} else {
			r = i + 1 < argc ? run(provider, argv[i], argv[i + 1]) :
					   hc_fail(HC_E_USAGE, "%s needs an argument", argv[i]);
			i += 2;
		}
		fflush(stdout);
	}
	if (r < 0)
		fprintf(stderr, "%s: %s\n", hc_error_word(r), hc_error_message());
	if (provider)
		provider->ops->close(provider);
	free(config.ca);
	free(config.certificate);
	free(config.private_key);
	return hc_error_exit(r);
}
