// SPDX-License-Identifier: GPL-2.0
/* "dump test": all that a panic would set off, without the panic. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/dump_options.h"
#include "cmd/dump_tell.h"
#include "cmd/output.h"
#include "dump/arm.h"
#include "dump/check.h"
#include "dump/estimate.h"
#include "dump/reader.h"
#include "dump/stale.h"
#include "dump/trial.h"
#include "dump/unlock.h"
#include "kernel/kdump.h"

enum { OPT_KEY = CMD_OPT_DUMP_OWN, OPT_KEEP, OPT_SIZE };

#define SIZE_MIB 64
#define SIZE_MIB_MAX 65536

struct wanted {
	const char *path; /* of dump.conf */
	const char *key;
	unsigned mib;
	bool keep;
};

static int take_size(const char *text, unsigned *ret_mib)
{
	char *end;
	unsigned long mib = strtoul(text, &end, 10);

	if (*end || mib < 1 || mib > SIZE_MIB_MAX)
		return hc_fail(HC_E_USAGE, "--size takes 1 to %d, in MiB", SIZE_MIB_MAX);
	*ret_mib = (unsigned)mib;
	return 0;
}

static int take_options(struct cmd *cmd, int argc, char **argv, struct wanted *wanted)
{
	static const struct option options[] = {
		DUMP_OPTIONS,
		{ "key", required_argument, NULL, OPT_KEY },
		{ "keep", no_argument, NULL, OPT_KEEP },
		{ "size", required_argument, NULL, OPT_SIZE },
		CMD_OPTIONS,
	};
	int option, r = 0;

	while (r == 0 && (option = cmd_next_option(cmd, argc, argv, options)) != -1)
		switch (option) {
		case CMD_OPT_DUMP_CONFIG:
			wanted->path = optarg;
			break;
		case OPT_KEY:
			wanted->key = optarg;
			break;
		case OPT_KEEP:
			wanted->keep = true;
			break;
		case OPT_SIZE:
			r = take_size(optarg, &wanted->mib);
			break;
		default:
			r = option;
		}
	return r == 0 ? cmd_check_words(cmd, argc, 0, 0) : r;
}

/* Is what a panic would start now what is tried here? */
static int check_loaded(const char *path, const char *providers_path)
{
	const char *why = NULL;

	switch (hc_kdump_state("")) {
	case HC_KDUMP_OFF:
		why = "no capture kernel is loaded";
		break;
	case HC_KDUMP_ENCRYPTED:
		why = hc_dump_stale(path, providers_path);
		break;
	case HC_KDUMP_CLEAR:
		why = "somebody else's capture kernel is loaded";
		break;
	}
	if (!why) {
		dump_tell_good("loaded", "the capture kernel that is loaded is of now");
		return 0;
	}
	return hc_fail(HC_E_DUMP_LOAD, "%s; \"systemctl reload-or-restart hostcrypt-dump\" loads it",
		       why);
}

/* Every frame of it, with a recipient's private key. */
static int read_back(const struct hc_dump_trial *trial, const char *key)
{
	HC_FD fd = open(trial->path, O_RDONLY | O_CLOEXEC);
	struct hc_dump_reader *reader = NULL;
	HC_SECRET dump_key = { 0 };
	enum hc_dump_stream stream;
	const uint8_t *data;
	size_t size;
	int r = fd < 0 ? hc_fail_errno(errno, "%s", trial->path) : 0;

	if (r == 0)
		r = hc_dump_reader_open(fd, &reader);
	if (r < 0)
		return r;
	r = hc_dump_unlock_pem(hc_dump_reader_header(reader), key, &dump_key);
	if (r == 0)
		r = hc_dump_reader_unlock(reader, &dump_key);
	if (r == 0)
		r = 1;
	while (r > 0)
		r = hc_dump_reader_next(reader, &stream, &data, &size);
	hc_dump_reader_close(reader);
	return r;
}

