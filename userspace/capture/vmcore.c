// SPDX-License-Identifier: GPL-2.0
#include "capture/vmcore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "capture/flat.h"
#include "capture/log.h"
#include "capture/progress.h"
#include "dump/environment.h"

#define MODPROBE "/sbin/modprobe"
#define PARAMETER "/sys/module/dm_hostcrypt/parameters/registry"
#define CHUNK (256 * 1024)
/* What the crashed kernel says of itself stands before its memory. */
#define NOTES_SIZE (1024 * 1024)

/* The word of the command line behind "hostcrypt.registry=", or "". */
static void find_registry(char *ret_value, size_t size)
{
	static char line[4096];
	HC_FD fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	const char *at;

	line[n > 0 ? n : 0] = '\0';
	at = strstr(line, HC_CAPTURE_REGISTRY);
	at = at ? at + strlen(HC_CAPTURE_REGISTRY) : "";
	snprintf(ret_value, size, "%.*s", (int)strcspn(at, " \n"), at);
}

bool vmcore_expected(void)
{
	char value[32];

	find_registry(value, sizeof(value));
	return value[0];
}

int vmcore_hide_keys(void)
{
	char value[32], word[64], output[1024];
	/* A module that is there already was not told, and hides nothing. */
	const char *const argv[] = { MODPROBE, "--first-time", "dm-hostcrypt", word, NULL };

	find_registry(value, sizeof(value));
	if (!*value)
		return hc_fail(HC_E_DUMP_REGISTRY,
			       "the command line does not say where the registry of keys is");
	snprintf(word, sizeof(word), "registry=%s", value);
	if (hc_child_run(argv, NULL, output, sizeof(output)) < 0)
		return hc_fail(HC_E_DUMP_REGISTRY,
			       "the crashed kernel's registry of keys at %s cannot be used, so "
			       "keys could be in a dump; none was taken (%s)",
			       value, output[0] ? output : hc_error_message());
	/* The kernel lets a module without this parameter in, with no error. */
	if (access(PARAMETER, F_OK) < 0)
		return hc_fail(HC_E_DUMP_REGISTRY,
			       "this dm-hostcrypt knows of no registry of keys, so keys could be "
			       "in a dump; none was taken");
	log_say("pages with keys are hidden (registry at %s)", value);
	return 0;
}

void vmcore_build_id(char ret_id[HC_DUMP_BUILD_ID_SIZE])
{
	static char notes[NOTES_SIZE];
	HC_FD fd = open(VMCORE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, notes, sizeof(notes), 0);
	const char *at = n > 0 ? memmem(notes, (size_t)n, "BUILD-ID=", 9) : NULL;

	ret_id[0] = '\0';
	if (!at || !hc_vmcoreinfo_build_id(at, (size_t)(notes + n - at), ret_id))
		log_say("the crashed kernel does not tell its build id");
}

/* Everything that comes out of @fd goes into @stream. @ret_bytes: how much that was, also
 * what could not be written. */
static int copy(int fd, struct hc_dump_writer *writer, enum hc_dump_stream stream,
		uint64_t *ret_bytes)
{
	static uint8_t buffer[CHUNK];
	ssize_t n;

	*ret_bytes = 0;
	while (progress_await("makedumpfile"), (n = read(fd, buffer, sizeof(buffer))) != 0) {
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hc_fail_errno(errno, "read what is to be dumped");
		*ret_bytes += (uint64_t)n;
		progress_await(PROGRESS_TARGET);
		r = hc_dump_writer_write(writer, stream, buffer, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

int vmcore_write_log(const char *makedumpfile, struct hc_dump_writer *writer)
{
	/* In memory: the root of this environment is nowhere else. */
	static const char path[] = "/run/kernel-log";
	const char *const argv[] = { makedumpfile, "--dump-dmesg", VMCORE, path, NULL };
	char output[2048];
	HC_FD fd = -1;
	uint64_t bytes;
	int r;

	progress_await("makedumpfile");
	if (hc_child_run(argv, NULL, output, sizeof(output)) < 0) {
		log_say("no kernel log of its own: %s", hc_error_message());
		return 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	if (fd < 0) {
		log_say("no kernel log of its own: %s", strerror(errno));
		return 0;
	}
	r = copy(fd, writer, HC_DUMP_STREAM_LOG, &bytes);
	if (r == 0)
		log_say("kernel log: %llu bytes", (unsigned long long)bytes);
	return r;
}

/* All of the memory as it is, in the same form. */
static int write_whole(struct hc_dump_writer *writer)
{
	static uint8_t buffer[CHUNK];
	HC_FD fd = open(VMCORE, O_RDONLY | O_CLOEXEC);
	uint64_t at = 0;
	ssize_t n;
	int r;

	if (fd < 0)
		return hc_fail_errno(errno, VMCORE);
	progress_await(PROGRESS_TARGET);
	r = flat_begin(writer);
	while (r == 0 && (n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hc_fail_errno(errno, VMCORE);
		r = flat_record(writer, at, buffer, (size_t)n);
		progress_step();
		at += (uint64_t)n;
	}
	if (r == 0)
		r = flat_end(writer);
	if (r == 0)
		log_say("memory: %llu bytes, all of it", (unsigned long long)at);
	return r;
}

/* @ret_bytes: how much came out of it, also when it failed. */
static int write_filtered(const char *makedumpfile, unsigned level, struct hc_dump_writer *writer,
			  uint64_t *ret_bytes)
{
	char number[16];
	const char *const argv[] = { makedumpfile,	"-F", "-d",   number,
				     "--message-level", "6",  VMCORE, NULL };
	HC_FD messages = memfd_create("messages", MFD_CLOEXEC);
	int pipes[2], r, ended;
	pid_t pid;

	*ret_bytes = 0;
	snprintf(number, sizeof(number), "%u", level);
	if (messages < 0 || pipe2(pipes, O_CLOEXEC) < 0)
		return hc_fail_errno(errno, "a pipe for %s", makedumpfile);
	r = hc_child_start(argv, NULL, pipes[1], messages, &pid);
	close(pipes[1]);
	if (r == 0) {
		char why[1024];

		r = copy(pipes[0], writer, HC_DUMP_STREAM_VMCORE, ret_bytes);
		close(pipes[0]);
		snprintf(why, sizeof(why), "%s", r < 0 ? hc_error_message() : "");
		/* Where the writer failed, SIGPIPE ends it. */
		ended = hc_child_wait(pid, makedumpfile);
		log_lines("makedumpfile", messages);
		if (r < 0)
			return hc_fail((enum hc_error)r, "%s", why);
		return ended;
	}
	close(pipes[0]);
	return r;
}

int vmcore_write(const char *makedumpfile, const char *version, unsigned level,
		 struct hc_dump_writer *writer)
{
	uint64_t bytes;
	int r;

	if (!version[0])
		return write_whole(writer);
	r = write_filtered(makedumpfile, level, writer, &bytes);
	if (r == 0 && bytes == 0)
		r = hc_fail(HC_E_SYSTEM, "%s wrote nothing", makedumpfile);
	if (r == 0)
		log_say("memory: %llu bytes from makedumpfile %s at level %u",
			(unsigned long long)bytes, version, level);
	/* Where there was something it may be the target that failed; then nothing more goes
	 * there. */
	if (r == 0 || bytes > 0)
		return r;
	log_say("%s; all of the memory is taken instead", hc_error_message());
	return write_whole(writer);
}
