// SPDX-License-Identifier: GPL-2.0
/*
 * Find many strings of 16 bytes in a large file, in one pass.
 *
 *	memgrep [--read] FILE <PATTERNS
 *
 * FILE is mapped into memory; with --read it is read, which /proc/vmcore does in
 * another way.
 *
 * A pattern is a line "WORDS... HEX" with 32 hex digits last. For each pattern
 * and page of 4096 bytes with hits: "WORDS... PAGE COUNT". Then "read BYTES".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEEDLE 16
#define PAGE 4096
#define MANY 8192
#define CHUNK (4 << 20)

static struct pattern {
	char words[80];
	uint8_t needle[NEEDLE];
	int next; /* with the same first two bytes; -1 ends */
	uint64_t page;
	unsigned count; /* on @page */
} patterns[MANY];

static int n_patterns;
static int first[1 << 16]; /* by the first two bytes; -1 for none */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static unsigned prefix(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static bool parse(char *line, struct pattern *p)
{
	char *hex = strrchr(line, ' ');

	if (!hex || strlen(hex + 1) != 2 * NEEDLE ||
	    (size_t)(hex - line) >= sizeof(p->words))
		return false;
	*hex++ = '\0';
	for (size_t i = 0; i < NEEDLE; i++)
		if (sscanf(hex + 2 * i, "%2" SCNx8, &p->needle[i]) != 1)
			return false;
	memcpy(p->words, line, strlen(line) + 1);
	return true;
}

static void read_patterns(void)
{
	char line[160];

	memset(first, -1, sizeof(first));
	while (fgets(line, sizeof(line), stdin)) {
		struct pattern *p = &patterns[n_patterns];
		int *head;

		line[strcspn(line, "\n")] = '\0';
		if (n_patterns == MANY || !parse(line, p)) {
			fprintf(stderr, "memgrep: no pattern, or one too many: %s\n", line);
			exit(2);
		}
		head = &first[prefix(p->needle)];
		p->next = *head;
		*head = n_patterns++;
	}
}

static void report(struct pattern *p)
{
	if (p->count)
		printf("%s %" PRIu64 " %u\n", p->words, p->page, p->count);
	p->count = 0;
}

static void hit(struct pattern *p, uint64_t page)
{
	if (p->page != page)
		report(p);
	p->page = page;
	p->count++;
}

/* @data is what the file has from @offset on. */
static void search(const uint8_t *data, size_t size, uint64_t offset)
{
	for (size_t at = 0; at + NEEDLE <= size; at++)
		for (int i = first[prefix(data + at)]; i >= 0; i = patterns[i].next)
			if (memcmp(data + at, patterns[i].needle, NEEDLE) == 0)
				hit(&patterns[i], (offset + at) / PAGE);
}

static void search_mapped(const char *path, int fd, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		die(path);
	search(map, size, 0);
}

/* Chunk by chunk; what may begin a pattern goes into the next one. */
static uint64_t search_read(const char *path, int fd)
{
	static uint8_t data[NEEDLE + CHUNK];
	uint64_t offset = 0;
	size_t kept = 0;
	ssize_t n;

	while ((n = read(fd, data + kept, CHUNK)) > 0) {
		size_t size = kept + (size_t)n;

		search(data, size, offset);
		kept = size < NEEDLE - 1 ? size : NEEDLE - 1;
		memmove(data, data + size - kept, kept);
		offset += size - kept;
	}
	if (n < 0)
		die(path);
	return offset + kept;
}

int main(int argc, char **argv)
{
	bool reading = argc == 3 && strcmp(argv[1], "--read") == 0;
	const char *path = argv[argc - 1];
	struct stat st;
	uint64_t size;
	int fd;

	if (argc != 2 + reading) {
		fprintf(stderr, "usage: memgrep [--read] FILE <PATTERNS\n");
		return 2;
	}
	read_patterns();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	size = (uint64_t)st.st_size;
	if (reading)
		size = search_read(path, fd);
	else
		search_mapped(path, fd, size);
	for (int i = 0; i < n_patterns; i++)
		report(&patterns[i]);
	printf("read %" PRIu64 "\n", size);
	return 0;
}
