// SPDX-License-Identifier: GPL-2.0
/*
 * The store of data encryption keys (DEKs).
 *
 * Key bytes live in exactly two places: the page that each key has to itself
 * and the context of the ciphers that were keyed from it. The page is of order
 * 0, never shared with other data and never part of slab, so that it can be
 * wiped whole, and hidden from dumps. Both places are in the registry of pages
 * with keys. Nothing outside this file reads it; a cipher is keyed through
 * hc_key_set().
 *
 * A key is made in three steps, so that the bytes are written once, to where
 * they stay: hc_key_alloc(), filling hc_key_bytes(), hc_keystore_add().
 */
#include <crypto/algapi.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "hidden.h"
#include "keypage.h"
#include "keystore.h"
#include "registry.h"

/* One DEK. */
struct hc_key {
	/* In hc_keys; empty before hc_keystore_add(). Locking: hc_keys_lock. */
	struct list_head node;

	/* The name under which table lines ask for it. Constant. */
	uuid_t uuid;

	/* The page with the bytes. Constant once added. */
	struct hc_key_page *page;

	/* Table lines that hold the key. Locking: hc_keys_lock. */
	unsigned int users;

	/* Boot time of loading, sleep included. Constant once added. */
	ktime_t loaded;
};

/* Guards hc_keys, hc_keys_closed and the members that name it. */
static DEFINE_MUTEX(hc_keys_lock);
static LIST_HEAD(hc_keys);

/* Hibernation is under way: nothing may be added. */
static bool hc_keys_closed;

/**
 * hc_key_alloc() - make an empty key
 * @uuid: its name
 *
 * Context: may sleep.
 * Return: the key, to be filled and added or freed, or NULL.
 */
struct hc_key *hc_key_alloc(const uuid_t *uuid)
{
	struct hc_key *key = kzalloc(sizeof(*key), GFP_KERNEL);

	if (!key)
		return NULL;
	key->page = hc_hidden_alloc();
	if (!key->page)
		goto out_key;
	if (hc_registry_add(key->page, PAGE_SIZE))
		goto out_page;
	INIT_LIST_HEAD(&key->node);
	uuid_copy(&key->uuid, uuid);
	return key;

out_page:
	hc_hidden_free(key->page);
out_key:
	kfree(key);
	return NULL;
}
EXPORT_SYMBOL_HC_KUNIT(hc_key_alloc);

/**
 * hc_key_bytes() - where the bytes of a new key go
 * @key: a key that was not added yet
 *
 * Return: room for HOSTCRYPT_KEY_SIZE bytes, page aligned.
 */
u8 *hc_key_bytes(struct hc_key *key)
{
	return key->page->bytes;
}
EXPORT_SYMBOL_HC_KUNIT(hc_key_bytes);

/**
 * hc_key_free() - wipe and free a key that is not in the store
 * @key: the key or NULL
 *
 * Context: may sleep.
 */
void hc_key_free(struct hc_key *key)
{
	if (!key)
		return;
	memzero_explicit(key->page, PAGE_SIZE);
	hc_registry_remove(key->page, PAGE_SIZE);
	hc_hidden_free(key->page);
	kfree(key);
}
EXPORT_SYMBOL_HC_KUNIT(hc_key_free);

static struct hc_key *hc_keys_find(const uuid_t *uuid)
{
	struct hc_key *key;

	lockdep_assert_held(&hc_keys_lock);
	list_for_each_entry(key, &hc_keys, node)
		if (uuid_equal(&key->uuid, uuid))
			return key;
	return NULL;
}

/**
 * hc_keystore_add() - put a filled key into the store
 * @key: the key; in the store or wiped and freed when this returns
 *
 * Adding the same bytes again under the same UUID succeeds and changes
 * nothing.
 *
 * Context: may sleep.
 * Return: 0; -EKEYREJECTED, the two XTS halves are equal; -EEXIST, the UUID is
 *	loaded with other bytes; -EBUSY, the machine is about to hibernate.
 */
int hc_keystore_add(struct hc_key *key)
{
	const u8 *bytes = key->page->bytes;
	const u8 *half = bytes + HOSTCRYPT_KEY_SIZE / 2;
	struct hc_key *old;
	int err;

	if (!crypto_memneq(bytes, half, HOSTCRYPT_KEY_SIZE / 2)) {
		hc_key_free(key);
		return -EKEYREJECTED;
	}

	mutex_lock(&hc_keys_lock);
	old = hc_keys_find(&key->uuid);
	if (old) {
		err = crypto_memneq(bytes, old->page->bytes, HOSTCRYPT_KEY_SIZE) ? -EEXIST : 0;
	} else if (hc_keys_closed) {
		err = -EBUSY;
	} else {
		hc_key_page_seal(key->page, &key->uuid);
		key->loaded = ktime_get_boottime();
		list_add_tail(&key->node, &hc_keys);
		key = NULL;
		err = 0;
	}
	mutex_unlock(&hc_keys_lock);

	hc_key_free(key);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_add);

