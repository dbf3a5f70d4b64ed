/* SPDX-License-Identifier: GPL-2.0 */
/* The memory that is set aside for the capture kernel, and what it takes of it. */
#ifndef HC_DUMP_MEMORY_H
#define HC_DUMP_MEMORY_H

#include <stdint.h>

#include "dump/image.h"

/* What is set aside; HC_E_DUMP_MEMORY with what to do where there is nothing. */
int hc_dump_memory_aside(uint64_t *ret_bytes);

/* Is it enough for @image? About what is needed is in @ret_needed in any case. */
int hc_dump_memory_check(const struct hc_dump_image *image, uint64_t *ret_aside,
			 uint64_t *ret_needed);

#endif
