// SPDX-License-Identifier: GPL-2.0
#include "kmip/ttlv.h"

#include <string.h>

#include "base/error.h"

static void put_be32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

void hc_ttlv_writer_init(struct hc_ttlv_writer *writer, uint8_t *data, size_t size)
{
	*writer = (struct hc_ttlv_writer){ .data = data, .size = size };
}

/* @size more zero bytes, or NULL once something did not fit. */
static uint8_t *grow(struct hc_ttlv_writer *writer, size_t size)
{
	uint8_t *p = writer->data + writer->used;

	if (writer->failed || size > writer->size - writer->used) {
		writer->failed = true;
		return NULL;
	}
	memset(p, 0, size);
	writer->used += size;
	return p;
}

static uint8_t *put_header(struct hc_ttlv_writer *writer, uint32_t tag, enum hc_ttlv_type type,
			   size_t length)
{
	uint8_t *p = grow(writer, HC_TTLV_HEADER);

	if (!p)
		return NULL;
	put_be32(p, tag << 8 | (uint32_t)type);
	put_be32(p + 4, (uint32_t)length);
	return p;
}

void hc_ttlv_begin(struct hc_ttlv_writer *writer, uint32_t tag)
{
	size_t start = writer->used;

	if (writer->depth == HC_TTLV_DEPTH_MAX)
		writer->failed = true;
	if (!put_header(writer, tag, HC_TTLV_STRUCTURE, 0))
		return;
	writer->open[writer->depth++] = start;
}

void hc_ttlv_end(struct hc_ttlv_writer *writer)
{
	size_t start;

	if (writer->failed || writer->depth == 0) {
		writer->failed = true;
		return;
	}
	start = writer->open[--writer->depth];
	put_be32(writer->data + start + 4, (uint32_t)(writer->used - start - HC_TTLV_HEADER));
}

void hc_ttlv_put(struct hc_ttlv_writer *writer, uint32_t tag, enum hc_ttlv_type type,
		 const void *value, size_t length)
{
	uint8_t *p;

	/* More than any buffer holds; below this, rounding up cannot overflow. */
	if (length > UINT32_MAX - HC_TTLV_HEADER)
		writer->failed = true;
	if (!put_header(writer, tag, type, length))
		return;
	p = grow(writer, (length + 7) / 8 * 8);
	if (p && length > 0)
		memcpy(p, value, length);
}

void hc_ttlv_put_integer(struct hc_ttlv_writer *writer, uint32_t tag, int32_t value)
{
	uint8_t bytes[4];

	put_be32(bytes, (uint32_t)value);
	hc_ttlv_put(writer, tag, HC_TTLV_INTEGER, bytes, sizeof(bytes));
}

void hc_ttlv_put_enum(struct hc_ttlv_writer *writer, uint32_t tag, uint32_t value)
{
	uint8_t bytes[4];

	put_be32(bytes, value);
	hc_ttlv_put(writer, tag, HC_TTLV_ENUM, bytes, sizeof(bytes));
}

void hc_ttlv_put_text(struct hc_ttlv_writer *writer, uint32_t tag, const char *text)
{
	hc_ttlv_put(writer, tag, HC_TTLV_TEXT, text, strlen(text));
}

void hc_ttlv_put_bytes(struct hc_ttlv_writer *writer, uint32_t tag, const void *data, size_t size)
{
	hc_ttlv_put(writer, tag, HC_TTLV_BYTES, data, size);
}

int hc_ttlv_finish(const struct hc_ttlv_writer *writer, size_t *ret_size)
{
	if (writer->failed || writer->depth > 0)
		return hc_fail(HC_E_INTERNAL, "a KMIP message of more than %zu bytes was asked for",
			       writer->size);
	*ret_size = writer->used;
	return 0;
}
