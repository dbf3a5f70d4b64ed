// SPDX-License-Identifier: GPL-2.0
/*
 * A DEK of the kernel that has died, taken over by the one that saves the dump:
 * so a volume can take the dump, and no key server has to answer.
 */
#define pr_fmt(fmt) "hostcrypt: " fmt

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "compat.h"
#include "inherit.h"
#include "keypage.h"
#include "keystore.h"
#include "registry.h"

static int hc_inherit_page(const struct hc_key_page *page, const uuid_t *uuid)
{
	struct hc_key *key;
	int err;

	err = hc_key_page_check(page, uuid);
	if (err)
		return err;
	key = hc_key_alloc(uuid);
	if (!key)
		return -ENOMEM;
	memcpy(hc_key_bytes(key), page->bytes, HOSTCRYPT_KEY_SIZE);
	return hc_keystore_add(key);
}

/**
 * hc_inherit() - put a dead kernel's DEK into the store
 * @pfns: the pages that its registry lists
 * @frames: the memory they are in
 * @uuid: the DEK's name
 *
 * Context: may sleep.
 * Return: 0; -ENOKEY, none was loaded under this name; -EBADMSG, its page is
 *	damaged; -ENOMEM, also where it may be on a page that cannot be mapped;
 *	hc_keystore_add()'s errors.
 */
int hc_inherit(const struct hc_pfns *pfns, const struct hc_frames *frames, const uuid_t *uuid)
{
	int missed = -ENOKEY;
	int err = -ENOKEY;
	size_t i;

	for (i = 0; i < pfns->count && err == -ENOKEY; i++) {
		struct hc_key_page *page = frames->map(pfns->pfn[i]);

		if (page) {
			err = hc_inherit_page(page, uuid);
			frames->unmap(page);
		} else {
			missed = -ENOMEM;
		}
	}
	if (err == -ENOKEY)
		err = missed;
	if (err == -EBADMSG)
		pr_err("key %pUb: its page in the dead kernel's memory is damaged\n", uuid);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_inherit);
