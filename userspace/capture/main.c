// SPDX-License-Identifier: GPL-2.0
/*
 * hostcrypt-capture: run once, by the boot script of the capture kernel's
 * initial RAM disk. It takes an encrypted dump of the crashed kernel to the target
 * and starts the machine again, whatever came of it: the work is done in a process
 * of its own, under a guard.
 *
 * Nothing of the crashed kernel's memory leaves this program but through an
 * envelope. Where anything goes wrong, what was begun is removed and the target's
 * state file says why.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"
#include "capture/envelope.h"
#include "capture/guard.h"
#include "capture/log.h"
#include "capture/progress.h"
#include "capture/setting.h"
#include "capture/target.h"
#include "capture/trial.h"
#include "capture/vmcore.h"
#include "dump/config.h"
#include "dump/environment.h"
#include "dump/filter.h"
#include "dump/state.h"

/* The streams of a dump, in the order in which they are worth most. */
static int write_streams(const struct hc_dump_config *config, struct hc_dump_writer *writer)
{
	struct hc_dump_filter filter;
	struct utsname name;
	const char *text;
	size_t size;
	int r;

	uname(&name);
	progress_await("makedumpfile");
	hc_dump_filter(config->makedumpfile, name.release, &filter);
	if (filter.note)
		log_say("%s", filter.note);
	r = vmcore_write_log(config->makedumpfile, writer);
	if (r == 0)
		r = vmcore_write(config->makedumpfile, filter.version, filter.level, writer);
	if (r < 0)
		return r;
	text = log_text(&size);
	return hc_dump_writer_write(writer, HC_DUMP_STREAM_CAPTURE, text, size);
}

/* What was begun, also for whoever cleans up after the work. */
static struct begun {
	struct target target;
	struct hc_dump_state_place place;
	bool told; /* the state says what became of it */
} *begun;

/* One that cannot be kept is no reason against a dump. */
static void keep_state(enum hc_dump_state word, const char *text)
{
	struct hc_dump_state_file state;
	int r = hc_dump_state_read(&begun->place, &state);

	if (r == 0) {
		hc_dump_state_set(&state.now, word, text);
		r = hc_dump_state_write(&begun->place, &state);
	}
	if (r < 0)
		log_say("what becomes of the dump is not kept: %s", hc_error_message());
}

/* Everything from a target that is there to a dump on it. */
static int take_dump(struct target *target)
{
	char host[80], build_id[HC_DUMP_BUILD_ID_SIZE];
	int r;

	progress_await("hiding the pages with keys");
	r = vmcore_hide_keys();
	if (r == 0)
		r = setting_read(HC_CAPTURE_HOST, host, sizeof(host));
	progress_await(PROGRESS_TARGET);
	if (r == 0)
		r = target_open(target, host, time(NULL));
	if (r < 0)
		return r;
	log_say("writing %s", target->name);
	/* Should this kernel die, too, the next boot knows what to look for. */
	keep_state(HC_DUMP_STARTED, target->name);
	vmcore_build_id(build_id);
	r = envelope_write(target, host, build_id, write_streams);
	progress_await(PROGRESS_TARGET);
	if (r == 0)
		return target_commit(target);
	target_discard(target);
	return r;
}

/* With the state kept, before and after. */
static int capture(void)
{
	HC_DUMP_CONFIG config = { 0 };
	char text[1024];
	int r = hc_dump_config_load(HC_CAPTURE_CONFIG, &config);

	if (r < 0)
		return r;
	progress_set_limit(config.stall_limit);
	target_init(&begun->target, &config);
	progress_await(PROGRESS_TARGET);
	r = target_state(&begun->target, &begun->place);
	if (r < 0)
		return r;
	keep_state(HC_DUMP_STARTED, NULL);
	r = take_dump(&begun->target);
	snprintf(text, sizeof(text), "%s", r < 0 ? hc_error_message() : begun->target.name);
	keep_state(r < 0 ? HC_DUMP_FAILED : HC_DUMP_WRITTEN, text);
	begun->told = true;
	return r < 0 ? hc_fail((enum hc_error)r, "%s", text) : 0;
}

static int work(void)
{
	int r = hc_process_harden();

	if (r == 0)
		r = capture();
	if (r < 0)
		log_say("no dump: %s", hc_error_message());
	else
		log_say("the dump is written");
	target_close();
	return r;
}

/* The work ended without a word, because of @why. */
static void clean(const char *why)
{
	HC_DUMP_CONFIG config = { 0 };

	if (begun->told || hc_dump_config_load(HC_CAPTURE_CONFIG, &config) < 0)
		return;
	begun->target.config = &config;
	/* Before anything that may take long: another host may have to be asked. */
	keep_state(HC_DUMP_FAILED, why);
	if (hc_fail(HC_E_SYSTEM, "%s", why) < 0)
		target_recover(&begun->target);
	if (strcmp(hc_error_message(), why) != 0)
		keep_state(HC_DUMP_FAILED, hc_error_message());
	target_close();
}

int main(int argc, char **argv)
{
	/* Who is written to may be gone, ssh or a console: then writing fails. */
	signal(SIGPIPE, SIG_IGN);
	/* It runs where nothing has crashed, and must not come to the end below. */
	if (argc > 2 && strcmp(argv[1], HC_CAPTURE_TRIAL) == 0)
		return trial(strtoul(argv[2], NULL, 10), argc > 3);
	if (!vmcore_expected()) {
		fprintf(stderr, "hostcrypt-capture is for the kernel that \"hostcrypt dump load\" "
				"loads; \"hostcrypt dump test\" tries it\n");
		return EXIT_FAILURE;
	}
	begun = progress_shared(sizeof(*begun));
	if (begun && progress_begin() == 0)
		guard_run(work, clean);
	else
		log_say("no dump: out of memory");
	guard_restart();
	return EXIT_FAILURE;
}
