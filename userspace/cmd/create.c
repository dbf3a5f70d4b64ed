// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/output.h"
#include "provider/local.h"
#include "volume/recovery.h"
#include "volume/volume.h"

enum {
	OPT_HEADER = CMD_OPT_OWN,
	OPT_PROVIDER,
	OPT_LABEL,
	OPT_SECTOR_SIZE,
	OPT_FORCE,
	OPT_KEK,
	OPT_RECOVERY,
	OPT_YES,
};

struct wishes {
	struct hc_volume_create create;
	bool recovery;
	bool yes;
};

static int parse_sector_size(const char *text, unsigned *ret_size)
{
	char *end;
	unsigned long size = strtoul(text, &end, 10);

	if (*end || size < 512 || size > 4096 || (size & (size - 1)))
		return hc_fail(HC_E_USAGE,
			       "a sector has 512, 1024, 2048 or 4096 bytes, not \"%.20s\"", text);
	*ret_size = (unsigned)size;
	return 0;
}

static int take_options(struct cmd *cmd, int argc, char **argv, struct wishes *wishes)
{
	static const struct option options[] = {
		{ "header", required_argument, NULL, OPT_HEADER },
		{ "provider", required_argument, NULL, OPT_PROVIDER },
		{ "label", required_argument, NULL, OPT_LABEL },
		{ "sector-size", required_argument, NULL, OPT_SECTOR_SIZE },
		{ "force", no_argument, NULL, OPT_FORCE },
		{ "kek", required_argument, NULL, OPT_KEK },
		{ "recovery", no_argument, NULL, OPT_RECOVERY },
		{ "yes", no_argument, NULL, OPT_YES },
		CMD_OPTIONS,
	};
	struct hc_volume_create *create = &wishes->create;
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0) {
		if (option == OPT_HEADER)
			create->header = optarg;
		else if (option == OPT_PROVIDER)
			create->provider = optarg;
		else if (option == OPT_LABEL)
			create->label = optarg;
		else if (option == OPT_FORCE)
			create->force = true;
		else if (option == OPT_KEK)
			create->kek_id = optarg;
		else if (option == OPT_RECOVERY)
			wishes->recovery = true;
		else if (option == OPT_YES)
			wishes->yes = true;
		if (option != OPT_SECTOR_SIZE)
			continue;
		r = parse_sector_size(optarg, &create->sector_size);
		if (r < 0)
			return r;
	}
	return option < -1 ? option : 0;
}

static bool is_local(const struct hc_config *config, const char *name)
{
	const struct hc_provider_config *provider;

	return hc_config_provider(config, name, &provider) == 0 &&
	       provider->type == HC_PROVIDER_LOCAL;
}

static void show_plan(const struct hc_config *config, const struct wishes *wishes,
		      const struct hc_volume_plan *plan)
{
	char whole[OUT_SIZE], data[OUT_SIZE];

	out_title("new volume", wishes->create.device);
	out_field("device", "%s (%llu bytes)", out_size(plan->device_bytes, whole),
		  (unsigned long long)plan->device_bytes);
	out_field("carries now", "%s%s%s", out_on(stdout, plan->found[0] ? OUT_RED : OUT_PLAIN),
		  plan->found[0] ? plan->found : "nothing that is known", out_off(stdout));
	out_field("header", "%s",
		  wishes->create.header ? wishes->create.header : "the first 16 MiB of the device");
	out_field("data", "%s from byte %llu on, in sectors of %u bytes, aes-xts-plain64",
		  out_size(plan->data_bytes, data), (unsigned long long)plan->data_offset,
		  plan->sector_size);
	out_field("key", "%s on %s (%s)", plan->kek_id[0] ? plan->kek_id : "a new one",
		  plan->provider, plan->endpoint);
	if (wishes->recovery)
		out_field("recovery", "a passphrase, shown once");
	if (is_local(config, plan->provider))
		out_field("warning", "%s%s%s", out_on(stdout, OUT_YELLOW), HC_LOCAL_WARNING,
			  out_off(stdout));
	fflush(stdout);
}

