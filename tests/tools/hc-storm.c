// SPDX-License-Identifier: GPL-2.0
/*
 * Many reads, writes, writes with FUA and flushes in flight on one device, of
 * all sizes, each checked: one that touches a sector known to be bad must fail
 * with EIO, every other must succeed with the right bytes.
 *
 *	hc-storm DEVICE SECTORS [WORD=VALUE...]
 *
 *	unit=BYTES	the device's data unit (512)
 *	seed=N		what is done, in which order (1)
 *	depth=N		I/Os in flight (16)
 *	count=N		I/Os (0)
 *	max=BYTES	the largest I/O (1044480, which is one bio)
 *	fill=yes	write everything first that can be written; else it has
 *			been done before, with the same seed and unit, and
 *			nothing since
 *	bad-read=SECTOR+COUNT	reads of these fail; up to 64 times
 *	bad-write=SECTOR+COUNT	writes of these fail and change nothing
 *	bad-flush=yes	flushes fail
 *
 * Ends by reading all that is not bad, in I/Os not counted. Prints "N done, F
 * failed, F flushes failed"; the first surprise ends it with status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	SECTOR = 512,
	MAX_RANGES = 64,
	MAX_DEPTH = 256,
	CHECK_SECTORS = 512,
};

struct range {
	uint64_t first;
	uint64_t count;
};

struct ranges {
	struct range range[MAX_RANGES];
	unsigned int n;
};

static struct {
	const char *device;
	uint64_t sectors;
	uint64_t unit; /* in sectors */
	uint64_t seed;
	unsigned int depth;
	uint64_t count;
	uint64_t max; /* in sectors */
	bool fill;
	bool bad_flush;
	struct ranges bad_read;
	struct ranges bad_write;
} options = {
	.unit = 1,
	.seed = 1,
	.depth = 16,
	.max = 1044480 / SECTOR,
};

enum op {
	READ,
	WRITE,
	WRITE_FUA,
	FLUSH,
	OPS
};

static const char *const op_names[OPS] = { "read", "write", "FUA write", "flush" };

/* An I/O in flight, or a place for one. */
struct slot {
	struct iocb cb;
	bool busy;
	enum op op;
	struct range range;
	uint32_t generation; /* of what is written */
	uint8_t *memory;     /* @options.max and a page */
	uint8_t *data;       /* somewhere in it */
};

static struct slot slots[MAX_DEPTH];

/* For each sector, what was last written there. */
static uint32_t *generations;
static uint32_t last_generation;

static int fd;
static uint64_t random_state;

static uint64_t done, failed, flushes_failed;

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("hc-storm: ", stdout);
	vfprintf(stdout, format, args);
	va_end(args);
	fputc('\n', stdout);
	fflush(stdout);
	_exit(1);
}

/* numbers --------------------------------------------------------------------*/

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

/* A number below @limit. */
static uint64_t random_below(uint64_t limit)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(random_state) % limit;
}

static bool overlap(struct range a, struct range b)
{
	return a.first < b.first + b.count && b.first < a.first + a.count;
}

static bool overlaps_any(struct range a, const struct ranges *list)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (overlap(a, list->range[i]))
			return true;
	return false;
}

/* contents -------------------------------------------------------------------*/

/* What a sector holds in a generation. */
static void sector_data(uint8_t *out, uint64_t sector, uint32_t generation)
{
	uint64_t x = mix(options.seed << 32 ^ generation) ^ mix(sector + 1);
	unsigned int i;

	for (i = 0; i < SECTOR; i += sizeof(x)) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		memcpy(out + i, &x, sizeof(x));
	}
}

static void make_data(uint8_t *out, struct range range, uint32_t generation)
{
	uint64_t i;

	for (i = 0; i < range.count; i++)
		sector_data(out + i * SECTOR, range.first + i, generation);
}

static bool is_data(const uint8_t *in, uint64_t sector, uint32_t generation)
{
	uint8_t want[SECTOR];

	sector_data(want, sector, generation);
	return memcmp(in, want, SECTOR) == 0;
}

