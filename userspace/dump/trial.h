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
	char path[PATH_MAX]; /* of the dump it left, in this system */
	uint64_t bytes;	     /* of its size */
	uint64_t milliseconds;
};

/* Can the target of @config be written to by anybody but a capture kernel? */
bool hc_dump_trial_possible(const struct hc_dump_config *config);

/*
 * Leaves a dump of @mib MiB of zeros and this kernel's log. The caller's mounts are its
 * own from then on.
 */
int hc_dump_trial_run(const struct hc_dump_plan *plan, const char *providers_path, unsigned mib,
		      struct hc_dump_trial *ret_trial);

/* Is the dump whole, as far as can be seen without a key? HC_E_DUMP_CUT and others. */
int hc_dump_trial_verify(const struct hc_dump_trial *trial);

/* Remove the dump. */
int hc_dump_trial_remove(const struct hc_dump_trial *trial);

#endif
