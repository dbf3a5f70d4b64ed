// SPDX-License-Identifier: GPL-2.0
/*
 * In the kernel that saves a dump: keys of the dead kernel are left out.
 *
 * /proc/vmcore shows the pages that the dead kernel's registry lists as zeros.
 * The module has to be inserted before anybody opens /proc/vmcore, and then
 * stays: whoever could read the keys would have to boot the machine anew. Single
 * keys can be taken over into the store, which shows them to nobody either.
 */
#define pr_fmt(fmt) "hostcrypt: " fmt

#include <linux/bsearch.h>
#include <linux/crash_dump.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "inherit.h"
#include "registry.h"
#include "vmcore.h"

/* NULL unless registry= was given; constant once the module is there. */
static struct hc_pfns *hc_hidden_pfns;

static void *hc_frame_map(u64 pfn)
{
	return memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
}

static const struct hc_frames hc_dead_memory = {
	.map = hc_frame_map,
	.unmap = memunmap,
};

static int hc_pfn_compare(const void *key, const void *entry)
{
	u64 x = *(const u64 *)key, y = *(const u64 *)entry;

	return x < y ? -1 : x > y;
}

static bool hc_pfn_is_ram(struct vmcore_cb *cb, unsigned long pfn)
{
	const u64 key = pfn;

	return !bsearch(&key, hc_hidden_pfns->pfn, hc_hidden_pfns->count, sizeof(u64),
			hc_pfn_compare);
}

static struct vmcore_cb hc_vmcore_cb = {
	.pfn_is_ram = hc_pfn_is_ram,
};

/**
 * hc_vmcore_read() - find out where the dead kernel's keys are
 * @address: physical address of its registry; 0, there is nothing to do
 *
 * Context: may sleep.
 * Return: 0; -EINVAL, this kernel saves no dump; -EBADMSG, something is wrong
 *	with the registry; -ENOMEM.
 */
int hc_vmcore_read(u64 address)
{
	struct hc_pfns *pfns;

	if (!address)
		return 0;
	if (!is_kdump_kernel()) {
		pr_err("registry= is for the kernel that saves a dump\n");
		return -EINVAL;
	}
	pfns = hc_registry_read(address, &hc_dead_memory);
	if (IS_ERR(pfns))
		return PTR_ERR(pfns);
	hc_hidden_pfns = pfns;
	return 0;
}

/**
 * hc_vmcore_forget() - undo hc_vmcore_read()
 */
void hc_vmcore_forget(void)
{
	kvfree(hc_hidden_pfns);
	hc_hidden_pfns = NULL;
}

/**
 * hc_vmcore_hide() - have /proc/vmcore without what hc_vmcore_read() has found
 *
 * Cannot be undone; the module cannot be removed any more.
 *
 * Context: may sleep.
 */
void hc_vmcore_hide(void)
{
	if (!hc_hidden_pfns)
		return;
	__module_get(THIS_MODULE);
	register_vmcore_cb(&hc_vmcore_cb);
	pr_info("%zu pages with keys are left out of the dump\n", hc_hidden_pfns->count);
}

/**
 * hc_vmcore_inherit() - put one of the dead kernel's DEKs into the store
 * @uuid: its name
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP, this kernel saves no dump or was not told where the
 *	registry is; hc_inherit()'s errors.
 */
int hc_vmcore_inherit(const uuid_t *uuid)
{
	if (!hc_hidden_pfns)
		return -EOPNOTSUPP;
	return hc_inherit(hc_hidden_pfns, &hc_dead_memory, uuid);
}
