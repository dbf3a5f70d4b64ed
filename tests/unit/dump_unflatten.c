// SPDX-License-Identifier: GPL-2.0
/* makedumpfile's flattened form made into a file: in any order, cut anywhere, and as
 * somebody who wants to do harm would write it. */
#include "unit.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/unflatten.h"

/* What is fed, as it is put together. */
static uint8_t flat[64 * 1024];
static size_t flat_size;

static void put64(uint64_t number)
{
	number = htobe64(number);
	memcpy(flat + flat_size, &number, sizeof(number));
	flat_size += sizeof(number);
}

static void begin_with(uint64_t type, uint64_t version)
{
	memset(flat, 0, sizeof(flat));
	memcpy(flat, "makedumpfile", 12);
	flat_size = 16;
	put64(type);
	put64(version);
	flat_size = HC_FLAT_HEADER_SIZE;
}

static void begin(void)
{
	begin_with(1, 1);
}

static void record(uint64_t offset, uint64_t size)
{
	put64(offset);
	put64(size);
}

static void fill(uint64_t offset, size_t size, uint8_t byte)
{
	record(offset, size);
	memset(flat + flat_size, byte, size);
	flat_size += size;
}

static void end(void)
{
	record(UINT64_MAX, UINT64_MAX);
}

/* All of it in pieces of @piece bytes, into a new file. */
static int feed(size_t piece, int *ret_fd)
{
	struct hc_unflatten state = { .fd = memfd_create("memory", MFD_CLOEXEC) };
	int r = 0;

	for (size_t at = 0; r == 0 && at < flat_size; at += piece)
		r = hc_unflatten_add(&state, flat + at,
				     flat_size - at < piece ? flat_size - at : piece);
	if (r == 0)
		r = hc_unflatten_finish(&state);
	*ret_fd = state.fd;
	return r;
}

static int result(void)
{
	HC_FD fd = -1;

	return feed(flat_size, &fd);
}

static uint64_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
}

static bool holds(int fd, uint64_t offset, size_t size, uint8_t byte)
{
	uint8_t data[8192];

	if (size > sizeof(data) || hc_pread_all(fd, data, size, offset) < 0)
		return false;
	for (size_t i = 0; i < size; i++)
		if (data[i] != byte)
			return false;
	return true;
}

static void records_in_any_order(void)
{
	static const size_t pieces[] = { 1, 7, 15, 16, 17, 4095, 4096, 4097, 4112, 65536 };

	begin();
	fill(9000, 500, 'c');
	fill(0, 3000, 'a');
	fill(3000, 1, 'b');
	fill(1 << 30, 10, 'd');
	end();
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		HC_FD fd = -1;

		EXPECT(feed(pieces[i], &fd) == 0);
		EXPECT(size_of(fd) == (1 << 30) + 10);
		EXPECT(holds(fd, 0, 3000, 'a') && holds(fd, 3000, 1, 'b'));
		EXPECT(holds(fd, 3001, 5999, 0) && holds(fd, 9000, 500, 'c'));
		EXPECT(holds(fd, 9500, 4096, 0) && holds(fd, 1 << 30, 10, 'd'));
	}
}

/* As makedumpfile does with a header that it knows only at the end. */
static void the_later_one_counts(void)
{
	HC_FD fd = -1;

	begin();
	fill(0, 4096, 'a');
	fill(1000, 4096, 'b');
	fill(0, 10, 'c');
	end();
	EXPECT(feed(1000, &fd) == 0);
	EXPECT(size_of(fd) == 5096);
	EXPECT(holds(fd, 0, 10, 'c') && holds(fd, 10, 990, 'a') && holds(fd, 1000, 4096, 'b'));
}

static void nothing_but_a_header(void)
{
	HC_FD fd = -1;

	begin();
	end();
	EXPECT(feed(flat_size, &fd) == 0 && size_of(fd) == 0);
}

/* Nothing of such a record may be written, wherever it is cut. */
static void impossible_places(void)
{
	static const struct {
		uint64_t offset, size;
	} records[] = {
		{ 0, 0 },
		{ 0, UINT64_MAX },
		{ 0, 1ULL << 63 },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, UINT64_MAX - 1 },
		{ UINT64_MAX - 1, UINT64_MAX },
		{ 1ULL << 63, 1 },
		{ INT64_MAX, 1 },
		{ 1, INT64_MAX },
		{ (1ULL << 63) - 4096, 4097 },
		{ -4096ULL, 8192 },
	};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		for (size_t piece = 1; piece <= sizeof(flat); piece *= 256) {
			HC_FD fd = -1;

			begin();
			record(records[i].offset, records[i].size);
			flat_size += 10000;
			EXPECT(feed(piece, &fd) == HC_E_DUMP_DAMAGED && size_of(fd) == 0);
		}
}

/* The last place that there can be: file systems differ on whether there is one. */
static void the_end_of_all_files(void)
{
	HC_FD fd = -1;
	int r;

	begin();
	fill(INT64_MAX - 10, 10, 'z');
	end();
	r = feed(100, &fd);
	EXPECT(r == HC_E_SYSTEM || (r == 0 && size_of(fd) == INT64_MAX));
}

static void cut_anywhere(void)
{
	size_t whole;

	begin();
	fill(5000, 300, 'a');
	fill(0, 20, 'b');
	end();
	whole = flat_size;
	for (flat_size = HC_FLAT_HEADER_SIZE; flat_size < whole; flat_size++)
		if (!EXPECT(result() == HC_E_DUMP_CUT))
			return;
	EXPECT(result() == 0);
	for (flat_size = 0; flat_size < HC_FLAT_HEADER_SIZE; flat_size += 5)
		if (!EXPECT(result() == HC_E_DUMP_DAMAGED))
			return;
}

/* The record says more than there is: what there is of it is written. */
static void longer_than_the_rest(void)
{
	HC_FD fd = -1;

	begin();
	record(100, 1ULL << 40);
	memset(flat + flat_size, 'a', 1000);
	flat_size += 1000;
	EXPECT(feed(333, &fd) == HC_E_DUMP_CUT);
	EXPECT(size_of(fd) == 1100 && holds(fd, 100, 1000, 'a'));
}

static void something_behind_the_end(void)
{
	begin();
	fill(0, 10, 'a');
	end();
	flat_size++;
	EXPECT(result() == HC_E_DUMP_DAMAGED);
	flat_size--;
	fill(0, 10, 'b');
	EXPECT(result() == HC_E_DUMP_DAMAGED);
}

static void other_forms(void)
{
	begin_with(2, 1);
	end();
	EXPECT(result() == HC_E_DUMP_DAMAGED);
	begin_with(1, 2);
	end();
	EXPECT(result() == HC_E_DUMP_DAMAGED);
	begin();
	end();
	flat[11] = 'x';
	EXPECT(result() == HC_E_DUMP_DAMAGED);
	begin();
	end();
	flat[12] = 'x';
	EXPECT(result() == HC_E_DUMP_DAMAGED);
}

int main(void)
{
	RUN(records_in_any_order);
	RUN(the_later_one_counts);
	RUN(nothing_but_a_header);
	RUN(impossible_places);
	RUN(the_end_of_all_files);
	RUN(cut_anywhere);
	RUN(longer_than_the_rest);
	RUN(something_behind_the_end);
	RUN(other_forms);
	return unit_result();
}
