// SPDX-License-Identifier: GPL-2.0
#include "cmd/dump_unlock.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/passphrase.h"
#include "dump/replace.h"
#include "dump/unlock.h"

bool dump_unlock_take(struct dump_unlock *unlock, int option)
{
	switch (option) {
	case DUMP_OPT_KEY:
		unlock->key = optarg;
		return true;
	case DUMP_OPT_PROVIDER:
		unlock->provider = optarg;
		return true;
	case DUMP_OPT_PASSPHRASE:
		unlock->passphrase = true;
		return true;
	case DUMP_OPT_PASSPHRASE_FILE:
		unlock->passphrase_file = optarg;
		return true;
	default:
		return false;
	}
}

int dump_unlock_check(const struct dump_unlock *unlock)
{
	int ways = !!unlock->key + !!unlock->provider + unlock->passphrase +
		   !!unlock->passphrase_file;

	if (ways == 1)
		return 0;
	return hc_fail(HC_E_USAGE,
		       "%s of --key, --provider, --passphrase and --passphrase-file is needed to "
		       "read the dump",
		       ways == 0 ? "one" : "only one");
}

int dump_unlock_failed(int code, const char *path)
{
	char why[800], old[PATH_MAX];

	snprintf(old, sizeof(old), "%.4000s" HC_DUMP_OLD_SUFFIX, path);
	if (code != HC_E_DUMP_DAMAGED || access(old, F_OK) < 0)
		return hc_context(code, "%s", path);
	snprintf(why, sizeof(why), "%s", hc_error_message());
	return hc_fail(HC_E_DUMP_DAMAGED,
		       "%s: %s; a rewrap was interrupted: do it again, with %s beside", path, why,
		       old);
}

static int ask_provider(const struct cmd *cmd, const char *name,
			const struct hc_dump_header *header, struct hc_secret *ret_dump_key)
{
	const struct hc_provider_config *provider_config;
	HC_CONFIG config = { 0 };
	HC_PROVIDER provider = NULL;
	char why[800];
	int r = hc_config_load(cmd->config_path, &config);

	if (r == 0)
		r = hc_config_provider(&config, name, &provider_config);
	if (r == 0)
		r = hc_provider_open(provider_config, &provider);
	if (r == 0)
		r = hc_dump_unlock_provider(header, provider, ret_dump_key);
	/* Some servers hide what they deny. */
	if (r != HC_E_KEK_DENIED && r != HC_E_KEK_NOT_FOUND)
		return r;
	snprintf(why, sizeof(why), "%s", hc_error_message());
	return hc_fail((enum hc_error)r,
		       "%s; %s is no identity that may use this key: name the configuration of one "
		       "with --config, of who made the pair, say",
		       why, provider_config->certificate);
}

static int take_passphrase(const struct dump_unlock *unlock, const char *path,
			   const struct hc_dump_header *header, struct hc_secret *ret_dump_key)
{
	const char *file = unlock->passphrase_file;
	HC_SECRET once = { 0 };
	struct hc_secret *passphrase = unlock->kept ? unlock->kept : &once;
	int r = hc_dump_takes_passphrase(header);

	/* A pipe gives it only once, and nobody likes to type it twice. */
	if (r == 0 && !passphrase->data)
		r = file ? cmd_passphrase_read(file, false, passphrase) :
			   cmd_passphrase_ask(path, false, passphrase);
	return r < 0 ? r : hc_dump_unlock_passphrase(header, passphrase, ret_dump_key);
}

int dump_unlock_key(const struct cmd *cmd, const struct dump_unlock *unlock, const char *path,
		    const struct hc_dump_header *header, struct hc_secret *ret_dump_key)
{
	if (unlock->key)
		return hc_dump_unlock_pem(header, unlock->key, ret_dump_key);
	if (unlock->provider)
		return ask_provider(cmd, unlock->provider, header, ret_dump_key);
	return take_passphrase(unlock, path, header, ret_dump_key);
}
