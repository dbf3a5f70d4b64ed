// SPDX-License-Identifier: GPL-2.0
#include "dump/private.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "provider/pair.h"

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *userdata)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)userdata;
	return -1;
}

/* Is the private half of a recipient's key in @path? */
static bool holds(const char *path, const struct hc_dump_recipients *recipients)
{
	char id[HC_DUMP_ID_SIZE] = "";
	EVP_PKEY *key = NULL;
	struct stat st;
	FILE *file;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	/* No copy of a key stays behind in a buffer of stdio's. */
	setvbuf(file, NULL, _IONBF, 0);
	key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	fclose(file);
	if (!key)
		return false;
	if (hc_dump_key_id(key, id) < 0)
		id[0] = '\0';
	EVP_PKEY_free(key);
	for (size_t i = 0; i < recipients->n; i++)
		if (strcmp(recipients->all[i].id, id) == 0)
			return true;
	return false;
}

bool hc_dump_private_in(const char *folder, const struct hc_dump_recipients *recipients,
			char ret_path[PATH_MAX])
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while (entries && !found && (entry = readdir(entries))) {
		snprintf(ret_path, PATH_MAX, "%s/%s", folder, entry->d_name);
		found = holds(ret_path, recipients);
	}
	if (entries)
		closedir(entries);
	return found;
}

int hc_dump_private_at_server(const struct hc_config *providers,
			      const struct hc_dump_recipient *recipient, bool *ret_can)
{
	const struct hc_provider_config *config;
	struct hc_key_pair pair = { .public_key = recipient->key };
	HC_PROVIDER provider = NULL;
	int r = hc_config_provider(providers, recipient->provider, &config);

	snprintf(pair.private_id, sizeof(pair.private_id), "%s", recipient->private_id);
	snprintf(pair.public_id, sizeof(pair.public_id), "%s", recipient->public_id);
	if (r == 0)
		r = hc_provider_open(config, &provider);
	return r == 0 ? hc_provider_try_pair(provider, &pair, ret_can) : r;
}
