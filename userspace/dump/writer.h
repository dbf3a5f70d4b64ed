/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Encrypts a dump while it is written: memory for one frame, and only sequential
 * writes, so that it can go into a pipe. A writer that failed stays failed.
 */
#ifndef HC_DUMP_WRITER_H
#define HC_DUMP_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "dump/format.h"
#include "dump/header.h"
#include "dump/recipient.h"

#define HC_DUMP_STEP (16 * 1024 * 1024)

struct hc_dump_writer;

/* Writes the header to @fd, which stays the caller's. */
int hc_dump_writer_open(int fd, const struct hc_dump_info *info,
			const struct hc_dump_recipient *recipients, size_t n,
			struct hc_dump_writer **ret_writer);
int hc_dump_writer_write(struct hc_dump_writer *writer, enum hc_dump_stream stream,
			 const void *data, size_t size);
/* From now on the dump fails (no space) instead of going beyond @bytes, its header
 * counted. */
void hc_dump_writer_limit(struct hc_dump_writer *writer, uint64_t bytes);
/* @fd is a device with @writer's header at its start: whenever the machine dies, what is
 * on it ends with a whole frame. Frames count in steps of HC_DUMP_STEP bytes, each once
 * all of it is on the disk. The word behind the header must be zero there before. */
void hc_dump_writer_in_steps(struct hc_dump_writer *writer);
/* The last frame; without it the file counts as cut. fsync() is the caller's. */
int hc_dump_writer_finish(struct hc_dump_writer *writer);
/* How large the dump is by now. */
uint64_t hc_dump_writer_bytes(const struct hc_dump_writer *writer);
/* Wipes and frees; NULL is left alone. */
void hc_dump_writer_close(struct hc_dump_writer *writer);

#endif
