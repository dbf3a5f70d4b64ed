// SPDX-License-Identifier: GPL-2.0
#include "dump/unlock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "base/error.h"
#include "provider/pair.h"

static int unwrap_with(const struct hc_dump_header *header, EVP_PKEY *key, const char *path,
		       struct hc_secret *ret_dump_key)
{
	char id[HC_DUMP_ID_SIZE];
	int r = hc_dump_key_id(key, id);

	if (r < 0)
		return r;
	for (size_t i = 0; i < header->n_entries; i++) {
		const struct hc_dump_entry *entry = &header->entries[i];

		if (strcmp(entry->id, id) == 0)
			return hc_dump_unwrap(key, entry->wrapped, entry->wrapped_size,
					      ret_dump_key);
	}
	return hc_fail(HC_E_DUMP_RECIPIENT,
		       "the dump was not encrypted for %s; \"dump describe\" says for whom", path);
}

static int check_key_file(FILE *file, const char *path)
{
	struct stat st;

	if (fstat(fileno(file), &st) < 0)
		return hc_fail_errno(errno, "cannot look at %s", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "the private key %s can be read by others; chmod 600 %s", path, path);
	return 0;
}

int hc_dump_unlock_pem(const struct hc_dump_header *header, const char *path,
		       struct hc_secret *ret_dump_key)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key;
	int r;

	if (!file)
		return hc_fail_errno(errno, "cannot open %s", path);
	/* Its text passes through no buffer of stdio that stays. */
	setvbuf(file, NULL, _IONBF, 0);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	r = key ? check_key_file(file, path) :
		  hc_fail(HC_E_DUMP_KEY, "%s holds no private key in PEM", path);
	fclose(file);
	if (r == 0)
		r = unwrap_with(header, key, path, ret_dump_key);
	EVP_PKEY_free(key);
	return r;
}

static int ask_server(struct hc_provider *provider, const struct hc_dump_entry *entry,
		      struct hc_secret *ret_dump_key)
{
	int r = hc_provider_decrypt(provider, entry->private_id, entry->wrapped,
				    entry->wrapped_size, ret_dump_key);

	return r < 0 ? hc_context(r, "recipient \"%s\"", entry->label) : 0;
}

/* The server answered, and another recipient's key may be one that it has for us. */
static bool is_about_the_key(int r)
{
	return r == HC_E_KEK_NOT_FOUND || r == HC_E_KEK_DENIED || r == HC_E_KEK_NOT_ACTIVE ||
	       r == HC_E_KEK_UNFIT || r == HC_E_KMIP_REFUSED || r == HC_E_DUMP_RECIPIENT;
}

/* Those whose endpoint the dump names as this one, or the others: it may have several names. */
static int try_entries(const struct hc_dump_header *header, struct hc_provider *provider,
		       bool same_endpoint, int failed, struct hc_secret *ret_dump_key)
{
	char endpoint[320];

	hc_provider_endpoint(provider->config, endpoint, sizeof(endpoint));
	for (size_t i = 0; i < header->n_entries; i++) {
		const struct hc_dump_entry *entry = &header->entries[i];

		if (entry->type != HC_DUMP_KMIP ||
		    (strcmp(entry->endpoint, endpoint) == 0) != same_endpoint)
			continue;
		failed = ask_server(provider, entry, ret_dump_key);
		if (!is_about_the_key(failed))
			return failed;
	}
	return failed;
}

int hc_dump_unlock_provider(const struct hc_dump_header *header, struct hc_provider *provider,
			    struct hc_secret *ret_dump_key)
{
	int r = hc_fail(HC_E_DUMP_RECIPIENT,
			"no recipient of the dump has a key at a key server; \"dump describe\" "
			"says for whom it was encrypted");

	r = try_entries(header, provider, true, r, ret_dump_key);
	if (is_about_the_key(r))
		r = try_entries(header, provider, false, r, ret_dump_key);
	return r;
}

int hc_dump_takes_passphrase(const struct hc_dump_header *header)
{
	for (size_t i = 0; i < header->n_entries; i++)
		if (header->entries[i].type == HC_DUMP_SCRYPT)
			return 0;
	return hc_fail(HC_E_DUMP_RECIPIENT,
		       "no passphrase opens the dump; \"dump describe\" says for whom it was "
		       "encrypted");
}

int hc_dump_unlock_passphrase(const struct hc_dump_header *header,
			      const struct hc_secret *passphrase, struct hc_secret *ret_dump_key)
{
	int r = hc_dump_takes_passphrase(header);

	if (r < 0)
		return r;
	for (size_t i = 0; i < header->n_entries; i++) {
		const struct hc_dump_entry *entry = &header->entries[i];

		if (entry->type != HC_DUMP_SCRYPT)
			continue;
		r = hc_dump_scrypt_unwrap(&entry->scrypt, passphrase, entry->wrapped,
					  entry->wrapped_size, ret_dump_key);
		if (r != HC_E_DUMP_RECIPIENT)
			break;
	}
	return r;
}
