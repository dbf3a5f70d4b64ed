// SPDX-License-Identifier: GPL-2.0
#include "capture/flat.h"

#include <endian.h>
#include <string.h>

#define HEADER_SIZE 4096

struct header {
	char signature[16];
	uint64_t type, version;
};

struct record {
	uint64_t offset, size;
};

static int put(struct hc_dump_writer *writer, const void *data, size_t size)
{
	return hc_dump_writer_write(writer, HC_DUMP_STREAM_VMCORE, data, size);
}

int flat_begin(struct hc_dump_writer *writer)
{
	static uint8_t page[HEADER_SIZE];
	struct header header = { "makedumpfile", htobe64(1), htobe64(1) };

	memcpy(page, &header, sizeof(header));
	return put(writer, page, sizeof(page));
}

int flat_record(struct hc_dump_writer *writer, uint64_t offset, const void *data, size_t size)
{
	struct record record = { htobe64(offset), htobe64(size) };
	int r = put(writer, &record, sizeof(record));

	return r == 0 ? put(writer, data, size) : r;
}

int flat_end(struct hc_dump_writer *writer)
{
	struct record record = { UINT64_MAX, UINT64_MAX };

	return put(writer, &record, sizeof(record));
}
