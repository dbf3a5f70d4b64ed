/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of the crashed kernel, from /proc/vmcore into an envelope. */
#ifndef HC_CAPTURE_VMCORE_H
#define HC_CAPTURE_VMCORE_H

#include "dump/writer.h"

#define VMCORE "/proc/vmcore"

/*
 * Load the module with the registry that the kernel's command line names: from
 * then on the pages that hold keys read as zeros. It must come before anybody
 * opens VMCORE. HC_E_DUMP_REGISTRY: then nothing may be dumped.
 */
int vmcore_hide_keys(void);

/* The kernel's log. A failure of the writer is one; that there is no log is said. */
int vmcore_write_log(const char *makedumpfile, struct hc_dump_writer *writer);

/* The memory: what makedumpfile makes of it at @level; all of it where there is no
 * makedumpfile (@version is ""), or where it gives up before it has begun. */
int vmcore_write(const char *makedumpfile, const char *version, unsigned level,
		 struct hc_dump_writer *writer);

#endif