static void check_data(const uint8_t *in, struct range range, const char *what)
{
	uint64_t i;

	for (i = 0; i < range.count; i++)
		if (!is_data(in + i * SECTOR, range.first + i, generations[range.first + i]))
			die("%s of %" PRIu64 "+%" PRIu64 ": wrong bytes at sector %" PRIu64,
			    what, range.first, range.count, range.first + i);
}

static void remember(struct range range, uint32_t generation)
{
	uint64_t i;

	for (i = 0; i < range.count; i++)
		generations[range.first + i] = generation;
}

/* choosing -------------------------------------------------------------------*/

static enum op choose_op(void)
{
	uint64_t n = random_below(100);

	if (n < 50)
		return READ;
	if (n < 85)
		return WRITE;
	return n < 97 ? WRITE_FUA : FLUSH;
}

/* Many small ones, some up to the largest. In sectors. */
static uint64_t choose_size(void)
{
	static const uint64_t limits[] = { 0, 0, 0, 8, 128, 128, 512, UINT64_MAX };
	uint64_t limit = limits[random_below(sizeof(limits) / sizeof(limits[0]))];

	if (limit > options.max)
		limit = options.max;
	return (limit < options.unit ? 1 : 1 + random_below(limit / options.unit)) * options.unit;
}

/* Anywhere; when there are bad sectors, every other time near one. */
static struct range choose_range(void)
{
	const struct ranges *bad =
		random_below(2) ? &options.bad_read : &options.bad_write;
	struct range range = { .count = choose_size() };
	uint64_t room, at;

	if (range.count > options.sectors)
		range.count = options.unit;
	room = (options.sectors - range.count) / options.unit + 1;
	at = random_below(room);
	if (bad->n && random_below(2)) {
		uint64_t first = bad->range[random_below(bad->n)].first;
		uint64_t near = first + options.unit - range.count +
				random_below(range.count + 2 * options.unit) - options.unit;

		/* One before the first wraps, and is too large. */
		if (near / options.unit < room)
			at = near / options.unit;
	}
	range.first = at * options.unit;
	return range;
}

/* Nothing in flight may be written by two, or written and read. */
static bool may_start(enum op op, struct range range)
{
	unsigned int i;

	for (i = 0; i < options.depth; i++)
		if (slots[i].busy && overlap(slots[i].range, range) &&
		    (op != READ || slots[i].op != READ))
			return false;
	return true;
}

/* in flight ------------------------------------------------------------------*/

static void prepare(struct slot *slot, enum op op, struct range range)
{
	uint64_t places = 4096 / (options.unit * SECTOR);

	slot->busy = true;
	slot->op = op;
	slot->range = range;
	memset(&slot->cb, 0, sizeof(slot->cb));
	slot->cb.aio_fildes = (uint32_t)fd;
	slot->cb.aio_data = (uintptr_t)slot;
	if (op == FLUSH) {
		slot->cb.aio_lio_opcode = IOCB_CMD_FDSYNC;
		return;
	}
	/* The whole of the largest I/O fits one bio only from a page's start. */
	slot->data = slot->memory +
		     (range.count < options.max ? random_below(places) * options.unit * SECTOR : 0);
	slot->cb.aio_lio_opcode = op == READ ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
	slot->cb.aio_rw_flags = op == WRITE_FUA ? RWF_DSYNC : 0;
	slot->cb.aio_buf = (uintptr_t)slot->data;
	slot->cb.aio_nbytes = range.count * SECTOR;
	slot->cb.aio_offset = (int64_t)(range.first * SECTOR);
	slot->generation = ++last_generation;
	if (op == READ)
		memset(slot->data, 0x5a, range.count * SECTOR);
	else
		make_data(slot->data, range, slot->generation);
}

