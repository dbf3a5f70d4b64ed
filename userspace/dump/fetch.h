/* SPDX-License-Identifier: GPL-2.0 */
/* A dump taken away as it is, from a device that holds more than the dump. */
#ifndef HC_DUMP_FETCH_H
#define HC_DUMP_FETCH_H

#include <stdint.h>

/*
 * Copy the dump that begins at @from's start to @to, up to its last frame, without a
 * key. HC_E_DUMP_CUT where there is no last frame within @room bytes: then the
 * whole frames are copied.
 */
int hc_dump_fetch(int from, uint64_t room, int to, uint64_t *ret_bytes);

#endif