/**
 * hc_keystore_drop() - wipe a key
 * @uuid: its name
 *
 * Context: may sleep.
 * Return: 0; -ENOKEY, not loaded; -EBUSY, a table line holds it.
 */
int hc_keystore_drop(const uuid_t *uuid)
{
	struct hc_key *key;
	int err = 0;

	mutex_lock(&hc_keys_lock);
	key = hc_keys_find(uuid);
	if (!key) {
		err = -ENOKEY;
	} else if (key->users) {
		err = -EBUSY;
		key = NULL;
	} else {
		list_del(&key->node);
	}
	mutex_unlock(&hc_keys_lock);

	hc_key_free(key);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_drop);

/**
 * hc_keystore_get() - hold a key for a table line
 * @uuid: its name
 *
 * Context: may sleep.
 * Return: the key, to be given back with hc_keystore_put(), or NULL when it is
 *	not loaded.
 */
struct hc_key *hc_keystore_get(const uuid_t *uuid)
{
	struct hc_key *key;

	mutex_lock(&hc_keys_lock);
	key = hc_keys_find(uuid);
	if (key)
		key->users++;
	mutex_unlock(&hc_keys_lock);
	return key;
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_get);

/**
 * hc_keystore_put() - give a held key back; it stays loaded
 * @key: from hc_keystore_get(), or NULL
 *
 * Context: may sleep.
 */
void hc_keystore_put(struct hc_key *key)
{
	if (!key)
		return;
	mutex_lock(&hc_keys_lock);
	if (!WARN_ON_ONCE(!key->users))
		key->users--;
	mutex_unlock(&hc_keys_lock);
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_put);

/**
 * hc_key_set() - key a cipher
 * @key: a held key
 * @tfm: the cipher
 *
 * Context: may sleep.
 * Return: 0 or crypto_skcipher_setkey()'s error.
 */
int hc_key_set(const struct hc_key *key, struct crypto_skcipher *tfm)
{
	return crypto_skcipher_setkey(tfm, key->page->bytes, HOSTCRYPT_KEY_SIZE);
}

/**
 * hc_keystore_count() - how many keys are loaded
 *
 * Context: may sleep.
 * Return: their number.
 */
unsigned int hc_keystore_count(void)
{
	unsigned int n;

	mutex_lock(&hc_keys_lock);
	n = list_count_nodes(&hc_keys);
	mutex_unlock(&hc_keys_lock);
	return n;
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_count);

/**
 * hc_keystore_list() - describe the loaded keys
 * @info: where to
 * @room: entries in @info
 *
 * Context: may sleep.
 * Return: the number of loaded keys, of which the first @room were described.
 */
unsigned int hc_keystore_list(struct hostcrypt_key_info *info, unsigned int room)
{
	ktime_t now = ktime_get_boottime();
	unsigned int n = 0;
	struct hc_key *key;

	mutex_lock(&hc_keys_lock);
	list_for_each_entry(key, &hc_keys, node) {
		if (n < room) {
			memset(&info[n], 0, sizeof(info[n]));
			export_uuid(info[n].uuid, &key->uuid);
			info[n].users = key->users;
			info[n].age_ms = ktime_ms_delta(now, key->loaded);
		}
		n++;
	}
	mutex_unlock(&hc_keys_lock);
	return n;
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_list);

/**
 * hc_keystore_close_if_empty() - let nothing in, because memory goes to disk
 *
 * Context: may sleep.
 * Return: 0, and no key can be added until hc_keystore_reopen(); -EBUSY, a key
 *	is loaded.
 */
int hc_keystore_close_if_empty(void)
{
	int err = 0;

	mutex_lock(&hc_keys_lock);
	if (list_empty(&hc_keys))
		hc_keys_closed = true;
	else
		err = -EBUSY;
	mutex_unlock(&hc_keys_lock);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_close_if_empty);

/**
 * hc_keystore_reopen() - undo hc_keystore_close_if_empty()
 *
 * Context: may sleep.
 */
void hc_keystore_reopen(void)
{
	mutex_lock(&hc_keys_lock);
	hc_keys_closed = false;
	mutex_unlock(&hc_keys_lock);
}
EXPORT_SYMBOL_HC_KUNIT(hc_keystore_reopen);

/**
 * hc_keystore_exit() - wipe what is left
 *
 * The module goes, so no table line holds a key and no call can come in.
 */
void hc_keystore_exit(void)
{
	struct hc_key *key, *next;

	mutex_lock(&hc_keys_lock);
	list_for_each_entry_safe(key, next, &hc_keys, node) {
		WARN_ON_ONCE(key->users);
		list_del(&key->node);
		hc_key_free(key);
	}
	mutex_unlock(&hc_keys_lock);
}
