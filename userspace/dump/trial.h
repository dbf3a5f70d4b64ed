/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that a panic would set off but the panic: the RAM disk that would be
 * loaded is unpacked, and its own hostcrypt-capture run in it, on the real target.
 */
#ifndef HC_DUMP_TRIAL_H
#define HC_DUMP_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/arm.h"

struct hc_dump_trial {
	char path[2 * PATH_MAX + 256]; /* of the dump it left */
	bool elsewhere; /* it is on another host, where this one cannot read */
	uint64_t bytes;	     /* of its size */
	uint64_t milliseconds;
};

/*
 * Leaves a dump of @mib MiB of zeros and this kernel's log. Where only the program that
 * wrote it can remove it again, that does so unless @keep. The caller's mounts are its own
 * from then on.
 */
int hc_dump_trial_run(const struct hc_dump_plan *plan, const char *providers_path, unsigned mib,
		      bool keep, struct hc_dump_trial *ret_trial);

/* Of one that is not elsewhere: is the dump whole, as far as can be seen without a key?
 * HC_E_DUMP_CUT and others. */
int hc_dump_trial_verify(const struct hc_dump_trial *trial);

/* Remove the dump, where that has not been done. */
int hc_dump_trial_remove(const struct hc_dump_trial *trial);

#endif