/* Start one more I/O; false when none was found that may be started. */
static bool start(aio_context_t context)
{
	enum op op = choose_op();
	struct range range = { 0 };
	struct slot *slot = slots;
	struct iocb *cb;
	int tries = 0;

	while (slot->busy)
		slot++;
	if (op != FLUSH)
		do {
			if (tries++ == 64)
				return false;
			range = choose_range();
		} while (!may_start(op, range));
	prepare(slot, op, range);
	cb = &slot->cb;
	if (syscall(SYS_io_submit, context, 1L, &cb) != 1)
		die("%s of %" PRIu64 "+%" PRIu64 ": io_submit: %s", op_names[op], range.first,
		    range.count, strerror(errno));
	return true;
}

/* After a write that failed each sector holds what it held or what was written. */
static void take_stock(struct slot *slot)
{
	struct range unit = { slot->range.first, options.unit };
	const char *what = op_names[slot->op];
	uint64_t i;

	for (; unit.first < slot->range.first + slot->range.count; unit.first += options.unit) {
		if (overlaps_any(unit, &options.bad_read))
			continue;
		if (pread(fd, slot->memory, unit.count * SECTOR, (off_t)(unit.first * SECTOR)) !=
		    (ssize_t)(unit.count * SECTOR))
			die("read of %" PRIu64 " after a %s that failed: %s", unit.first, what,
			    strerror(errno));
		for (i = 0; i < unit.count; i++) {
			uint64_t sector = unit.first + i;
			const uint8_t *data = slot->memory + i * SECTOR;

			if (is_data(data, sector, generations[sector]))
				continue;
			if (overlaps_any((struct range){ sector, 1 }, &options.bad_write) ||
			    !is_data(data, sector, slot->generation))
				die("sector %" PRIu64 " has other bytes after a %s that failed",
				    sector, what);
			generations[sector] = slot->generation;
		}
	}
}

static bool must_fail(const struct slot *slot)
{
	switch (slot->op) {
	case READ:
		return overlaps_any(slot->range, &options.bad_read);
	case FLUSH:
		return options.bad_flush;
	default:
		return overlaps_any(slot->range, &options.bad_write);
	}
}

static void judge(struct slot *slot, int64_t result)
{
	bool bad = must_fail(slot);
	const char *what = op_names[slot->op];

	if (result != (bad ? -EIO : (int64_t)(slot->op == FLUSH ? 0 : slot->cb.aio_nbytes)))
		die("%s of %" PRIu64 "+%" PRIu64 ", %s: %s", what, slot->range.first,
		    slot->range.count, bad ? "which must fail" : "which must not",
		    result < 0 ? strerror((int)-result) : result ? "succeeded" : "nothing done");
	done++;
	if (slot->op == FLUSH)
		flushes_failed += bad;
	else
		failed += bad;
	if (bad && slot->op != READ && slot->op != FLUSH)
		take_stock(slot);
	else if (!bad && slot->op == READ)
		check_data(slot->data, slot->range, what);
	else if (!bad && slot->op != FLUSH)
		remember(slot->range, slot->generation);
}

/* Wait for one I/O at least. */
static void reap(aio_context_t context, unsigned int *flying)
{
	struct io_event events[MAX_DEPTH];
	long i, n;

	n = syscall(SYS_io_getevents, context, 1L, (long)MAX_DEPTH, events, NULL);
	if (n < 1)
		die("io_getevents: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		struct slot *slot = (struct slot *)(uintptr_t)events[i].data;

		judge(slot, events[i].res);
		slot->busy = false;
		--*flying;
	}
}

/* before and after ---------------------------------------------------------*/

/* All sectors, in parts, by @fn. */
static void for_parts(void (*fn)(struct range part))
{
	struct range part = { 0 };

	for (; part.first < options.sectors; part.first += part.count) {
		part.count = options.sectors - part.first;
		if (part.count > CHECK_SECTORS)
			part.count = CHECK_SECTORS;
		fn(part);
	}
}

