// SPDX-License-Identifier: GPL-2.0
/* "dump load", "dump unload", "dump image". */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/dump_options.h"
#include "dump/arm.h"
#include "dump/crash.h"
#include "dump/kexec.h"
#include "dump/part.h"
#include "dump/recipients.h"
#include "dump/stale.h"
#include "kernel/kdump.h"

enum { OPT_LOCK = CMD_OPT_DUMP_OWN, OPT_REBUILD };

void dump_say_image(const char *release)
{
	fprintf(stderr, "making the capture environment for kernel %s...\n", release);
}

/* The first load after a crash says what became of it, once: here, which is the
 * journal when the unit does it, and through the agent. */
static void tell_crash(const char *path)
{
	static struct hc_dump_crash crash;
	HC_DUMP_CONFIG config = { 0 };

	if (hc_dump_config_load(path, &config) < 0 || !hc_dump_crash_find(&config, &crash) ||
	    !crash.fresh)
		return;
	printf("the crash of %s %s\n", crash.entry.time, crash.text);
	fflush(stdout);
	if (hc_dump_crash_leave(&crash) < 0)
		fprintf(stderr, "hostcrypt: %s\n", hc_error_message());
}

/* Where kexec is locked nothing can be loaded; what is there may be good enough. */
static int judge_locked(const char *path, const char *providers_path)
{
	const char *why = "none of ours is loaded";

	if (hc_kdump_state("") == HC_KDUMP_ENCRYPTED)
		why = hc_dump_stale(path, providers_path);
	if (why)
		return hc_fail(HC_E_DUMP_LOAD,
			       "kexec is locked (kernel.kexec_load_disabled), so no capture kernel "
			       "can be loaded until the next boot, and %s",
			       why);
	printf("kexec is locked, and the capture kernel that is loaded is of now\n");
	return 0;
}

static void say_removed(const char *name)
{
	printf("removed %s, which a capture kernel began that died itself\n", name);
}

/* Of the other kinds of target there is one place, or it is another machine's. */
static int sweep(const struct hc_dump_target *target)
{
	return target->folder[0] ? hc_dump_part_sweep(target->folder, say_removed) : 0;
}

int dump_load(struct cmd *cmd, const char *path, bool rebuild, bool lock)
{
	HC_DUMP_RECIPIENTS recipients = { 0 };
	HC_DUMP_PLAN plan = { 0 };
	int r = hc_dump_check_foreign();

	if (r == 0)
		r = hc_dump_plan(path, rebuild, dump_say_image, &plan);
	/* Keys that cannot be read now cannot be read then. */
	if (r == 0)
		r = hc_dump_recipients_load(&plan.config, &recipients);
	if (r == 0)
		r = sweep(&plan.target);
	if (r == 0)
		r = hc_dump_arm(&plan, cmd->config_path);
	if (r == 0 && plan.target.note[0])
		fprintf(stderr, "warning: %s\n", plan.target.note);
	return r == 0 && (lock || plan.config.lock) ? hc_kexec_lock() : r;
}

static int load(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		DUMP_OPTIONS,
		{ "lock", no_argument, NULL, OPT_LOCK },
		{ "rebuild", no_argument, NULL, OPT_REBUILD },
		CMD_OPTIONS,
	};
	const char *path = HC_DUMP_CONFIG_FILE;
	bool lock = false, rebuild = false;
	HC_FD held = -1;
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0) {
		if (option == CMD_OPT_DUMP_CONFIG)
			path = optarg;
		else if (option == OPT_LOCK)
			lock = true;
		else if (option == OPT_REBUILD)
			rebuild = true;
	}
	r = option < -1 ? option : cmd_check_words(cmd, argc, 0, 0);
	if (r == 0)
		r = dump_lock(&held);
	if (r < 0)
		return r;
	tell_crash(path);
	return hc_kexec_locked() ? judge_locked(path, cmd->config_path) :
				   dump_load(cmd, path, rebuild, lock);
}

const struct cmd_verb cmd_dump_load = {
	.name = "dump load",
	.run = load,
	.summary = "load the capture kernel",
	.help = "dump load [--dump-config FILE] [--lock] [--rebuild]\n"
		"\n"
		"Loads the running kernel once more, into the memory that crashkernel= sets\n"
		"aside, with a RAM disk of ours. When this kernel panics, that one writes its\n"
		"memory to the target of dump.conf: encrypted to the recipients' public keys,\n"
		"without the pages that hold volumes' keys. What is loaded is replaced. Refused\n"
		"where kdump-tools is enabled or somebody else's capture kernel is loaded.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n"
		"  --rebuild            make the RAM disk again, also where it is of today\n"
		"  --lock               then set kernel.kexec_load_disabled: until the next boot\n"
		"                       nobody can load another kernel that would write memory in\n"
		"                       clear, nor can we load ours again; as lock = yes in\n"
		"                       dump.conf\n",
};

static int unload(struct cmd *cmd, int argc, char **argv)
{
	const char *path = HC_DUMP_CONFIG_FILE;
	HC_DUMP_CONFIG config = { 0 };
	HC_FD held = -1;
	int r = dump_take_config(cmd, argc, argv, 0, &path);

	if (r == 0)
		r = dump_lock(&held);
	if (r < 0)
		return r;
	/* A configuration that went bad is no reason to stay armed. */
	r = hc_dump_config_load(path, &config);
	return hc_dump_disarm(r == 0 ? &config : NULL);
}

const struct cmd_verb cmd_dump_unload = {
	.name = "dump unload",
	.run = unload,
	.summary = "unload the capture kernel",
	.help = "dump unload [--dump-config FILE]\n"
		"\n"
		"From then on a panic leaves no dump.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n",
};

static int image(struct cmd *cmd, int argc, char **argv)
{
	const char *path = HC_DUMP_CONFIG_FILE;
	static struct hc_dump_target target;
	static struct hc_dump_image made;
	HC_DUMP_CONFIG config = { 0 };
	struct utsname name;
	HC_FD held = -1;
	int r = dump_take_config(cmd, argc, argv, 1, &path);

	if (r == 0)
		r = dump_lock(&held);
	if (r == 0)
		r = hc_dump_config_load(path, &config);
	if (r == 0 && !config.all_modules)
		r = hc_dump_target_find(&config, &target);
	if (r < 0)
		return r;
	uname(&name);
	r = hc_dump_image_make(&config, optind < argc ? argv[optind] : name.release, &target,
			       &made);
	if (r == 0)
		printf("%s\n", made.path);
	return r;
}

const struct cmd_verb cmd_dump_image = {
	.name = "dump image",
	.run = image,
	.summary = "make the capture kernel's RAM disk",
	.help = "dump image [--dump-config FILE] [RELEASE]\n"
		"\n"
		"Makes the capture kernel's RAM disk for the running kernel or for RELEASE, as\n"
		"\"dump load\" does by itself when it finds none of today, and prints its path.\n"
		"It takes dm-hostcrypt, makedumpfile and the drivers of the target, or with\n"
		"\"modules = most\" in dump.conf all drivers there are.\n"
		"\n"
		"  --dump-config FILE   instead of " HC_DUMP_CONFIG_FILE "\n",
};
