/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of the crashed kernel, from /proc/vmcore into an envelope. */
#ifndef HC_CAPTURE_VMCORE_H
#define HC_CAPTURE_VMCORE_H

#include <stdbool.h>

#include "dump/vmcoreinfo.h"
#include "dump/writer.h"

#define VMCORE "/proc/vmcore"

/* Is this a kernel that "hostcrypt dump load" has loaded? */
bool vmcore_expected(void);

/*
 * Load the module with the registry that the kernel's command line names: from
 * then on the pages that hold keys read as zeros. It must come before anybody
 * opens VMCORE. HC_E_DUMP_REGISTRY: then nothing may be dumped.
 */
int vmcore_hide_keys(void);

/* The build id of the kernel that crashed, as it says it itself; "" where it does not. */
void vmcore_build_id(char ret_id[HC_DUMP_BUILD_ID_SIZE]);

/* The kernel's log. A failure of the writer is one; that there is no log is said. */
int vmcore_write_log(const char *makedumpfile, struct hc_dump_writer *writer);

/* The memory: what makedumpfile makes of it at @level; all of it where there is no
 * makedumpfile (@version is ""), or where it gives up before it has begun. */
int vmcore_write(const char *makedumpfile, const char *version, unsigned level,
		 struct hc_dump_writer *writer);

#endif
