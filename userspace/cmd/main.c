// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "cmd/output.h"
#include "volume/recovery.h"

static const struct cmd_verb *const verbs[] = {
	&cmd_create, &cmd_open, &cmd_close, &cmd_list,
	&cmd_status, &cmd_kms,	&cmd_key,   &cmd_dump,
	&cmd_version,
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct cmd_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static void print_help(void)
{
	printf("Usage: hostcrypt [OPTION...] VERB [ARGUMENT...]\n"
	       "\n"
	       "Encrypted volumes whose keys come from a key server.\n"
	       "\n"
	       "Verbs:\n");
	for (size_t i = 0; i < N_VERBS; i++)
		printf("  %-8s  %s\n", verbs[i]->name, verbs[i]->summary);
	printf("  help      explain a verb: hostcrypt help VERB\n"
	       "\n"
	       "Options, before or after the verb:\n"
	       "  --config FILE    key providers (%s)\n"
	       "  --volumes FILE   table of volumes (%s)\n"
	       "  --state FILE     what the agent last said (%s)\n"
	       "  --json           output for programs: list, status, kms check, key list, "
	       "version\n"
	       "  --help           this text, or that of a verb\n"
	       "\n"
	       "\"hostcrypt help errors\" lists the exit status of each kind of failure,\n"
	       "\"hostcrypt help recovery\" says how to open a volume without hostcrypt.\n",
	       HC_CONFIG_FILE, HC_VOLUMES_FILE, HC_STATE_FILE);
}

static void print_errors(void)
{
	printf("status  word               meaning\n");
#define X(name, status, word, text) printf("%6d  %-17s  %s\n", status, word, text);
	HC_ERRORS(X)
#undef X
}

static void print_recovery(void)
{
	char steps[HC_RECOVERY_STEPS];

	hc_recovery_steps("UUID", "DEVICE", NULL, "KEK", steps, sizeof(steps));
	printf("A volume opens without hostcrypt, on any rescue system with cryptsetup.\n"
	       "\n"
	       "With its recovery passphrase (hostcrypt create --recovery):\n"
	       "  cryptsetup open --type luks2 DEVICE NAME\n"
	       "\n"
	       "With the KEK's bytes from the key server. \"cryptsetup luksUUID DEVICE\" tells\n"
	       "the UUID; which KEK it is, the hostcrypt token tells: \"cryptsetup token export\n"
	       "--token-id 0 DEVICE\". The key of provider \"local\" is the first 32 bytes of its\n"
	       "file: od -An -v -tx1 -N32 KEK.kek | tr -d ' \\n'\n"
	       "%s"
	       "openssl takes the KEK as an argument, which other users of that system could\n"
	       "see: do this where nobody else is logged in.\n"
	       "\n"
	       "Keep a copy of the header elsewhere: cryptsetup luksHeaderBackup DEVICE\n"
	       "--header-backup-file FILE. It holds no key in the clear.\n",
	       steps);
}

static void print_verb(const struct cmd_verb *verb)
{
	printf("Usage: hostcrypt %s", verb->help);
}

static int help(const char *topic)
{
	const struct cmd_verb *verb = topic ? find_verb(topic) : NULL;

	if (!topic)
		print_help();
	else if (strcmp(topic, "errors") == 0)
		print_errors();
	else if (strcmp(topic, "recovery") == 0)
		print_recovery();
	else if (verb)
		print_verb(verb);
	else
		return hc_fail(HC_E_USAGE, "there is no verb \"%.40s\"; see \"hostcrypt help\"",
			       topic);
	return 0;
}

/* One of those that every verb knows. */
static int take_common(struct cmd *cmd, int option)
{
	switch (option) {
	case CMD_OPT_CONFIG:
		cmd->config_path = optarg;
		return 0;
	case CMD_OPT_VOLUMES:
		cmd->volumes_path = optarg;
		return 0;
	case CMD_OPT_STATE:
		cmd->state_path = optarg;
		return 0;
	case CMD_OPT_JSON:
		cmd->json = true;
		if (!cmd->verb || cmd->verb->has_json)
			return 0;
		return hc_fail(HC_E_USAGE, "\"hostcrypt %s\" has no output for --json",
			       cmd->verb->name);
	default:
		return hc_fail(HC_E_INTERNAL, "an option was forgotten");
	}
}

int cmd_next_option(struct cmd *cmd, int argc, char **argv, const struct option *options)
{
	for (;;) {
		int option, r;

		opterr = 0;
		option = getopt_long(argc, argv, ":", options, NULL);
		if (option == -1 || option >= CMD_OPT_OWN)
			return option;
		if (option == ':')
			return hc_fail(HC_E_USAGE, "%s needs a value", argv[optind - 1]);
		if (option == '?')
			return hc_fail(HC_E_USAGE, "unknown option %s; see \"hostcrypt help %s\"",
				       argv[optind - 1], cmd->verb ? cmd->verb->name : "");
		if (option == CMD_OPT_HELP) {
			if (cmd->verb)
				print_verb(cmd->verb);
			else
				print_help();
			exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
		}
		r = take_common(cmd, option);
		if (r < 0)
			return r;
	}
}

int cmd_check_words(const struct cmd *cmd, int argc, int min, int max)
{
	int words = argc - optind;

	if (words < min)
		return hc_fail(HC_E_USAGE, "something is missing; usage: hostcrypt %.*s",
			       (int)strcspn(cmd->verb->help, "\n"), cmd->verb->help);
	if (words > max)
		return hc_fail(HC_E_USAGE, "too many words; usage: hostcrypt %.*s",
			       (int)strcspn(cmd->verb->help, "\n"), cmd->verb->help);
	return 0;
}

static void change_mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(how, &set, NULL);
}

