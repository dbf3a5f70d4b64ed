// SPDX-License-Identifier: GPL-2.0
/*
 * dump_write OUTPUT [PUBLIC.pem]: standard input, read as hostcrypt-capture reads what
 * makedumpfile makes, into the new file OUTPUT, and to the disk: as it is, or through the
 * writer of encrypted dumps. Prints the bytes that were read; in nanoseconds the time
 * and the CPU's time that it took, from the first read to the end of fsync(); and the
 * most memory that there was of the program, in KiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "dump/writer.h"

/* As capture/vmcore.c has it. */
#define CHUNK (256 * 1024)

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Without a writer to @fd. */
static int copy(int fd, struct hc_dump_writer *writer, uint64_t *ret_bytes)
{
	static uint8_t buffer[CHUNK];
	ssize_t n;
	int r = 0;

	*ret_bytes = 0;
	while (r == 0 && (n = read(STDIN_FILENO, buffer, sizeof(buffer))) != 0) {
		if (n < 0)
			return hc_fail_errno(errno, "read");
		*ret_bytes += (uint64_t)n;
		if (writer)
			r = hc_dump_writer_write(writer, HC_DUMP_STREAM_VMCORE, buffer,
						 (size_t)n);
		else if ((r = hc_write_all(fd, buffer, (size_t)n)) < 0)
			r = hc_fail_errno(-r, "write");
	}
	return r;
}

static int seal(int fd, const struct hc_dump_recipient *recipient, uint64_t *ret_bytes)
{
	struct hc_dump_writer *writer = NULL;
	struct hc_dump_info info;
	int r = hc_dump_info_here("bench", &info);

	if (r == 0)
		r = hc_dump_writer_open(fd, &info, recipient, 1, &writer);
	if (r == 0)
		r = copy(fd, writer, ret_bytes);
	if (r == 0)
		r = hc_dump_writer_finish(writer);
	hc_dump_writer_close(writer);
	return r;
}

/* Unlike ru_maxrss, without what this process was before it was this program. */
static unsigned long peak_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	char line[256];

	while (file && kib == 0 && fgets(line, sizeof(line), file))
		sscanf(line, "VmHWM: %lu kB", &kib);
	if (file)
		fclose(file);
	return kib;
}

static int measure(int fd, const struct hc_dump_recipient *recipient)
{
	uint64_t began = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), bytes;
	int r = recipient ? seal(fd, recipient, &bytes) : copy(fd, NULL, &bytes);

	if (r == 0 && fsync(fd) < 0)
		r = hc_fail_errno(errno, "fsync");
	if (r < 0)
		return r;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %lu\n", bytes, now(CLOCK_MONOTONIC) - began,
	       cpu, peak_kib());
	return 0;
}

int main(int argc, char **argv)
{
	struct hc_dump_recipient recipient = { 0 };
	HC_FD fd = argc < 2 ? -1 : open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = 0;

	if (fd < 0) {
		fprintf(stderr, "dump_write OUTPUT [PUBLIC.pem]; OUTPUT is a new file\n");
		return 2;
	}
	if (argc > 2) {
		r = hc_process_harden();
		if (r == 0)
			r = hc_dump_recipient_from_pem(argv[2], "bench", &recipient);
	}
	if (r == 0)
		r = measure(fd, argc > 2 ? &recipient : NULL);
	hc_dump_recipient_free(&recipient);
	if (r < 0)
		fprintf(stderr, "dump_write: %s\n", hc_error_message());
	return hc_error_exit(r);
}
