// SPDX-License-Identifier: GPL-2.0
/* "dump enable": from a host without dumps to one that is armed at each boot. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/voltab.h"
#include "cmd/dump_options.h"
#include "cmd/dump_tell.h"
#include "cmd/output.h"
#include "dump/arm.h"
#include "dump/check.h"
#include "dump/kexec.h"
#include "dump/unit.h"

enum { OPT_RECIPIENT = CMD_OPT_OWN, OPT_LABEL, OPT_TARGET, OPT_LOCK };

#define RECIPIENTS_MAX 16
#define FOLDER "/etc/hostcrypt"
#define FRESH HC_DUMP_CONFIG_FILE ".new"
#define USUAL_TARGET "file:/var/crash"
#define TEXT_MAX (64 * 1024)

/* What dump.conf shall say. */
struct wanted {
	const char *pem[RECIPIENTS_MAX];
	const char *label[RECIPIENTS_MAX];
	size_t n;
	const char *target;
	bool lock;
};

static int add_recipient(struct wanted *wanted, const char *pem)
{
	if (wanted->n == RECIPIENTS_MAX)
		return hc_fail(HC_E_USAGE, "a dump takes %d recipients at most", RECIPIENTS_MAX);
	wanted->pem[wanted->n++] = pem;
	return 0;
}

static int add_label(struct wanted *wanted, const char *label)
{
	if (wanted->n == 0 || wanted->label[wanted->n - 1])
		return hc_fail(HC_E_USAGE, "--label stands behind the --recipient that it names");
	wanted->label[wanted->n - 1] = label;
	return 0;
}

static int take_options(struct cmd *cmd, int argc, char **argv, struct wanted *wanted)
{
	static const struct option options[] = {
		{ "recipient", required_argument, NULL, OPT_RECIPIENT },
		{ "label", required_argument, NULL, OPT_LABEL },
		{ "target", required_argument, NULL, OPT_TARGET },
		{ "lock", no_argument, NULL, OPT_LOCK },
		CMD_OPTIONS,
	};
	int option, r = 0;

	while (r == 0 && (option = cmd_next_option(cmd, argc, argv, options)) != -1)
		switch (option) {
		case OPT_RECIPIENT:
			r = add_recipient(wanted, optarg);
			break;
		case OPT_LABEL:
			r = add_label(wanted, optarg);
			break;
		case OPT_TARGET:
			wanted->target = optarg;
			break;
		case OPT_LOCK:
			wanted->lock = true;
			break;
		default:
			r = option;
		}
	return r == 0 ? cmd_check_words(cmd, argc, 0, 0) : r;
}

/* Without --label a key is called as its file is, without ".pem". */
static int print_recipient(FILE *file, const char *pem, const char *label)
{
	char *path = realpath(pem, NULL);
	char name[HC_NAME_MAX];
	const char *base;

	if (!path)
		return hc_fail(HC_E_DUMP_KEY, "%s: %s", pem, strerror(errno));
	base = strrchr(path, '/') + 1;
	snprintf(name, sizeof(name), "%s", base);
	if (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".pem") == 0)
		name[strlen(name) - 4] = '\0';
	fprintf(file, "\n[recipient %s]\npublic-key = %s\n", label ? label : name, path);
	free(path);
	return 0;
}

static int make_text(const struct wanted *wanted, char **ret_text)
{
	size_t size = 0;
	FILE *file = open_memstream(ret_text, &size);
	int r = 0;

	if (!file)
		return hc_fail(HC_E_MEMORY, "out of memory");
	fprintf(file, "# Encrypted dumps of this host; \"hostcrypt help dump enable\".\n\n"
		      "[dump]\ntarget = %s\n",
		wanted->target ? wanted->target : USUAL_TARGET);
	if (wanted->lock)
		fputs("lock = yes\n", file);
	for (size_t i = 0; i < wanted->n && r == 0; i++)
		r = print_recipient(file, wanted->pem[i], wanted->label[i]);
	if (fclose(file) != 0 && r == 0)
		r = hc_fail(HC_E_MEMORY, "out of memory");
	return r;
}

