// SPDX-License-Identifier: GPL-2.0
/*
 * Replay a log of dm-log-writes, entry by entry, and look at each point where
 * the power could have gone.
 *
 *	hc-replay LOG TARGET check VOLUME [OTHER-VOLUME]
 *	hc-replay LOG TARGET run EVERY COMMAND [ARGUMENT...]
 *
 * TARGET starts as the logged device started. "check": VOLUME is a volume over
 * TARGET; after every flush, every FUA write and every mark, all that the marks
 * so far (hc-order's) say was acknowledged must be in it: that, or what was
 * written there later. Now and then the same through OTHER-VOLUME.
 * "run": COMMAND is run after every EVERY-th flush or FUA write, and at the
 * end, with all marks so far on its standard input; if it fails, so does this.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/record.h"

#define SECTOR 512
#define LOG_MAGIC UINT64_C(0x6a736677736872)
#define LOG_VERSION 1
#define PART (1024 * 1024)

/* What the direct reads are aligned to. */
#define BLOCK 4096

/* Every so many points the other volume is looked at as well. */
#define OTHER_EVERY 16

enum { FLUSH = 1, FUA = 2, DISCARD = 4, MARK = 8 };

struct log_super {
	uint64_t magic;
	uint64_t version;
	uint64_t entries;
	uint32_t sector_size;
};

struct log_entry {
	uint64_t sector;
	uint64_t sectors;
	uint64_t flags;
	uint64_t length;
};

/* What changed since the last look. */
struct range {
	uint64_t at;
	uint64_t bytes;
};

static struct {
	int log;
	int target;
	int volume;
	int other;
	uint64_t log_at;
	uint64_t entry;
	uint64_t volume_size;

	/* The newest acknowledged record of each sector. */
	uint64_t *acked;
	struct range *changed;
	size_t n_changed;
	size_t room;

	FILE *marks;
	uint64_t every;
	char **command;

	uint64_t flushes;
	uint64_t fuas;
	uint64_t n_marks;
	uint64_t points;
	uint64_t looked;
} r = { .volume = -1, .other = -1 };

static uint8_t *part;

