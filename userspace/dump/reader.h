/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a dump back, one frame at a time, from a file or a pipe. Nothing comes out
 * of a frame before its tag was checked.
 */
#ifndef HC_DUMP_READER_H
#define HC_DUMP_READER_H

#include <stddef.h>
#include <stdint.h>

#include "dump/format.h"
#include "dump/header.h"

struct hc_dump_reader;

/* Reads the header from @fd, which stays the caller's. Errors of hc_dump_header_parse(). */
int hc_dump_reader_open(int fd, struct hc_dump_reader **ret_reader);
void hc_dump_reader_close(struct hc_dump_reader *reader);

/* What the header says; not vouched for before unlocking. */
const struct hc_dump_header *hc_dump_reader_header(const struct hc_dump_reader *reader);

/* With a private key in a PEM file. HC_E_DUMP_RECIPIENT, HC_E_DUMP_DAMAGED. */
int hc_dump_reader_unlock_pem(struct hc_dump_reader *reader, const char *path);
/* With a dump key that was got elsewhere. HC_E_DUMP_RECIPIENT, HC_E_DUMP_DAMAGED. */
int hc_dump_reader_unlock(struct hc_dump_reader *reader, const struct hc_secret *dump_key);

/*
 * The next frame: 1, and its data until the next call; 0 at the proper end.
 * HC_E_DUMP_CUT where the file ends early, HC_E_DUMP_DAMAGED where it was changed;
 * what came before is good in both cases. An error stays.
 */
int hc_dump_reader_next(struct hc_dump_reader *reader, enum hc_dump_stream *ret_stream,
			const uint8_t **ret_data, size_t *ret_size);

/* How large the dump is, or is said to be; 0 where nobody knows, as of a pipe. */
uint64_t hc_dump_reader_total(const struct hc_dump_reader *reader);
/* How much of it has been read: up to the next frame. */
uint64_t hc_dump_reader_offset(const struct hc_dump_reader *reader);

#endif
