// SPDX-License-Identifier: GPL-2.0
#include "kmip/ttlv.h"

#include <string.h>

#include "base/error.h"
#include "kmip/protocol.h"

#define TAG_STANDARD 0x42
#define TAG_EXTENSION 0x54

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void hc_ttlv_open(const uint8_t *data, size_t size, struct hc_ttlv_cursor *ret_cursor)
{
	*ret_cursor = (struct hc_ttlv_cursor){ .at = data, .left = size };
}

void hc_ttlv_enter(const struct hc_ttlv *structure, struct hc_ttlv_cursor *ret_cursor)
{
	*ret_cursor = (struct hc_ttlv_cursor){
		.at = structure->value,
		.left = structure->length,
		.offset = structure->offset + HC_TTLV_HEADER,
	};
}

static int malformed(const struct hc_ttlv *item, const char *what)
{
	return hc_fail(HC_E_KMIP_MALFORMED, "%s (%06x) at byte %zu %s",
		       hc_kmip_tag_name(item->tag), item->tag, item->offset, what);
}

/* The length each type demands. */
static bool length_fits(enum hc_ttlv_type type, uint32_t length)
{
	switch (type) {
	case HC_TTLV_INTEGER:
	case HC_TTLV_ENUM:
	case HC_TTLV_INTERVAL:
		return length == 4;
	case HC_TTLV_LONG:
	case HC_TTLV_BOOLEAN:
	case HC_TTLV_DATE:
	case HC_TTLV_DATE_EXTENDED:
		return length == 8;
	case HC_TTLV_BIG:
		return length > 0 && length % 8 == 0;
	case HC_TTLV_STRUCTURE:
		return length % 8 == 0;
	case HC_TTLV_TEXT:
	case HC_TTLV_BYTES:
		return true;
	case HC_TTLV_ANY:
		break;
	}
	return false;
}

static bool all_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != 0)
			return false;
	return true;
}

/* What the type says about an item that is whole. */
static int check_form(const struct hc_ttlv *item)
{
	if (item->type < HC_TTLV_STRUCTURE || item->type > HC_TTLV_DATE_EXTENDED)
		return malformed(item, "has an unknown type");
	if (!length_fits(item->type, item->length))
		return malformed(item, "has a length that its type does not allow");
	if (item->type == HC_TTLV_BOOLEAN && (!all_zero(item->value, 7) || item->value[7] > 1))
		return malformed(item, "is a Boolean that is neither 0 nor 1");
	if (item->type == HC_TTLV_TEXT && memchr(item->value, 0, item->length))
		return malformed(item, "is a text with a NUL in it");
	return 0;
}

int hc_ttlv_next(struct hc_ttlv_cursor *cursor, struct hc_ttlv *ret_item)
{
	struct hc_ttlv item = { .offset = cursor->offset };
	size_t room, padding;
	int r;

	if (cursor->left == 0)
		return 0;
	if (cursor->left < HC_TTLV_HEADER)
		return hc_fail(HC_E_KMIP_MALFORMED, "%zu bytes too many at byte %zu",
			       cursor->left, cursor->offset);
	item.tag = be32(cursor->at) >> 8;
	item.type = cursor->at[3];
	item.length = be32(cursor->at + 4);
	item.value = cursor->at + HC_TTLV_HEADER;
	room = cursor->left - HC_TTLV_HEADER;
	if (cursor->at[0] != TAG_STANDARD && cursor->at[0] != TAG_EXTENSION)
		return malformed(&item, "is no KMIP tag");
	if (item.length > room)
		return malformed(&item, "is longer than what it stands in");
	/* Only subtractions: no sum can overflow. */
	room -= item.length;
	padding = (8 - item.length % 8) % 8;
	if (padding > room)
		return malformed(&item, "lacks padding");
	if (!all_zero(item.value + item.length, padding))
		return malformed(&item, "has padding that is not zero");
	r = check_form(&item);
	if (r < 0)
		return r;
	cursor->at = item.value + item.length + padding;
	cursor->left = room - padding;
	cursor->offset += HC_TTLV_HEADER + item.length + padding;
	*ret_item = item;
	return 1;
}

int hc_ttlv_next_of(struct hc_ttlv_cursor *run, uint32_t tag, struct hc_ttlv *ret_item)
{
	int r;

	do {
		r = hc_ttlv_next(run, ret_item);
	} while (r > 0 && ret_item->tag != tag);
	return r;
}

