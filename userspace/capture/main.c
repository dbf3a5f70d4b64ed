// SPDX-License-Identifier: GPL-2.0
/*
 * hostcrypt-capture: run once, by the boot script of the capture kernel's
 * initial RAM disk. It takes an encrypted dump of the crashed kernel to the target
 * and starts the machine again, whatever came of it.
 *
 * Nothing of the crashed kernel's memory leaves this program but through an
 * envelope. Where anything goes wrong, what was begun is removed and the target's
 * state file says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"
#include "capture/envelope.h"
#include "capture/log.h"
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

/* Should this kernel die, too, the next boot knows what to look for. */
static void note_begun(const struct target *target, const struct hc_dump_state_place *place,
		       struct hc_dump_state_file *state)
{
	log_say("writing %s", target->name);
	hc_dump_state_set(&state->now, HC_DUMP_STARTED, target->name);
	if (hc_dump_state_write(place, state) < 0)
		log_say("%s", hc_error_message());
}

/* Everything from a target that is there to a dump on it. */
static int take_dump(struct target *target, const struct hc_dump_state_place *place,
		     struct hc_dump_state_file *state)
{
	char host[80], build_id[HC_DUMP_BUILD_ID_SIZE];
	int r = vmcore_hide_keys();

	if (r == 0)
		r = setting_read(HC_CAPTURE_HOST, host, sizeof(host));
	if (r == 0)
		r = target_open(target, host, time(NULL));
	if (r < 0)
		return r;
	note_begun(target, place, state);
	vmcore_build_id(build_id);
	r = envelope_write(target, host, build_id, write_streams);
	if (r == 0)
		return target_commit(target);
	target_discard(target);
	return r;
}

/* With the state kept, before and after. */
static int capture(void)
{
	static struct hc_dump_state_place place;
	struct hc_dump_state_file state;
	HC_DUMP_CONFIG config = { 0 };
	struct target target;
	char text[1024];
	int r = hc_dump_config_load(HC_CAPTURE_CONFIG, &config);

	if (r < 0)
		return r;
	target_init(&target, &config);
	r = target_state(&target, &place);
	if (r == 0)
		r = hc_dump_state_read(&place, &state);
	if (r < 0)
		return r;
	hc_dump_state_set(&state.now, HC_DUMP_STARTED, NULL);
	r = hc_dump_state_write(&place, &state);
	if (r < 0)
		return r;
	r = take_dump(&target, &place, &state);
	snprintf(text, sizeof(text), "%s", r < 0 ? hc_error_message() : target.name);
	hc_dump_state_set(&state.now, r < 0 ? HC_DUMP_FAILED : HC_DUMP_WRITTEN, text);
	if (hc_dump_state_write(&place, &state) < 0)
		log_say("%s", hc_error_message());
	return r < 0 ? hc_fail((enum hc_error)r, "%s", text) : 0;
}

int main(int argc, char **argv)
{
	int r;

	/* It runs where nothing has crashed, and must not come to the end below. */
	if (argc > 2 && strcmp(argv[1], HC_CAPTURE_TRIAL) == 0)
		return trial(strtoul(argv[2], NULL, 10), argc > 3);
	if (!vmcore_expected()) {
		fprintf(stderr, "hostcrypt-capture is for the kernel that \"hostcrypt dump load\" "
				"loads; \"hostcrypt dump test\" tries it\n");
		return EXIT_FAILURE;
	}
	r = hc_process_harden();
	if (r == 0)
		r = capture();
	if (r < 0)
		log_say("no dump: %s", hc_error_message());
	else
		log_say("the dump is written");
	target_close();
	reboot(RB_AUTOBOOT);
	return EXIT_FAILURE;
}
