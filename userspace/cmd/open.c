// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include "base/error.h"
#include "base/voltab.h"
#include "volume/volume.h"

enum { OPT_HEADER = CMD_OPT_OWN, OPT_PROVIDER, OPT_DISCARD, OPT_SLOW, OPT_READONLY };

static int take_options(struct cmd *cmd, int argc, char **argv, struct hc_volume_open *open)
{
	static const struct option options[] = {
		{ "header", required_argument, NULL, OPT_HEADER },
		{ "provider", required_argument, NULL, OPT_PROVIDER },
		{ "discard", no_argument, NULL, OPT_DISCARD },
		{ "allow-slow-cipher", no_argument, NULL, OPT_SLOW },
		{ "readonly", no_argument, NULL, OPT_READONLY },
		CMD_OPTIONS,
	};
	int option;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0) {
		if (option == OPT_HEADER)
			open->header = optarg;
		else if (option == OPT_PROVIDER)
			open->provider = optarg;
		else if (option == OPT_DISCARD)
			open->discard = true;
		else if (option == OPT_SLOW)
			open->allow_slow_cipher = true;
		else if (option == OPT_READONLY)
			open->readonly = true;
	}
	return option < -1 ? option : 0;
}

/* What the table of volumes says, where the command line says nothing. */
static int take_entry(const struct cmd *cmd, const struct hc_voltab *table,
		      struct hc_volume_open *open)
{
	const struct hc_voltab_entry *entry = hc_voltab_find(table, open->name);

	if (!entry)
		return hc_fail(
			HC_E_USAGE,
			"%s knows no volume \"%.64s\"; write a line for it, or use \"hostcrypt "
			"open DEVICE NAME\"",
			cmd->volumes_path, open->name);
	open->device = entry->device;
	if (!open->header)
		open->header = entry->header;
	if (!open->provider)
		open->provider = entry->provider;
	open->discard |= entry->discard;
	open->allow_slow_cipher |= entry->allow_slow_cipher;
	return 0;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	struct hc_volume_open open = { 0 };
	struct hc_volume_trace trace;
	HC_CONFIG config = { 0 };
	HC_VOLTAB table = { 0 };
	int r;

	r = take_options(cmd, argc, argv, &open);
	if (r == 0)
		r = cmd_check_words(cmd, argc, 1, 2);
	if (r == 0)
		r = hc_config_load(cmd->config_path, &config);
	if (r < 0)
		return r;
	if (argc - optind == 2) {
		open.device = argv[optind];
		open.name = argv[optind + 1];
	} else {
		open.name = argv[optind];
		r = hc_voltab_load(cmd->volumes_path, &table);
		if (r == 0)
			r = take_entry(cmd, &table, &open);
		if (r < 0)
			return r;
	}
	cmd_hold_signals();
	r = hc_volume_open(&config, &open, &trace);
	cmd_release_signals();
	return r;
}

const struct cmd_verb cmd_open = {
	.name = "open",
	.run = run,
	.summary = "fetch a volume's key and make /dev/mapper/NAME",
	.help = "open [OPTION...] [DEVICE] NAME\n"
		"\n"
		"With NAME alone, device and options come from the table of volumes. Opening what\n"
		"is open already is success. Nothing of the data is read before the header's MAC\n"
		"is found right.\n"
		"\n"
		"  --header PATH         the header is there, not on the device\n"
		"  --provider NAME       ask this provider for the KEK, not the one the header "
		"names\n"
		"  --discard             pass discards on (tells which parts are unused)\n"
		"  --readonly            refuse writes\n"
		"  --allow-slow-cipher   take the kernel's generic cipher where there is no fast "
		"one\n",
	.touches_keys = true,
};
