/* SPDX-License-Identifier: GPL-2.0 */
/* The host's settings for the capture environment (dump/environment.h), as an
 * archive that stands before the image. */
#ifndef HC_DUMP_OVERLAY_H
#define HC_DUMP_OVERLAY_H

#include "dump/cpio.h"

struct hc_dump_plan;

/*
 * What it is made of, a line for each file, in @ret_list: two archives with the same list
 * tell the capture kernel the same. @ret_list may be NULL, and @fd -1 where only the list
 * is wanted.
 */
#define HC_DUMP_OVERLAY_LIST 8192
int hc_dump_overlay_write(int fd, const struct hc_dump_plan *plan, const char *providers_path,
			  char ret_list[HC_DUMP_OVERLAY_LIST]);

/* The file @name of HC_CAPTURE_FOLDER, with one line. */
int hc_dump_overlay_line(struct hc_cpio *cpio, const char *name, const char *text);

#endif
