/* SPDX-License-Identifier: GPL-2.0 */
/* The host's settings for the capture environment (dump/environment.h), as an
 * archive that stands before the image. */
#ifndef HC_DUMP_OVERLAY_H
#define HC_DUMP_OVERLAY_H

struct hc_dump_plan;

int hc_dump_overlay_write(int fd, const struct hc_dump_plan *plan, const char *providers_path);

#endif
