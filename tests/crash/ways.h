/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_CRASH_WAYS_H
#define HC_CRASH_WAYS_H

#include <linux/types.h>

int hc_crash_in_interrupt(unsigned int cpu, unsigned int delay);

int hc_crash_at_step(const char *symbol, unsigned int offset, const char *caller,
		     unsigned int passes);
void hc_crash_step_exit(void);

int hc_crash_at_return(const char *symbol, unsigned int passes);
void hc_crash_return_exit(void);

int hc_crash_damage(u64 address);

#endif