/* Is dump.conf just @text? An enable that is said again is no mistake. */
static bool is_there(const char *text)
{
	static char kept[TEXT_MAX];
	FILE *file = fopen(HC_DUMP_CONFIG_FILE, "re");
	size_t n = file ? fread(kept, 1, sizeof(kept) - 1, file) : 0;

	if (file)
		fclose(file);
	kept[n] = '\0';
	return strcmp(kept, text) == 0;
}

static int write_fresh(const char *text)
{
	FILE *file;

	if (mkdir(FOLDER, 0755) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, FOLDER);
	/* The usual target is made where it is not there; others are looked at first. */
	if (strstr(text, "target = " USUAL_TARGET "\n") && mkdir("/var/crash", 0700) < 0 &&
	    errno != EEXIST)
		return hc_fail_errno(errno, "/var/crash");
	file = fopen(FRESH, "we");
	if (!file)
		return hc_fail_errno(errno, FRESH);
	fputs(text, file);
	if (fflush(file) != 0 || fsync(fileno(file)) < 0 || fclose(file) != 0)
		return hc_fail_errno(errno, FRESH);
	return 0;
}

/*
 * The file to work with: dump.conf as it is, or a new one beside it that becomes
 * dump.conf once everything was found good.
 */
static int choose_config(const struct wanted *wanted, const char **ret_path)
{
	bool there = access(HC_DUMP_CONFIG_FILE, F_OK) == 0;
	char *text = NULL;
	int r = 0;

	*ret_path = HC_DUMP_CONFIG_FILE;
	if (there && wanted->n == 0 && !wanted->target && !wanted->lock)
		return 0;
	if (!there && wanted->n == 0)
		return hc_fail(HC_E_USAGE,
			       "there is no " HC_DUMP_CONFIG_FILE " yet; say who shall be able to "
			       "read dumps: --recipient FILE.pem, a public key");
	r = make_text(wanted, &text);
	if (r == 0 && there && !is_there(text))
		r = hc_fail(HC_E_CONFIG,
			    HC_DUMP_CONFIG_FILE " is there and says otherwise than these options; "
			    "edit it and leave them out, or remove it");
	if (r == 0 && !there) {
		*ret_path = FRESH;
		r = write_fresh(text);
	}
	free(text);
	return r;
}

/* Everything is looked at before anything is changed. */
static int look(struct cmd *cmd, const char *path, struct hc_dump_plan *plan)
{
	HC_DUMP_CONFIG config = { 0 };
	int r = hc_dump_config_load(path, &config);

	if (r == 0)
		r = hc_dump_check(&config, cmd->config_path, dump_tell);
	if (r < 0)
		return hc_context(r, "nothing was changed");
	return hc_dump_plan(path, false, dump_say_image, plan);
}

/* The new file becomes dump.conf, and stays that. */
static int keep_fresh(void)
{
	HC_FD folder = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || rename(FRESH, HC_DUMP_CONFIG_FILE) < 0 || fsync(folder) < 0)
		return hc_fail_errno(errno, HC_DUMP_CONFIG_FILE);
	return 0;
}

/* From a configuration that was found good to one that counts. */
static int settle(struct cmd *cmd, const struct wanted *wanted, struct hc_dump_plan *plan)
{
	const char *path = NULL;
	HC_FD held = -1;
	int r = dump_lock(&held);

	if (r == 0)
		r = choose_config(wanted, &path);
	if (r < 0)
		return r;
	r = look(cmd, path, plan);
	if (r == 0 && strcmp(path, FRESH) == 0)
		r = keep_fresh();
	if (r < 0)
		unlink(FRESH);
	return r;
}

/* The unit's own "dump load" takes the lock, so that nobody has it here. */
static int arm(struct cmd *cmd)
{
	HC_FD held = -1;
	int r;

	if (hc_dump_unit_systemd())
		return hc_dump_unit_enable();
	r = dump_lock(&held);
	if (r < 0 || hc_kexec_locked())
		return r;
	return dump_load(cmd, HC_DUMP_CONFIG_FILE, false, false);
}

/* A real panic, which a user may try next, writes nothing more to the disks: also the
 * links that systemd made are there by then. */
static int sync_settings(void)
{
	HC_FD folder = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || syncfs(folder) < 0)
		return hc_fail_errno(errno, "what was set up is not on the disk: /etc");
	return 0;
}

