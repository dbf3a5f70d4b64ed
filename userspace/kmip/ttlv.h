/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TTLV, the encoding of KMIP messages (KMIP 1.4, section 9.1): each item is
 * a tag of 3 bytes, a type of 1, a length of 4 (big-endian), the value, and
 * zero bytes up to the next multiple of 8.
 *
 * The reader gives views into the message, it copies nothing. A message is
 * hostile until hc_ttlv_check() has seen all of it; every length is compared
 * with the bytes left in one place, hc_ttlv_next().
 *
 * Decisions where peers are known to differ:
 *   - padding that is not zero is refused;
 *   - a NUL inside a Text String is refused (one product counts the padding
 *     into the length), so a text never compares equal to what it is not.
 */
#ifndef HC_KMIP_TTLV_H
#define HC_KMIP_TTLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HC_TTLV_HEADER 8
#define HC_TTLV_DEPTH_MAX 16	/* a legal answer of KMIP 1.x reaches 9 */
#define HC_TTLV_ITEMS_MAX 4096

enum hc_ttlv_type {
	HC_TTLV_ANY = 0,	/* for fields; never on the wire */
	HC_TTLV_STRUCTURE = 1,
	HC_TTLV_INTEGER,
	HC_TTLV_LONG,
	HC_TTLV_BIG,
	HC_TTLV_ENUM,
	HC_TTLV_BOOLEAN,
	HC_TTLV_TEXT,
	HC_TTLV_BYTES,
	HC_TTLV_DATE,
	HC_TTLV_INTERVAL,
	HC_TTLV_DATE_EXTENDED,	/* KMIP 2.0 */
};

/* One item. @value has @length bytes and lies in the message. */
struct hc_ttlv {
	uint32_t tag;		/* 0: there is none */
	enum hc_ttlv_type type;
	uint32_t length;	/* without padding */
	const uint8_t *value;
	size_t offset;		/* of the item in the message, for error texts */
};

/* A run of items not read yet. */
struct hc_ttlv_cursor {
	const uint8_t *at;
	size_t left;
	size_t offset;
};

void hc_ttlv_open(const uint8_t *data, size_t size, struct hc_ttlv_cursor *ret_cursor);

/* The items in a structure. */
void hc_ttlv_enter(const struct hc_ttlv *structure, struct hc_ttlv_cursor *ret_cursor);

/*
 * The next item: 1, or 0 at the end. HC_E_KMIP_MALFORMED for a length that
 * does not fit its surroundings or its type, a foreign tag, padding or a
 * Boolean that is neither 0 nor 1.
 */
int hc_ttlv_next(struct hc_ttlv_cursor *cursor, struct hc_ttlv *ret_item);

/*
 * The next item of a run that hc_ttlv_fields() gave for the repeated field
 * @tag; unknown items that were skipped between them are skipped again.
 * 1, or 0 at the end; cannot fail, as the run was read before.
 */
int hc_ttlv_next_of(struct hc_ttlv_cursor *run, uint32_t tag, struct hc_ttlv *ret_item);

/*
 * Check a whole message: one structure that fills @size exactly, at most
 * HC_TTLV_DEPTH_MAX deep with at most HC_TTLV_ITEMS_MAX items, each well
 * formed. HC_E_KMIP_MALFORMED.
 */
int hc_ttlv_check(const uint8_t *data, size_t size, struct hc_ttlv *ret_message);

/* Values. The caller has seen the type (hc_ttlv_fields() does it). */
int32_t hc_ttlv_integer(const struct hc_ttlv *item);
uint32_t hc_ttlv_enum(const struct hc_ttlv *item);
bool hc_ttlv_boolean(const struct hc_ttlv *item);
bool hc_ttlv_text_is(const struct hc_ttlv *item, const char *text);

/* What a structure may hold: a table of these is read like the specification's. */
struct hc_ttlv_field {
	uint32_t tag;
	enum hc_ttlv_type type;
	enum {
		HC_TTLV_OPTIONAL,
		HC_TTLV_REQUIRED,
		HC_TTLV_REPEATED,	/* none, one or more, all in a row */
	} presence;
	struct hc_ttlv *ret_item;		/* not for repeated ones; may be NULL */
	struct hc_ttlv_cursor *ret_run;		/* for repeated ones; may be NULL */
};

/*
 * Read @structure by @fields, which stand in the order of the specification.
 * HC_E_KMIP_MALFORMED for a missing, doubled, misplaced or wrongly typed
 * field, and for one that is not in the table unless @skip_unknown or its
 * tag is an extension (54xxxx). What is absent is set to tag 0 or an empty
 * run; on failure what the fields point to is undefined.
 */
int hc_ttlv_fields(const struct hc_ttlv *structure, const struct hc_ttlv_field *fields,
		   size_t n_fields, bool skip_unknown);

/*
 * The writer fills a buffer of the caller's. It may be used without looking
 * at errors: whatever did not fit is found by hc_ttlv_finish().
 */
struct hc_ttlv_writer {
	uint8_t *data;
	size_t size;
	size_t used;
	size_t open[HC_TTLV_DEPTH_MAX];	/* where the open structures start */
	unsigned depth;
	bool failed;
};

void hc_ttlv_writer_init(struct hc_ttlv_writer *writer, uint8_t *data, size_t size);
void hc_ttlv_begin(struct hc_ttlv_writer *writer, uint32_t tag);
void hc_ttlv_end(struct hc_ttlv_writer *writer);
void hc_ttlv_put_integer(struct hc_ttlv_writer *writer, uint32_t tag, int32_t value);
void hc_ttlv_put_enum(struct hc_ttlv_writer *writer, uint32_t tag, uint32_t value);
void hc_ttlv_put_text(struct hc_ttlv_writer *writer, uint32_t tag, const char *text);
void hc_ttlv_put_bytes(struct hc_ttlv_writer *writer, uint32_t tag, const void *data, size_t size);

/* Any type but a structure; @value is as it goes on the wire, padding is added. */
void hc_ttlv_put(struct hc_ttlv_writer *writer, uint32_t tag, enum hc_ttlv_type type,
		 const void *value, size_t length);

/* HC_E_INTERNAL when the buffer was too small or a structure is still open. */
int hc_ttlv_finish(const struct hc_ttlv_writer *writer, size_t *ret_size);

#endif
