/* SPDX-License-Identifier: GPL-2.0 */
/* What a kernel says of itself to who takes its dump: lines "NAME=value". */
#ifndef HC_DUMP_VMCOREINFO_H
#define HC_DUMP_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>

#define HC_DUMP_BUILD_ID_SIZE 129 /* hex of 64 bytes, with the NUL */

/* Is it 8 to 64 bytes in hex, as the kernel writes it? */
bool hc_build_id_valid(const char *text);

/* The value of the line "BUILD-ID=" of @text; false where there is no such or no valid one. */
bool hc_vmcoreinfo_build_id(const void *text, size_t size, char ret_id[HC_DUMP_BUILD_ID_SIZE]);

#endif
