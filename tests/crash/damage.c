// SPDX-License-Identifier: GPL-2.0
/* A byte that something has written over. */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pfn.h>

#include "ways.h"

/**
 * hc_crash_damage() - change a byte of memory
 * @address: its physical address
 *
 * Return: 0; -EFAULT, there is no memory.
 */
int hc_crash_damage(u64 address)
{
	u8 *byte;

	if (!pfn_valid(PHYS_PFN(address)))
		return -EFAULT;
	byte = phys_to_virt(address);
	WRITE_ONCE(*byte, *byte ^ 0x10);
	return 0;
}
