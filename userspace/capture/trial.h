/* SPDX-License-Identifier: GPL-2.0 */
/* "hostcrypt dump test" runs this program in the unpacked RAM disk, in a system that is
 * well: all but hiding keys and reading /proc/vmcore is as after a panic. */
#ifndef HC_CAPTURE_TRIAL_H
#define HC_CAPTURE_TRIAL_H

#include <stdbool.h>

/* Leave a dump of @mib MiB of zeros and this kernel's log, on another host only with
 * @keep; say what came of it on standard output, as dump/environment.h has it. Returns the
 * exit status. */
int trial(unsigned long mib, bool keep);

#endif