/* What is armed, who can read, how to try it. */
static void conclude(const struct hc_dump_plan *plan)
{
	const struct hc_dump_config *config = &plan->config;
	char aside[OUT_SIZE], needed[OUT_SIZE];

	printf("\nArmed: a panic of kernel %s leaves a dump at %s (it takes some %s of the %s set "
	       "aside)%s.\n",
	       plan->release, config->target.text, out_size(plan->needed_bytes, needed),
	       out_size(plan->crash_bytes, aside),
	       hc_dump_unit_systemd() ? ", from each boot on" : "");
	if (plan->target.note[0])
		printf("Not yet: %s.\n", plan->target.note);
	printf("Readable by: ");
	for (size_t i = 0; i < config->n_recipients; i++)
		printf("%s%s", i ? ", " : "", config->recipients[i].name);
	printf(", with a private key that is not to be on this host.\n");
	printf("Try it: \"hostcrypt dump test\"; for real, on a host without VMs: \"echo c "
	       ">/proc/sysrq-trigger\".\n");
	if (!hc_dump_unit_systemd())
		printf("systemd does not run here: have \"hostcrypt dump load\" run at each "
		       "boot.\n");
}

static int enable(struct cmd *cmd, int argc, char **argv)
{
	struct wanted wanted = { 0 };
	HC_DUMP_PLAN plan = { 0 };
	int r = take_options(cmd, argc, argv, &wanted);

	if (r == 0)
		r = settle(cmd, &wanted, &plan);
	if (r == 0)
		r = arm(cmd);
	if (r == 0)
		r = sync_settings();
	if (r == 0)
		conclude(&plan);
	return r;
}

const struct cmd_verb cmd_dump_enable = {
	.name = "dump enable",
	.run = enable,
	.summary = "set this host up for encrypted dumps",
	.help = "dump enable [--recipient FILE.pem [--label LABEL]]... [--target TARGET] [--lock]\n"
		"\n"
		"Looks at everything that a dump depends on and says what is wrong with it and\n"
		"what to do; writes " HC_DUMP_CONFIG_FILE " where there is none; makes\n"
		"the capture environment; starts hostcrypt-dump.service, now and at each boot. As\n"
		"long as anything is bad nothing is changed. Said again it does no harm.\n"
		"\n"
		"  --recipient FILE.pem   a public key (RSA of 3072 bits or more, X25519) whose\n"
		"                         owner can read dumps; the file stays where it is. For\n"
		"                         keys at a key server write dump.conf yourself (\"dump\n"
		"                         key\" prints the lines)\n"
		"  --label LABEL          what that key is called; unless said, as its file is\n"
		"  --target TARGET        where dumps go; " USUAL_TARGET " unless said\n"
		"  --lock                 once loaded nobody can load another kernel until the\n"
		"                         next boot (\"hostcrypt help dump load\")\n",
	.touches_keys = true,
};

static int disable(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	HC_DUMP_CONFIG config = { 0 };
	HC_FD held = -1;
	int r = cmd_next_option(cmd, argc, argv, options);

	r = r < -1 ? r : cmd_check_words(cmd, argc, 0, 0);
	if (r == 0 && hc_dump_unit_systemd() && strcmp(hc_dump_unit_state(), "not-found") != 0)
		r = hc_dump_unit_disable();
	/* Not before: the unit's own "dump unload" takes it. */
	if (r == 0)
		r = dump_lock(&held);
	if (r < 0)
		return r;
	/* The unit has done this where it ran. */
	r = hc_dump_config_load(HC_DUMP_CONFIG_FILE, &config);
	r = hc_dump_disarm(r == 0 ? &config : NULL);
	if (r < 0)
		return r;
	printf("A panic leaves no dump any more. Still there: dumps, " HC_DUMP_CONFIG_FILE ", the\n"
	       "capture environments in " HC_DUMP_IMAGE_FOLDER ", and the memory that\n"
	       "crashkernel= sets aside at boot.\n");
	return 0;
}

const struct cmd_verb cmd_dump_disable = {
	.name = "dump disable",
	.run = disable,
	.summary = "no dumps any more",
	.help = "dump disable\n"
		"\n"
		"Stops hostcrypt-dump.service, for good, and unloads the capture kernel. Says what\n"
		"stays. \"dump enable\" brings it back.\n",
};
