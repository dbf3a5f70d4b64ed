/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_VMCORE_H
#define HC_VMCORE_H

#include <linux/errno.h>
#include <linux/types.h>

#ifdef CONFIG_PROC_VMCORE
int hc_vmcore_hide(u64 address);
#else
static inline int hc_vmcore_hide(u64 address)
{
	return -EINVAL;
}
#endif

#endif
