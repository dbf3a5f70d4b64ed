// SPDX-License-Identifier: GPL-2.0
#include "capture/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/secret.h"
#include "capture/envelope.h"
#include "capture/flat.h"
#include "capture/log.h"
#include "capture/setting.h"
#include "capture/target.h"
#include "dump/environment.h"
#include "dump/filter.h"
#include "dump/state.h"

#define MODPROBE "/sbin/modprobe"
#define KLOG_READ_ALL 3
#define CHUNK (256 * 1024)
#define MIB (1024 * 1024UL)

static unsigned long sample_mib;

/* Would the module load? Each file that it takes is named in a line of its own. */
static int check_module(void)
{
	static char output[8192];
	const char *const argv[] = { MODPROBE, "--show-depends", "dm-hostcrypt", NULL };
	char *line, *save = NULL, path[512];

	if (hc_child_run(argv, NULL, output, sizeof(output)) < 0)
		return hc_fail(HC_E_DUMP_IMAGE,
			       "dm-hostcrypt is not in the capture environment, so keys could not "
			       "be hidden and no dump would be taken: %s",
			       hc_error_message());
	for (line = strtok_r(output, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "insmod %511s", path) == 1 && access(path, R_OK) < 0)
			return hc_fail(HC_E_DUMP_IMAGE,
				       "the module %s is not in the capture environment, so keys "
				       "could not be hidden and no dump would be taken",
				       path);
	return 0;
}

static int check_makedumpfile(const struct hc_dump_config *config)
{
	struct hc_dump_filter filter;
	struct utsname name;

	uname(&name);
	hc_dump_filter(config->makedumpfile, name.release, &filter);
	if (!filter.version[0])
		return hc_fail(HC_E_DUMP_IMAGE,
			       "%s does not run in the capture environment, so a dump would hold "
			       "the whole memory",
			       config->makedumpfile);
	log_say("makedumpfile %s at level %u", filter.version, filter.level);
	return 0;
}

/* The log that is there, and zeros in the place of memory. */
static int write_streams(const struct hc_dump_config *config, struct hc_dump_writer *writer)
{
	static char buffer[CHUNK];
	int n = klogctl(KLOG_READ_ALL, buffer, sizeof(buffer)), r;
	const char *text;
	size_t size;

	(void)config;
	if (n < 0)
		return hc_fail_errno(errno, "the kernel's log");
	r = hc_dump_writer_write(writer, HC_DUMP_STREAM_LOG, buffer, (size_t)n);
	memset(buffer, 0, sizeof(buffer));
	if (r == 0)
		r = flat_begin(writer);
	for (uint64_t at = 0; r == 0 && at < sample_mib * MIB; at += sizeof(buffer))
		r = flat_record(writer, at, buffer, sizeof(buffer));
	if (r == 0)
		r = flat_end(writer);
	text = log_text(&size);
	return r == 0 ? hc_dump_writer_write(writer, HC_DUMP_STREAM_CAPTURE, text, size) : r;
}

/* The state is written as it is found: it takes what is written. */
static int try_state(struct target *target)
{
	static struct hc_dump_state_place place;
	struct hc_dump_state_file state;
	int r = target_state(target, &place);

	if (r < 0 || !place.path[0])
		return r;
	r = hc_dump_state_read(&place, &state);
	return r == 0 ? hc_dump_state_write(&place, &state) : r;
}

static int write_dump(struct target *target)
{
	char host[80], name[96];
	int r = setting_read(HC_CAPTURE_HOST, host, sizeof(host));

	snprintf(name, sizeof(name), "%.60s-test", host);
	if (r == 0)
		r = target_open(target, name, time(NULL));
	if (r < 0)
		return r;
	r = envelope_write(target, host, "", write_streams);
	if (r < 0) {
		target_discard(target);
		return r;
	}
	return target_commit(target);
}

static unsigned long long milliseconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)((now.tv_sec - begin->tv_sec) * 1000 +
				    (now.tv_nsec - begin->tv_nsec) / 1000000);
}

static int run(bool keep)
{
	HC_DUMP_CONFIG config = { 0 };
	struct timespec begin;
	struct target target;
	int r = hc_dump_config_load(HC_CAPTURE_CONFIG, &config);

	if (r == 0)
		r = check_module();
	if (r == 0)
		r = check_makedumpfile(&config);
	if (r < 0)
		return r;
	target_init(&target, &config);
	target.trial = true;
	target.keep = keep;
	r = try_state(&target);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (r == 0)
		r = write_dump(&target);
	if (r == 0)
		printf("\n" HC_CAPTURE_TRIAL_RESULT "%llu %llu %s\n", (unsigned long long)target.bytes,
		       milliseconds_since(&begin), target.name);
	return r;
}

int trial(unsigned long mib, bool keep)
{
	int r = hc_process_harden();

	sample_mib = mib;
	if (r == 0)
		r = run(keep);
	if (r < 0)
		printf("\n" HC_CAPTURE_TRIAL_ERROR "%s %s\n", hc_error_word(r), hc_error_message());
	target_close();
	return hc_error_exit(r);
}
