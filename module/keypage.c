// SPDX-License-Identifier: GPL-2.0
/*
 * The page that a DEK has to itself: whose it is, and whether it is whole, so
 * that the kernel that saves a dump can take the DEK over (inherit.c).
 */
#include <linux/errno.h>
#include <linux/siphash.h>

#include "keypage.h"

/* "HCKEYPAG" */
#define HC_KEY_PAGE_MAGIC	0x47415059454b4348ULL

/* Against damage; who can write to the page has the DEK. */
static u64 hc_key_page_sum(const struct hc_key_page *page)
{
	siphash_key_t key = { { HC_KEY_PAGE_MAGIC, 0 } };

	key.key[1] = siphash(&page->uuid, sizeof(page->uuid), &key);
	return siphash(page->bytes, sizeof(page->bytes), &key);
}

/**
 * hc_key_page_seal() - the DEK is complete
 * @page: with the DEK
 * @uuid: its name
 *
 * Context: any.
 */
void hc_key_page_seal(struct hc_key_page *page, const uuid_t *uuid)
{
	uuid_copy(&page->uuid, uuid);
	page->check = hc_key_page_sum(page);
	page->magic = HC_KEY_PAGE_MAGIC;
}

/**
 * hc_key_page_check() - is this the page of that DEK?
 * @page: what may be one
 * @uuid: the DEK's name
 *
 * Context: any.
 * Return: 0; -ENOKEY, it is another's or no such page; -EBADMSG, it was and is
 *	damaged.
 */
int hc_key_page_check(const struct hc_key_page *page, const uuid_t *uuid)
{
	if (page->magic != HC_KEY_PAGE_MAGIC || !uuid_equal(&page->uuid, uuid))
		return -ENOKEY;
	return page->check == hc_key_page_sum(page) ? 0 : -EBADMSG;
}
