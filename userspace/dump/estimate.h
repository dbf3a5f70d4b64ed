/* SPDX-License-Identifier: GPL-2.0 */
/* How large a dump would be that is taken now. */
#ifndef HC_DUMP_ESTIMATE_H
#define HC_DUMP_ESTIMATE_H

#include <stdint.h>

#include "dump/filter.h"

/* With @filter, out of the numbers of /proc/meminfo; 0 where they cannot be read. */
uint64_t hc_dump_estimate(const struct hc_dump_filter *filter);

/* The same of another file. */
uint64_t hc_dump_estimate_of(const char *meminfo, const struct hc_dump_filter *filter);

#endif
