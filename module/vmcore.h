/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_VMCORE_H
#define HC_VMCORE_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uuid.h>

#ifdef CONFIG_PROC_VMCORE
int hc_vmcore_read(u64 address);
void hc_vmcore_forget(void);
void hc_vmcore_hide(void);
int hc_vmcore_inherit(const uuid_t *uuid);
#else
static inline int hc_vmcore_read(u64 address)
{
	return address ? -EINVAL : 0;
}

static inline void hc_vmcore_forget(void)
{
}

static inline void hc_vmcore_hide(void)
{
}

static inline int hc_vmcore_inherit(const uuid_t *uuid)
{
	return -EOPNOTSUPP;
}
#endif

#endif
