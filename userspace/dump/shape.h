/* SPDX-License-Identifier: GPL-2.0 */
/* How far a dump goes, by what its frames say of their lengths. No key is needed for
 * that, and nothing of it is vouched for. */
#ifndef HC_DUMP_SHAPE_H
#define HC_DUMP_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

enum hc_dump_shape {
	HC_DUMP_WHOLE,
	HC_DUMP_CUT,	   /* it ends before its last frame */
	HC_DUMP_MISSHAPEN, /* something that is no frame, or something behind the last one */
};

/*
 * The dump that begins at the start of @fd, which has @room bytes. Where @more, what is
 * behind the dump is none of its business, as on a device. @ret_bytes: up to where it is
 * whole. A negative errno.
 */
int hc_dump_shape(int fd, uint64_t room, bool more, enum hc_dump_shape *ret_shape,
		  uint64_t *ret_bytes);

#endif
