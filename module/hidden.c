// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that whoever saves memory leaves out.
 *
 * The kernel's word for "only the owner may read or write this" is PageOffline:
 * makedumpfile, /proc/kcore and the image of hibernation do without such pages.
 * They are of order 0, since makedumpfile does not look at the tails of
 * compound pages, and are reached through the direct map only, since
 * /proc/kcore reads other mappings without asking.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page-flags.h>

#include "hidden.h"

/**
 * hc_hidden_alloc() - get a zeroed page that no dump shows
 *
 * Context: may sleep.
 * Return: its address or NULL.
 */
void *hc_hidden_alloc(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (!page)
		return NULL;
	page_offline_begin();
	__SetPageOffline(page);
	page_offline_end();
	return page_address(page);
}

/**
 * hc_hidden_free() - give a page back that its user has wiped
 * @address: from hc_hidden_alloc()
 *
 * Context: may sleep.
 */
void hc_hidden_free(void *address)
{
	struct page *page = virt_to_page(address);

	page_offline_begin();
	__ClearPageOffline(page);
	page_offline_end();
	__free_page(page);
}