static int judge(const struct hc_dump_trial *trial, const char *key)
{
	int r;

	if (trial->elsewhere) {
		dump_tell_note("structure",
			       "not looked at: the other host says that it has all of it on its "
			       "disk, and shows it to nobody; \"dump verify\" can be run there, after "
			       "--keep");
		return 0;
	}
	r = hc_dump_trial_verify(trial);
	if (r < 0)
		return r;
	dump_tell_good("structure", "whole: header, frames, end");
	if (!key) {
		dump_tell_note("contents",
			       "not looked at: this host cannot read its dumps; where the private "
			       "key is, --key FILE reads the test back");
		return 0;
	}
	r = read_back(trial, key);
	if (r == 0)
		dump_tell_good("contents", "every frame read back with %s", key);
	return r;
}

/* What the sample's speed means for a dump of this machine's memory. */
static void extrapolate(const struct hc_dump_plan *plan, const struct hc_dump_trial *trial)
{
	struct hc_dump_filter filter;
	char bytes[OUT_SIZE], rate[OUT_SIZE], size[OUT_SIZE], span[OUT_SIZE], room[OUT_SIZE];
	uint64_t estimate, per_second;

	per_second = trial->bytes * 1000 / (trial->milliseconds ? trial->milliseconds : 1);
	hc_dump_filter(plan->config.makedumpfile, plan->release, &filter);
	estimate = hc_dump_estimate(&filter);
	dump_tell_good("speed", "%s in %llu ms, %s/s; a dump of now: %s, %s; there is room for %s",
		       out_size(trial->bytes, bytes), (unsigned long long)trial->milliseconds,
		       out_size(per_second, rate), out_size(estimate, size),
		       out_span(estimate / (per_second ? per_second : 1) + 1, span),
		       out_size(plan->target.free_bytes, room));
}

/* Leaves a dump, looks at it, takes it away again. */
static int try_all(struct cmd *cmd, const struct wanted *wanted, const struct hc_dump_plan *plan)
{
	static struct hc_dump_trial trial;
	int r, removed = 0;

	/* A test dump that nobody takes away would be in the way of a real one. */
	cmd_hold_signals();
	r = hc_dump_trial_run(plan, cmd->config_path, wanted->mib, wanted->keep, &trial);
	if (r < 0)
		return r;
	dump_tell_good("trial", "%s, written by the program that would write dumps, out of the "
				"RAM disk that would be loaded",
		       trial.path);
	r = judge(&trial, wanted->key);
	if (r == 0)
		extrapolate(plan, &trial);
	if (!wanted->keep)
		removed = hc_dump_trial_remove(&trial);
	return r < 0 ? r : removed;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	struct wanted wanted = { .path = HC_DUMP_CONFIG_FILE, .mib = SIZE_MIB };
	HC_DUMP_CONFIG config = { 0 };
	HC_DUMP_PLAN plan = { 0 };
	HC_FD held = -1;
	int r = take_options(cmd, argc, argv, &wanted);

	if (r == 0)
		r = dump_lock(&held);
	if (r == 0)
		r = hc_dump_config_load(wanted.path, &config);
	if (r == 0)
		r = hc_dump_check(&config, cmd->config_path, dump_tell);
	if (r == 0)
		r = hc_dump_plan(wanted.path, false, dump_say_image, &plan);
	/* With an image that had to be made just now it is not of now. */
	if (r == 0)
		r = check_loaded(wanted.path, cmd->config_path);
	if (r == 0)
		r = try_all(cmd, &wanted, &plan);
	if (r < 0)
		return hc_context(r, "a panic would not leave a good dump");
	printf("\nA panic would leave a dump. Not tried: the panic itself, hiding the keys and "
	       "reading /proc/vmcore.\n");
	return 0;
}

const struct cmd_verb cmd_dump_test = {
	.name = "dump test",
	.run = run,
	.summary = "a dry run of everything but the panic",
	.help = "dump test [--key FILE] [--size MIB] [--keep] [--dump-config FILE]\n"
		"\n"
		"Looks at everything as \"dump enable\" does, and whether what is loaded is of\n"
		"now. Then unpacks the RAM disk that would be loaded and runs the program that\n"
		"would write dumps in it, out of its own libraries and settings: it writes a test\n"
		"dump of zeros and the kernel's log to the real target, by the way that a real one\n"
		"goes. Checks that this is whole, says how fast it was and what that means for\n"
		"this machine's memory, and removes it.\n"
		"\n"
		"  --key FILE           a recipient's private key: also read the test dump back\n"
		"  --size MIB           of zeros (64)\n"
		"  --keep               leave the test dump where it is\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n",
	.touches_keys = true,
};
