// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are whole whenever the power goes: made, or made anew under
 * another name and renamed, with all the fsyncs that this takes; when that is
 * done, a mark "file:NUMBER:GENERATION" goes into the log of dm-log-writes.
 *
 *	hc-files make FOLDER LOG FILES TURNS SEED
 *	hc-files check FOLDER		with the marks on standard input
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mark.h"
#include "lib/record.h"

#define FILES 256
#define RECORDS_MAX 200

static _Noreturn void die(const char *what)
{
	printf("hc-files: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* A file's size follows from which one it is. */
static size_t file_size(unsigned int number, uint64_t generation)
{
	uint64_t x = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) + generation * 0x85ebca77;

	return (1 + (x >> 20) % RECORDS_MAX) * RECORD_SIZE;
}

/* Where its records say that they belong. */
static uint64_t file_base(unsigned int number)
{
	return (uint64_t)number << 32;
}

static void write_file(int folder, const char *name, unsigned int number, uint64_t generation)
{
	static uint8_t data[RECORDS_MAX * RECORD_SIZE];
	size_t bytes = file_size(number, generation);
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	records_make(data, bytes, file_base(number), generation);
	if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes || fsync(fd) || close(fd))
		die(name);
}

static int make(const char *path, const char *log, unsigned int files, unsigned int turns,
		uint64_t seed)
{
	uint64_t generation[FILES] = { 0 }, random = seed | 1;
	int folder = open(path, O_RDONLY | O_DIRECTORY);

	if (folder < 0)
		die(path);
	while (turns--) {
		char name[32], other[40];
		unsigned int number;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		number = (unsigned int)(random >> 33) % files;
		snprintf(name, sizeof(name), "file%u", number);
		snprintf(other, sizeof(other), "%s.new", name);
		generation[number]++;
		write_file(folder, generation[number] > 1 ? other : name, number,
			   generation[number]);
		if (generation[number] > 1 && renameat(folder, other, folder, name))
			die("rename");
		if (fsync(folder))
			die(path);
		mark(log, "file:%u:%" PRIu64, number, generation[number]);
	}
	close(folder);
	return 0;
}

static void wrong(unsigned int number, uint64_t acked, const char *what)
{
	printf("file%u, acknowledged as generation %" PRIu64 ": %s\n", number, acked, what);
	exit(1);
}

static void check_file(int folder, unsigned int number, uint64_t acked)
{
	static uint8_t data[(RECORDS_MAX + 1) * RECORD_SIZE];
	uint64_t generation, other;
	char name[32];
	ssize_t bytes;
	size_t at;
	int fd;

	snprintf(name, sizeof(name), "file%u", number);
	fd = openat(folder, name, O_RDONLY);
	bytes = fd < 0 ? -1 : read(fd, data, sizeof(data));
	if (bytes < RECORD_SIZE)
		wrong(number, acked, "it is not there");
	close(fd);
	if (!record_read(data, file_base(number), &generation) || generation < acked)
		wrong(number, acked, "it is not that one");
	if ((size_t)bytes != file_size(number, generation))
		wrong(number, acked, "it is cut");
	for (at = 0; at < (size_t)bytes; at += RECORD_SIZE)
		if (!record_read(data + at, file_base(number) + at, &other) ||
		    other != generation)
			wrong(number, acked, "it is not whole");
}

static int check(const char *path)
{
	uint64_t acked[FILES] = { 0 }, generation;
	int folder = open(path, O_RDONLY | O_DIRECTORY);
	unsigned int number, files = 0;
	char line[512];

	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "file:%u:%" SCNu64, &number, &generation) == 2 && number < FILES)
			acked[number] = generation;
	for (number = 0; number < FILES; number++) {
		if (!acked[number])
			continue;
		/* Before the first mark there may be no folder yet. */
		if (folder < 0)
			die(path);
		check_file(folder, number, acked[number]);
		files++;
	}
	printf("%u files\n", files);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "make") && strtoul(argv[4], NULL, 0) <= FILES)
		return make(argv[2], argv[3], (unsigned int)strtoul(argv[4], NULL, 0),
			    (unsigned int)strtoul(argv[5], NULL, 0), strtoull(argv[6], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	printf("usage: hc-files make FOLDER LOG FILES TURNS SEED\n"
	       "       hc-files check FOLDER\n");
	return 2;
}