/* HC_E_DECLINED unless the user types "yes". */
static int ask(const char *device)
{
	char answer[16];

	if (!isatty(STDIN_FILENO))
		return hc_fail(HC_E_DECLINED,
			       "nothing was changed: there is no terminal to ask on; "
			       "use --yes");
	printf("\nEverything on %s will be lost. Type \"yes\" to go on: ", device);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "yes\n") != 0)
		return hc_fail(HC_E_DECLINED, "nothing was changed");
	return 0;
}

/* Straight from locked memory: stdio would keep a copy. */
static int show_recovery(const struct hc_secret *passphrase)
{
	int r;

	printf("  %srecovery passphrase:%s ", out_on(stdout, OUT_BOLD), out_off(stdout));
	fflush(stdout);
	r = hc_write_all(STDOUT_FILENO, passphrase->data, passphrase->size);
	if (r < 0)
		return hc_fail_errno(-r,
				     "the volume was made, but its recovery passphrase could not "
				     "be shown; make the volume again");
	printf("\n    Write it down now; it is shown this once. \"cryptsetup open\" takes it.\n");
	return 0;
}

static int show_done(const struct wishes *wishes, const struct hc_volume_plan *done)
{
	char steps[HC_RECOVERY_STEPS];
	int r = 0;

	printf("\n");
	out_title("created", wishes->create.device);
	out_field("uuid", "%s", done->uuid);
	out_field("kek", "%s on %s (%s)", done->kek_id, done->provider, done->endpoint);
	if (wishes->recovery)
		r = show_recovery(wishes->create.recovery);
	hc_recovery_steps(done->uuid, wishes->create.device, wishes->create.header, done->kek_id,
			  steps, sizeof(steps));
	printf("\nOpen it:  hostcrypt open %s%s%s%s NAME\n"
	       "Without hostcrypt, with the KEK's bytes from the key server:\n%s",
	       wishes->create.header ? "--header " : "",
	       wishes->create.header ? wishes->create.header : "", wishes->create.header ? " " : "",
	       wishes->create.device, steps);
	return r;
}

static int create(const struct hc_config *config, struct wishes *wishes)
{
	struct hc_volume_plan plan;
	HC_SECRET recovery = { 0 };
	int r;

	r = hc_volume_plan(config, &wishes->create, &plan);
	if (r < 0)
		return r;
	show_plan(config, wishes, &plan);
	if (!wishes->yes) {
		r = ask(wishes->create.device);
		if (r < 0)
			return r;
	}
	if (wishes->recovery) {
		r = hc_recovery_make(&recovery);
		if (r < 0)
			return r;
		wishes->create.recovery = &recovery;
	}
	cmd_hold_signals();
	r = hc_volume_create(config, &wishes->create, &plan);
	if (r == 0)
		r = show_done(wishes, &plan);
	cmd_release_signals();
	wishes->create.recovery = NULL;
	return r;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	struct wishes wishes = { 0 };
	HC_CONFIG config = { 0 };
	int r = take_options(cmd, argc, argv, &wishes);

	if (r == 0)
		r = cmd_check_words(cmd, argc, 1, 1);
	if (r == 0)
		r = hc_config_load(cmd->config_path, &config);
	if (r < 0)
		return r;
	wishes.create.device = argv[optind];
	return create(&config, &wishes);
}

const struct cmd_verb cmd_create = {
	.name = "create",
	.run = run,
	.summary = "make an encrypted volume of a device",
	.help = "create [OPTION...] DEVICE\n"
		"\n"
		"Shows what it is about to do, asks, has a KEK made by the key provider and "
		"writes\n"
		"a LUKS2 header. A device that carries a file system, a partition table, LUKS or\n"
		"LVM is refused unless --force is given, a device in use always.\n"
		"\n"
		"  --provider NAME      who makes the KEK (the configuration's default)\n"
		"  --kek ID             use this KEK, do not have one made\n"
		"  --header PATH        put the header there (a file that is made, or a device) "
		"and\n"
		"                       leave all of DEVICE to the data\n"
		"  --sector-size BYTES  512, 1024, 2048 or 4096 (4096 where the size allows)\n"
		"  --label TEXT         a label for people, in the header\n"
		"  --recovery           make a recovery passphrase too, and show it once\n"
		"  --force              overwrite what the device carries\n"
		"  --yes                do not ask\n",
	.touches_keys = true,
};