/* Walk everything below @message; the stack is ours, so depth cannot hurt. */
static int check_inside(const struct hc_ttlv *message)
{
	struct hc_ttlv_cursor open[HC_TTLV_DEPTH_MAX];
	struct hc_ttlv item;
	unsigned depth = 1;
	unsigned items = 1;
	int r;

	hc_ttlv_enter(message, &open[0]);
	while (depth > 0) {
		r = hc_ttlv_next(&open[depth - 1], &item);
		if (r < 0)
			return r;
		if (r == 0) {
			depth--;
			continue;
		}
		if (++items > HC_TTLV_ITEMS_MAX)
			return malformed(&item, "is one item too many");
		if (item.type != HC_TTLV_STRUCTURE)
			continue;
		if (depth == HC_TTLV_DEPTH_MAX)
			return malformed(&item, "is nested too deep");
		hc_ttlv_enter(&item, &open[depth++]);
	}
	return 0;
}

int hc_ttlv_check(const uint8_t *data, size_t size, struct hc_ttlv *ret_message)
{
	struct hc_ttlv_cursor cursor;
	struct hc_ttlv message;
	int r;

	hc_ttlv_open(data, size, &cursor);
	r = hc_ttlv_next(&cursor, &message);
	if (r < 0)
		return r;
	if (r == 0)
		return hc_fail(HC_E_KMIP_MALFORMED, "the message is empty");
	if (message.type != HC_TTLV_STRUCTURE)
		return malformed(&message, "is no structure");
	if (cursor.left > 0)
		return hc_fail(HC_E_KMIP_MALFORMED, "%zu bytes follow the message", cursor.left);
	r = check_inside(&message);
	if (r < 0)
		return r;
	*ret_message = message;
	return 0;
}

int32_t hc_ttlv_integer(const struct hc_ttlv *item)
{
	return (int32_t)be32(item->value);
}

uint32_t hc_ttlv_enum(const struct hc_ttlv *item)
{
	return be32(item->value);
}

bool hc_ttlv_boolean(const struct hc_ttlv *item)
{
	return item->value[7] == 1;
}

bool hc_ttlv_text_is(const struct hc_ttlv *item, const char *text)
{
	return item->length == strlen(text) && memcmp(item->value, text, item->length) == 0;
}

/* Where @tag stands in the table, at or behind @from; n_fields when it does not. */
static size_t find_field(const struct hc_ttlv_field *fields, size_t n_fields, size_t from,
			 uint32_t tag)
{
	while (from < n_fields && fields[from].tag != tag)
		from++;
	return from;
}

static void clear_fields(const struct hc_ttlv_field *fields, size_t n_fields)
{
	for (size_t i = 0; i < n_fields; i++) {
		if (fields[i].ret_item)
			*fields[i].ret_item = (struct hc_ttlv){ 0 };
		if (fields[i].ret_run)
			*fields[i].ret_run = (struct hc_ttlv_cursor){ 0 };
	}
}

/* Every required field from @from up to @to was passed over without being seen. */
static int check_required(const struct hc_ttlv *structure, const struct hc_ttlv_field *fields,
			  size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (fields[i].presence == HC_TTLV_REQUIRED)
			return hc_fail(HC_E_KMIP_MALFORMED, "%s (%06x) at byte %zu lacks %s (%06x)",
				       hc_kmip_tag_name(structure->tag), structure->tag,
				       structure->offset, hc_kmip_tag_name(fields[i].tag),
				       fields[i].tag);
	return 0;
}

/* Hand out @item; @before and @after are the cursor around it. */
static void keep(const struct hc_ttlv_field *field, const struct hc_ttlv *item,
		 const struct hc_ttlv_cursor *before, const struct hc_ttlv_cursor *after)
{
	if (field->ret_item)
		*field->ret_item = *item;
	if (!field->ret_run)
		return;
	if (!field->ret_run->at)
		*field->ret_run = (struct hc_ttlv_cursor){ before->at, 0, before->offset };
	field->ret_run->left = (size_t)(after->at - field->ret_run->at);
}

int hc_ttlv_fields(const struct hc_ttlv *structure, const struct hc_ttlv_field *fields,
		   size_t n_fields, bool skip_unknown)
{
	struct hc_ttlv_cursor cursor, before;
	struct hc_ttlv item;
	size_t next = 0; /* the first field that may still come */
	size_t i;
	int r;

	clear_fields(fields, n_fields);
	hc_ttlv_enter(structure, &cursor);
	while (before = cursor, (r = hc_ttlv_next(&cursor, &item)) > 0) {
		i = find_field(fields, n_fields, next, item.tag);
		if (i == n_fields) {
			if (find_field(fields, next, 0, item.tag) < next)
				return malformed(&item, "is doubled or in the wrong place");
			if (!skip_unknown && item.tag >> 16 != TAG_EXTENSION)
				return malformed(&item, "does not belong there");
			continue;
		}
		if (fields[i].type != HC_TTLV_ANY && fields[i].type != item.type)
			return malformed(&item, "has the wrong type");
		r = check_required(structure, fields, next, i);
		if (r < 0)
			return r;
		keep(&fields[i], &item, &before, &cursor);
		next = fields[i].presence == HC_TTLV_REPEATED ? i : i + 1;
	}
	return r < 0 ? r : check_required(structure, fields, next, n_fields);
}
