/* SPDX-License-Identifier: GPL-2.0 */
/* The host's settings for the capture environment (dump/environment.h), as an
 * archive that stands before the image. */
#ifndef HC_DUMP_OVERLAY_H
#define HC_DUMP_OVERLAY_H

#include "dump/cpio.h"

struct hc_dump_plan;

int hc_dump_overlay_write(int fd, const struct hc_dump_plan *plan, const char *providers_path);

/* The file @name of HC_CAPTURE_FOLDER, with one line. */
int hc_dump_overlay_line(struct hc_cpio *cpio, const char *name, const char *text);

#endif
