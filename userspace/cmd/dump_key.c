// SPDX-License-Identifier: GPL-2.0
/* "dump key": key pairs at a key server, to whose public half dumps are encrypted. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/error.h"
#include "base/file.h"
#include "base/voltab.h"
#include "cmd/output.h"
#include "provider/pair.h"

enum {
	OPT_PROVIDER = CMD_OPT_OWN,
	OPT_LABEL,
	OPT_BITS,
	OPT_OUTPUT,
	OPT_PRIVATE_ID,
	OPT_PUBLIC_ID,
};

struct wanted {
	const char *provider;
	const char *label;
	const char *output;
	char private_id[HC_KEK_ID_MAX];
	char public_id[HC_KEK_ID_MAX];
	unsigned bits;
};

static int take_id(const char *text, char ret_id[HC_KEK_ID_MAX])
{
	if (strlen(text) >= HC_KEK_ID_MAX)
		return hc_fail(HC_E_USAGE, "no key has such a long identifier");
	snprintf(ret_id, HC_KEK_ID_MAX, "%s", text);
	return 0;
}

static int take_bits(const char *text, unsigned *ret_bits)
{
	if (strcmp(text, "3072") != 0 && strcmp(text, "4096") != 0)
		return hc_fail(HC_E_USAGE, "--bits takes 3072 or 4096");
	*ret_bits = (unsigned)atoi(text);
	return 0;
}

static int take_options(struct cmd *cmd, int argc, char **argv, struct wanted *wanted)
{
	static const struct option options[] = {
		{ "provider", required_argument, NULL, OPT_PROVIDER },
		{ "label", required_argument, NULL, OPT_LABEL },
		{ "bits", required_argument, NULL, OPT_BITS },
		{ "output", required_argument, NULL, OPT_OUTPUT },
		{ "private-id", required_argument, NULL, OPT_PRIVATE_ID },
		{ "public-id", required_argument, NULL, OPT_PUBLIC_ID },
		CMD_OPTIONS,
	};
	int option, r = 0;

	while (r == 0 && (option = cmd_next_option(cmd, argc, argv, options)) != -1)
		switch (option) {
		case OPT_PROVIDER:
			wanted->provider = optarg;
			break;
		case OPT_LABEL:
			wanted->label = optarg;
			break;
		case OPT_BITS:
			r = take_bits(optarg, &wanted->bits);
			break;
		case OPT_OUTPUT:
			wanted->output = optarg;
			break;
		case OPT_PRIVATE_ID:
			r = take_id(optarg, wanted->private_id);
			break;
		case OPT_PUBLIC_ID:
			r = take_id(optarg, wanted->public_id);
			break;
		default:
			r = option;
		}
	return r;
}

static int open_provider(const struct hc_config *config, const char *name,
			 const struct hc_provider_config **ret_config,
			 struct hc_provider **ret_provider)
{
	int r = hc_config_provider(config, name, ret_config);

	return r < 0 ? r : hc_provider_open(*ret_config, ret_provider);
}

/* A new file, so that nobody's key is written over. */
static int open_output(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 && errno == EEXIST)
		return hc_fail(HC_E_USAGE, "%s is there already; name another file", path);
	return fd < 0 ? hc_fail_errno(errno, "cannot make %s", path) : fd;
}

static int write_pem(int fd, const char *path, EVP_PKEY *key)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *text = NULL;
	long size;
	int r;

	if (!pem || !PEM_write_bio_PUBKEY(pem, key)) {
		BIO_free(pem);
		return hc_fail(HC_E_INTERNAL, "cannot write the key as PEM");
	}
	size = BIO_get_mem_data(pem, &text);
	r = hc_write_all(fd, text, (size_t)size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	BIO_free(pem);
	return r < 0 ? hc_fail_errno(-r, "cannot write %s", path) : 0;
}

/* What was made, and whether the identity that asked can undo what it encrypts. */
struct result {
	struct hc_key_pair pair;
	const char *label, *provider, *file;
	char endpoint[320];
	bool made; /* just now: it must not be lost sight of, whatever happens */
	bool can_decrypt;
	char why_not[800];
};

static int try_pair(struct hc_provider *provider, struct result *result)
{
	int r = hc_provider_try_pair(provider, &result->pair, &result->can_decrypt);

	if (r == 0 && !result->can_decrypt)
		snprintf(result->why_not, sizeof(result->why_not), "%s", hc_error_message());
	return r;
}

static int print_json(const struct result *result)
{
	struct json_object *object = json_object_new_object();

	out_json_text(object, "label", result->label ? result->label : "");
	out_json_text(object, "public_key", result->file);
	out_json_text(object, "provider", result->provider);
	out_json_text(object, "endpoint", result->endpoint);
	out_json_text(object, "private_id", result->pair.private_id);
	out_json_text(object, "public_id", result->pair.public_id);
	out_json_number(object, "bits", (uint64_t)EVP_PKEY_get_bits(result->pair.public_key));
	out_json_bool(object, "can_decrypt", result->can_decrypt);
	out_json_text(object, "why_not", result->why_not);
	return out_json("key", object);
}

/* The lines for dump.conf. */
static void print_section(const struct result *result)
{
	char *path = realpath(result->file, NULL);

	printf("[recipient %s]\n"
	       "public-key = %s\n"
	       "provider = %s\n"
	       "endpoint = %s\n"
	       "private-id = %s\n"
	       "public-id = %s\n",
	       result->label ? result->label : result->provider, path ? path : result->file,
	       result->provider, result->endpoint, result->pair.private_id,
	       result->pair.public_id);
	free(path);
}

