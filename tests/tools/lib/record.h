/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOOL_RECORD_H
#define TOOL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A record is a sector that says where it belongs and when it was written. */
#define RECORD_SIZE 512

void records_make(void *to, size_t bytes, uint64_t at, uint64_t sequence);
bool record_read(const void *from, uint64_t at, uint64_t *sequence);

#endif