void cmd_hold_signals(void)
{
	change_mask(SIG_BLOCK);
}

void cmd_release_signals(void)
{
	change_mask(SIG_UNBLOCK);
}

/* getopt_long() must stop at the verb, whose options are the verb's. */
static int take_leading_options(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	int end = 1, r;

	while (end < argc && argv[end][0] == '-') {
		bool takes_value = strcmp(argv[end], "--config") == 0 ||
				   strcmp(argv[end], "--volumes") == 0 ||
				   strcmp(argv[end], "--state") == 0;

		end += takes_value && end + 1 < argc ? 2 : 1;
	}
	r = cmd_next_option(cmd, end, argv, options);
	return r < -1 ? r : end;
}

/* @hardened: what came of hc_process_harden(); help is for everybody. */
static int run(struct cmd *cmd, int hardened, int argc, char **argv)
{
	int at = take_leading_options(cmd, argc, argv);

	if (at < 0)
		return at;
	if (at == argc) {
		print_help();
		return hc_fail(HC_E_USAGE, "no verb given");
	}
	if (strcmp(argv[at], "help") == 0)
		return help(at + 1 < argc ? argv[at + 1] : NULL);
	cmd->verb = find_verb(argv[at]);
	if (!cmd->verb)
		return hc_fail(HC_E_USAGE, "there is no verb \"%.40s\"; see \"hostcrypt help\"",
			       argv[at]);
	if (cmd->json && !cmd->verb->has_json)
		return hc_fail(HC_E_USAGE, "\"hostcrypt %s\" has no output for --json",
			       cmd->verb->name);
	if (hardened < 0 && cmd->verb->touches_keys)
		return hardened;
	optind = 0;
	return cmd->verb->run(cmd, argc - at, argv + at);
}

int main(int argc, char **argv)
{
	int hardened = hc_process_harden();
	struct cmd cmd = {
		.config_path = HC_CONFIG_FILE,
		.volumes_path = HC_VOLUMES_FILE,
		.state_path = HC_STATE_FILE,
	};
	int r = run(&cmd, hardened, argc, argv);

	if (r == 0 && fflush(stdout) != 0)
		r = hc_fail(HC_E_SYSTEM, "cannot write the output");
	if (r == 0)
		return EXIT_SUCCESS;
	fflush(stdout);
	out_error(cmd.json, r);
	return hc_error_exit(r);
}