/* The units of @part, by @fn, when it meets one of @bad; true when it was that. */
static bool by_units(struct range part, const struct ranges *bad, void (*fn)(struct range part))
{
	struct range unit = { part.first, options.unit };

	if (!overlaps_any(part, bad))
		return false;
	if (part.count > options.unit)
		for (; unit.first < part.first + part.count; unit.first += unit.count)
			fn(unit);
	return true;
}

static void fill(struct range part)
{
	size_t bytes = part.count * SECTOR;

	if (by_units(part, &options.bad_write, fill))
		return;
	make_data(slots[0].memory, part, 0);
	if (pwrite(fd, slots[0].memory, bytes, (off_t)(part.first * SECTOR)) != (ssize_t)bytes)
		die("write: %s", strerror(errno));
}

static void check(struct range part)
{
	size_t bytes = part.count * SECTOR;

	if (by_units(part, &options.bad_read, check))
		return;
	if (pread(fd, slots[0].memory, bytes, (off_t)(part.first * SECTOR)) != (ssize_t)bytes)
		die("last read of %" PRIu64 "+%" PRIu64 ": %s", part.first, part.count,
		    strerror(errno));
	check_data(slots[0].memory, part, "last read");
}

static void set_up(void)
{
	size_t largest = (options.max > CHECK_SECTORS ? options.max : CHECK_SECTORS) * SECTOR;
	unsigned int i;

	random_state = mix(options.seed);
	fd = open(options.device, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", options.device, strerror(errno));
	generations = calloc(options.sectors, sizeof(*generations));
	if (!generations)
		die("no memory");
	for (i = 0; i < options.depth; i++) {
		slots[i].memory = aligned_alloc(4096, (largest + 4095) / 4096 * 4096 + 4096);
		if (!slots[i].memory)
			die("no memory");
	}
}

static void storm(void)
{
	aio_context_t context = 0;
	unsigned int flying = 0;
	uint64_t started = 0;

	if (syscall(SYS_io_setup, options.depth, &context))
		die("io_setup: %s", strerror(errno));
	while (started < options.count) {
		if (flying < options.depth && start(context)) {
			flying++;
			started++;
		} else {
			reap(context, &flying);
		}
	}
	while (flying)
		reap(context, &flying);
}

static void parse_range(struct ranges *list, const char *text)
{
	struct range *range = &list->range[list->n++];

	if (list->n > MAX_RANGES ||
	    sscanf(text, "%" SCNu64 "+%" SCNu64, &range->first, &range->count) != 2)
		die("'%s' is no range, or one too many", text);
}

static void parse(const char *word)
{
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : 0;
	uint64_t number = value ? strtoull(++value, NULL, 0) : 0;

#define IS(name) (n == sizeof(name) - 1 && !strncmp(word, name, n))
	if (IS("unit"))
		options.unit = number / SECTOR;
	else if (IS("seed"))
		options.seed = number;
	else if (IS("depth"))
		options.depth = (unsigned int)number;
	else if (IS("count"))
		options.count = number;
	else if (IS("max"))
		options.max = number / SECTOR;
	else if (IS("fill"))
		options.fill = true;
	else if (IS("bad-flush"))
		options.bad_flush = true;
	else if (IS("bad-read"))
		parse_range(&options.bad_read, value);
	else if (IS("bad-write"))
		parse_range(&options.bad_write, value);
	else
		die("'%s' is not understood", word);
#undef IS
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 3)
		die("usage: hc-storm DEVICE SECTORS [WORD=VALUE...]");
	options.device = argv[1];
	options.sectors = strtoull(argv[2], NULL, 0);
	for (i = 3; i < argc; i++)
		parse(argv[i]);
	if (!options.depth || options.depth > MAX_DEPTH || !options.unit || !options.sectors)
		die("depth, unit or sectors: out of range");
	set_up();
	if (options.fill)
		for_parts(fill);
	storm();
	for_parts(check);
	printf("%" PRIu64 " done, %" PRIu64 " failed, %" PRIu64 " flushes failed\n", done, failed,
	       flushes_failed);
	return 0;
}
