/* SPDX-License-Identifier: GPL-2.0 */
/* The encrypted file around whatever goes into it. */
#ifndef HC_CAPTURE_ENVELOPE_H
#define HC_CAPTURE_ENVELOPE_H

#include "capture/target.h"
#include "dump/writer.h"

/* Write a dump of @host, whose kernel has @build_id ("" where none is known), to the
 * open @target: header, what @streams writes, end. */
int envelope_write(struct target *target, const char *host, const char *build_id,
		   int (*streams)(const struct hc_dump_config *config,
				  struct hc_dump_writer *writer));

#endif