static _Noreturn void die(const char *what)
{
	printf("hc-replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void read_log(void *to, size_t bytes)
{
	if (pread(r.log, to, bytes, (off_t)r.log_at) != (ssize_t)bytes)
		die("the log");
	r.log_at += bytes;
}

static uint64_t read_super(void)
{
	uint8_t sector[SECTOR];
	struct log_super super;

	read_log(sector, sizeof(sector));
	memcpy(&super, sector, sizeof(super));
	if (le64toh(super.magic) != LOG_MAGIC || le64toh(super.version) != LOG_VERSION ||
	    le32toh(super.sector_size) != SECTOR) {
		printf("hc-replay: no log with sectors of %d bytes\n", SECTOR);
		exit(2);
	}
	return le64toh(super.entries);
}

static void note_change(uint64_t at, uint64_t bytes)
{
	if (r.volume < 0 || !bytes || at >= r.volume_size)
		return;
	if (r.n_changed == r.room) {
		r.room = r.room ? 2 * r.room : 64;
		r.changed = realloc(r.changed, r.room * sizeof(*r.changed));
		if (!r.changed)
			die("memory");
	}
	if (bytes > r.volume_size - at)
		bytes = r.volume_size - at;
	r.changed[r.n_changed++] = (struct range){ at, bytes };
}

static void replay_write(const struct log_entry *e)
{
	uint64_t at = e->sector * SECTOR, rest = e->sectors * SECTOR;

	note_change(at, rest);
	memset(part, 0, PART);
	while (rest) {
		size_t bytes = rest < PART ? rest : PART;

		if (!(e->flags & DISCARD))
			read_log(part, bytes);
		if (pwrite(r.target, part, bytes, (off_t)at) != (ssize_t)bytes)
			die("the target");
		at += bytes;
		rest -= bytes;
	}
}

/* "AT:BYTES:SEQUENCE", several with commas. */
static void note_acks(char *text)
{
	char *ack, *rest = NULL;

	for (ack = strtok_r(text, ",", &rest); ack; ack = strtok_r(NULL, ",", &rest)) {
		uint64_t at, bytes, sequence, sector;

		if (sscanf(ack, "%" SCNu64 ":%" SCNu64 ":%" SCNu64, &at, &bytes, &sequence) != 3 ||
		    at + bytes > r.volume_size) {
			printf("hc-replay: entry %" PRIu64 ": no such mark: %s\n", r.entry, ack);
			exit(2);
		}
		for (sector = at / SECTOR; sector < (at + bytes) / SECTOR; sector++)
			if (r.acked[sector] < sequence)
				r.acked[sector] = sequence;
		note_change(at, bytes);
	}
}

static void replay_mark(char *text)
{
	r.n_marks++;
	if (r.marks)
		fprintf(r.marks, "%s\n", text);
	else if (!strncmp(text, "ack:", 4))
		note_acks(text + 4);
}

static void look_at_sector(const uint8_t *sector, uint64_t at, const char *through)
{
	uint64_t want = r.acked[at / SECTOR], got;
	bool whole;

	if (!want)
		return;
	r.looked++;
	whole = record_read(sector, at, &got);
	if (whole && got >= want)
		return;
	printf("entry %" PRIu64 ", after %" PRIu64 " flushes and %" PRIu64
	       " FUA writes: byte %" PRIu64 " through %s: write %" PRIu64
	       " was acknowledged, ", r.entry, r.flushes, r.fuas, at, through, want);
	if (whole)
		printf("there is write %" PRIu64 "\n", got);
	else
		printf("there is no whole record\n");
	exit(1);
}

static void look_at(int volume, const struct range *range, const char *through)
{
	uint64_t at = range->at / BLOCK * BLOCK, end = range->at + range->bytes;

	end = (end + BLOCK - 1) / BLOCK * BLOCK;
	while (at < end) {
		size_t bytes = end - at < PART ? end - at : PART, done;

		if (pread(volume, part, bytes, (off_t)at) != (ssize_t)bytes)
			die("the volume");
		for (done = 0; done < bytes; done += SECTOR)
			look_at_sector(part + done, at + done, through);
		at += bytes;
	}
}

static void check_point(void)
{
	bool other = r.other >= 0 && r.points % OTHER_EVERY == 0;
	size_t i;

	for (i = 0; i < r.n_changed; i++) {
		look_at(r.volume, &r.changed[i], "the volume");
		if (other)
			look_at(r.other, &r.changed[i], "the other volume");
	}
	r.n_changed = 0;
}

/* The command, with the marks so far on its standard input. */
static void run_point(void)
{
	int status;
	pid_t pid;

	fflush(r.marks);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		if (lseek(fileno(r.marks), 0, SEEK_SET) || dup2(fileno(r.marks), 0))
			_exit(126);
		execvp(r.command[0], r.command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("wait");
	/* The child moved the offset that both have. */
	if (fseek(r.marks, 0, SEEK_END))
		die("marks");
	if (!status)
		return;
	printf("entry %" PRIu64 ", after %" PRIu64 " flushes and %" PRIu64
	       " FUA writes: %s failed\n", r.entry, r.flushes, r.fuas, r.command[0]);
	exit(1);
}

/* After an entry: is this a point, and is all there? */
static void look(const struct log_entry *e, bool last)
{
	uint64_t syncs = r.flushes + r.fuas;
	bool sync = e->flags & (FLUSH | FUA);

	if (r.command) {
		if (!last && !(sync && syncs % r.every == 0))
			return;
		run_point();
	} else {
		if (!last && !sync && !(e->flags & MARK))
			return;
		check_point();
	}
	r.points++;
}

static void replay_entry(bool last)
{
	uint8_t sector[SECTOR + 1];
	struct log_entry e;

	read_log(sector, SECTOR);
	sector[SECTOR] = '\0';
	memcpy(&e, sector, sizeof(e));
	e = (struct log_entry){ le64toh(e.sector), le64toh(e.sectors), le64toh(e.flags),
				le64toh(e.length) };
	r.flushes += !!(e.flags & FLUSH);
	r.fuas += !!(e.flags & FUA);
	if (e.flags & MARK) {
		if (e.length < SECTOR - sizeof(e))
			sector[sizeof(e) + e.length] = '\0';
		replay_mark((char *)sector + sizeof(e));
	} else {
		replay_write(&e);
	}
	look(&e, last);
}

static int open_volume(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECT);

	if (fd < 0)
		die(path);
	return fd;
}

static bool parse(int argc, char **argv)
{
	if (argc < 5)
		return false;
	r.log = open(argv[1], O_RDONLY);
	if (r.log < 0)
		die(argv[1]);
	r.target = open(argv[2], O_WRONLY | O_DIRECT);
	if (r.target < 0)
		die(argv[2]);
	if (!strcmp(argv[3], "run") && argc > 5) {
		r.every = strtoull(argv[4], NULL, 0);
		r.command = argv + 5;
		r.marks = tmpfile();
		return r.marks && r.every;
	}
	if (strcmp(argv[3], "check") != 0)
		return false;
	r.volume = open_volume(argv[4]);
	if (argc > 5)
		r.other = open_volume(argv[5]);
	if (ioctl(r.volume, BLKGETSIZE64, &r.volume_size))
		die(argv[4]);
	r.acked = calloc(r.volume_size / SECTOR, sizeof(*r.acked));
	return r.acked;
}

int main(int argc, char **argv)
{
	uint64_t entries;

	part = aligned_alloc(4096, PART);
	if (!part || !parse(argc, argv)) {
		printf("usage: hc-replay LOG TARGET check VOLUME [OTHER-VOLUME]\n"
		       "       hc-replay LOG TARGET run EVERY COMMAND [ARGUMENT...]\n");
		return 2;
	}
	entries = read_super();
	for (r.entry = 0; r.entry < entries; r.entry++)
		replay_entry(r.entry + 1 == entries);
	printf("%" PRIu64 " entries, %" PRIu64 " flushes, %" PRIu64 " FUA writes, %" PRIu64
	       " marks, looked at %" PRIu64 " points, %" PRIu64 " records\n", entries, r.flushes,
	       r.fuas, r.n_marks, r.points, r.looked);
	return 0;
}