static int make(struct hc_provider *provider, const struct wanted *wanted, struct result *result)
{
	int r = hc_provider_create_pair(provider, wanted->label, wanted->bits, &result->pair);

	result->made = r == 0;
	return r < 0 ? r : try_pair(provider, result);
}

static int fetch(struct hc_provider *provider, const struct wanted *wanted, struct result *result)
{
	int r;

	memcpy(result->pair.private_id, wanted->private_id, sizeof(wanted->private_id));
	memcpy(result->pair.public_id, wanted->public_id, sizeof(wanted->public_id));
	r = hc_provider_public_key(provider, wanted->public_id, &result->pair.public_key);
	return r < 0 ? r : try_pair(provider, result);
}

/* Both: get or make the pair, write the public half, say what it is. */
static int do_key(struct cmd *cmd, const struct wanted *wanted,
		  int (*get)(struct hc_provider *, const struct wanted *, struct result *))
{
	const struct hc_provider_config *provider_config;
	struct result result = { .label = wanted->label, .file = wanted->output };
	HC_CONFIG config = { 0 };
	HC_PROVIDER provider = NULL;
	HC_FD fd = -1;
	int r;

	r = hc_config_load(cmd->config_path, &config);
	if (r == 0)
		r = open_provider(&config, wanted->provider, &provider_config, &provider);
	if (r < 0)
		return r;
	result.provider = provider_config->name;
	hc_provider_endpoint(provider_config, result.endpoint, sizeof(result.endpoint));
	fd = open_output(wanted->output);
	if (fd < 0)
		return fd;
	r = get(provider, wanted, &result);
	if (r == 0)
		r = write_pem(fd, wanted->output, result.pair.public_key);
	if (r < 0 && result.made)
		hc_context(r, "the new keys %.64s and %.64s are on the key server",
			   result.pair.private_id, result.pair.public_id);
	if (r < 0)
		unlink(wanted->output);
	else if (cmd->json)
		r = print_json(&result);
	else
		print_section(&result);
	if (r == 0 && result.can_decrypt)
		fprintf(stderr,
			"hostcrypt: whoever has %s can read dumps that are encrypted to this key: "
			"keep it off the hosts\n",
			provider_config->private_key);
	hc_key_pair_free(&result.pair);
	return r;
}

static int create(struct cmd *cmd, struct wanted *wanted)
{
	char path[HC_NAME_MAX + 8];

	if (!wanted->label || wanted->private_id[0] || wanted->public_id[0])
		return hc_fail(HC_E_USAGE, "\"dump key create\" takes --label, and no identifiers");
	if (!hc_volume_name_valid(wanted->label))
		return hc_fail(HC_E_USAGE,
			       "a label takes letters, digits, \"-\", \"_\" and \".\", 48 at most");
	if (!wanted->bits)
		wanted->bits = HC_PAIR_BITS_MIN;
	snprintf(path, sizeof(path), "%s.pem", wanted->label);
	if (!wanted->output)
		wanted->output = path;
	return do_key(cmd, wanted, make);
}

static int get(struct cmd *cmd, const struct wanted *wanted)
{
	if (!wanted->output || !wanted->private_id[0] || !wanted->public_id[0])
		return hc_fail(HC_E_USAGE,
			       "\"dump key get\" needs --private-id, --public-id and --output");
	if (wanted->bits)
		return hc_fail(HC_E_USAGE, "--bits goes with \"dump key create\"");
	return do_key(cmd, wanted, fetch);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	struct wanted wanted = { 0 };
	int r = take_options(cmd, argc, argv, &wanted);

	if (r == 0)
		r = cmd_check_words(cmd, argc, 1, 1);
	if (r < 0)
		return r;
	if (strcmp(argv[optind], "create") == 0)
		return create(cmd, &wanted);
	if (strcmp(argv[optind], "get") == 0)
		return get(cmd, &wanted);
	return hc_fail(HC_E_USAGE, "a key pair can be made or got, not \"%.20s\"", argv[optind]);
}

const struct cmd_verb cmd_dump_key = {
	.name = "dump key",
	.run = run,
	.summary = "make or get a key pair at a key server",
	.help = "dump key create --label LABEL [--provider NAME] [--bits N] [--output FILE]\n"
		"       hostcrypt dump key get --private-id ID --public-id ID --output FILE\n"
		"                              [--label LABEL] [--provider NAME]\n"
		"\n"
		"  create   have a key server make an RSA pair whose private half stays there;\n"
		"           write the public half to FILE (LABEL.pem) as PEM, print the lines\n"
		"           for dump.conf. Do this with an identity that no host has (--config):\n"
		"           on most servers who makes a pair can use it\n"
		"  get      fetch the public half of such a pair, on the host itself, say\n"
		"\n"
		"Both try whether the identity in use can have dumps decrypted, and warn when it\n"
		"can: a host's should not.\n"
		"\n"
		"  --provider NAME   of type kmip; the default one unless said\n"
		"  --bits N          3072 (unless said) or 4096\n"
		"\n"
		"--json: {\"version\":1,\"key\":K}. K has label, public_key (the file), provider,\n"
		"endpoint, private_id, public_id, bits, can_decrypt, why_not.\n",
	.has_json = true,
	.touches_keys = true,
};
