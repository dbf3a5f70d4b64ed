// SPDX-License-Identifier: GPL-2.0
/* The key store: a key's life from loading to the wiped page. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keystore.h"
#include "suites.h"

/* A fresh name and fresh bytes; nothing in the store yet. */
struct hc_test_key {
	uuid_t uuid;
	u8 bytes[HOSTCRYPT_KEY_SIZE];
};

static void hc_draw(struct hc_test_key *k)
{
	generate_random_uuid(k->uuid.b);
	get_random_bytes(k->bytes, sizeof(k->bytes));
}

static struct hc_key *hc_fill(struct kunit *test, const struct hc_test_key *k)
{
	struct hc_key *key = hc_key_alloc(&k->uuid);

	KUNIT_ASSERT_NOT_NULL(test, key);
	memcpy(hc_key_bytes(key), k->bytes, sizeof(k->bytes));
	return key;
}

static int hc_load(struct kunit *test, const struct hc_test_key *k)
{
	return hc_keystore_add(hc_fill(test, k));
}

static void hc_test_life(struct kunit *test)
{
	unsigned int before = hc_keystore_count();
	struct hc_test_key k;
	struct hc_key *key;

	hc_draw(&k);
	KUNIT_EXPECT_NULL(test, hc_keystore_get(&k.uuid));
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), -ENOKEY);

	KUNIT_ASSERT_EQ(test, hc_load(test, &k), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_count(), before + 1);
	key = hc_keystore_get(&k.uuid);
	KUNIT_ASSERT_NOT_NULL(test, key);
	KUNIT_EXPECT_MEMEQ(test, hc_key_bytes(key), k.bytes, sizeof(k.bytes));

	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), -EBUSY);
	KUNIT_EXPECT_PTR_EQ(test, hc_keystore_get(&k.uuid), key);
	hc_keystore_put(key);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), -EBUSY);
	hc_keystore_put(key);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), -ENOKEY);
	KUNIT_EXPECT_NULL(test, hc_keystore_get(&k.uuid));
	KUNIT_EXPECT_EQ(test, hc_keystore_count(), before);
	hc_keystore_put(NULL);
}

static void hc_test_again(struct kunit *test)
{
	unsigned int before = hc_keystore_count();
	struct hc_test_key k, other;
	struct hc_key *key;
	unsigned int i;

	hc_draw(&k);
	KUNIT_ASSERT_EQ(test, hc_load(test, &k), 0);
	KUNIT_EXPECT_EQ(test, hc_load(test, &k), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_count(), before + 1);

	/* Other bytes under the same name: a bit in the first and in the last. */
	for (i = 0; i < HOSTCRYPT_KEY_SIZE; i += HOSTCRYPT_KEY_SIZE - 1) {
		other = k;
		other.bytes[i] ^= 1;
		KUNIT_EXPECT_EQ(test, hc_load(test, &other), -EEXIST);
	}
	key = hc_keystore_get(&k.uuid);
	KUNIT_ASSERT_NOT_NULL(test, key);
	KUNIT_EXPECT_MEMEQ(test, hc_key_bytes(key), k.bytes, sizeof(k.bytes));
	hc_keystore_put(key);

	/* The same bytes under another name are another key. */
	other = k;
	generate_random_uuid(other.uuid.b);
	KUNIT_EXPECT_EQ(test, hc_load(test, &other), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&other.uuid), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), 0);
}

static void hc_test_equal_halves(struct kunit *test)
{
	unsigned int before = hc_keystore_count();
	struct hc_test_key k;

	hc_draw(&k);
	memcpy(k.bytes + sizeof(k.bytes) / 2, k.bytes, sizeof(k.bytes) / 2);
	KUNIT_EXPECT_EQ(test, hc_load(test, &k), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, hc_keystore_count(), before);
	k.bytes[sizeof(k.bytes) - 1] ^= 0x80;
	KUNIT_EXPECT_EQ(test, hc_load(test, &k), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), 0);
}

/* The key's page, kept from being used again, so that one can look at it. */
static u8 *hc_keep_page(struct hc_key *key)
{
	get_page(virt_to_page(hc_key_bytes(key)));
	return hc_key_bytes(key);
}

static void hc_expect_wiped(struct kunit *test, u8 *page, const char *when)
{
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(page, 0, PAGE_SIZE), "not wiped: %s", when);
	put_page(virt_to_page(page));
}

static void hc_test_wiped(struct kunit *test)
{
	struct hc_test_key k, bad;
	struct hc_key *key;
	u8 *page;

	hc_draw(&k);
	key = hc_fill(test, &k);
	KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(hc_key_bytes(key)));
	KUNIT_EXPECT_FALSE(test, PageCompound(virt_to_page(hc_key_bytes(key))));
	KUNIT_EXPECT_FALSE(test, PageSlab(virt_to_page(hc_key_bytes(key))));
	page = hc_keep_page(key);
	hc_key_free(key);
	hc_expect_wiped(test, page, "freed before it was added");

	key = hc_fill(test, &k);
	page = hc_keep_page(key);
	KUNIT_ASSERT_EQ(test, hc_keystore_add(key), 0);
	KUNIT_EXPECT_MEMEQ(test, page, k.bytes, sizeof(k.bytes));

	key = hc_fill(test, &k);
	hc_expect_wiped(test, ({ u8 *p = hc_keep_page(key); hc_keystore_add(key); p; }),
			"the same again");
	bad = k;
	bad.bytes[7] ^= 1;
	key = hc_fill(test, &bad);
	hc_expect_wiped(test, ({ u8 *p = hc_keep_page(key); hc_keystore_add(key); p; }),
			"other bytes under the same name");
	memset(bad.bytes, 0x11, sizeof(bad.bytes));
	key = hc_fill(test, &bad);
	hc_expect_wiped(test, ({ u8 *p = hc_keep_page(key); hc_keystore_add(key); p; }),
			"equal halves");

	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), 0);
	hc_expect_wiped(test, page, "dropped");
}

/* The entry of @uuid in the list, or NULL. */
static struct hostcrypt_key_info *hc_listed(struct hostcrypt_key_info *info, unsigned int n,
					    const uuid_t *uuid)
{
	while (n--)
		if (!memcmp(info[n].uuid, uuid, sizeof(*uuid)))
			return &info[n];
	return NULL;
}

static void hc_test_list(struct kunit *test)
{
	unsigned int before = hc_keystore_count(), room = before + 3, n;
	struct hostcrypt_key_info *info = kunit_kcalloc(test, room, sizeof(*info), GFP_KERNEL);
	struct hostcrypt_key_info *first, *second;
	struct hc_test_key a, b;
	struct hc_key *key;

	KUNIT_ASSERT_NOT_NULL(test, info);
	hc_draw(&a);
	hc_draw(&b);
	KUNIT_ASSERT_EQ(test, hc_load(test, &a), 0);
	msleep(30);
	KUNIT_ASSERT_EQ(test, hc_load(test, &b), 0);
	key = hc_keystore_get(&b.uuid);

	memset(info, 0xff, room * sizeof(*info));
	n = hc_keystore_list(info, room);
	KUNIT_EXPECT_EQ(test, n, before + 2);
	first = hc_listed(info, n, &a.uuid);
	second = hc_listed(info, n, &b.uuid);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_EQ(test, first->users, 0);
	KUNIT_EXPECT_EQ(test, second->users, 1);
	KUNIT_EXPECT_EQ(test, first->reserved, 0);
	KUNIT_EXPECT_GE(test, first->age_ms, second->age_ms + 20);
	KUNIT_EXPECT_LT(test, second->age_ms, 60000);

	/* Too little room: all are counted, none too many written. */
	memset(info, 0xff, room * sizeof(*info));
	KUNIT_EXPECT_EQ(test, hc_keystore_list(info, 1), before + 2);
	KUNIT_EXPECT_EQ(test, info[1].users, U32_MAX);
	KUNIT_EXPECT_EQ(test, hc_keystore_list(NULL, 0), before + 2);

	hc_keystore_put(key);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&a.uuid), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&b.uuid), 0);
}

static void hc_test_hibernation(struct kunit *test)
{
	struct hc_test_key k;

	if (hc_keystore_count())
		kunit_skip(test, "keys are loaded");
	hc_draw(&k);
	KUNIT_ASSERT_EQ(test, hc_load(test, &k), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_close_if_empty(), -EBUSY);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), 0);

	KUNIT_EXPECT_EQ(test, hc_keystore_close_if_empty(), 0);
	KUNIT_EXPECT_EQ(test, hc_load(test, &k), -EBUSY);
	KUNIT_EXPECT_EQ(test, hc_keystore_count(), 0);
	hc_keystore_reopen();
	KUNIT_EXPECT_EQ(test, hc_load(test, &k), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&k.uuid), 0);
}

static struct kunit_case hc_keystore_cases[] = {
	KUNIT_CASE(hc_test_life),
	KUNIT_CASE(hc_test_again),
	KUNIT_CASE(hc_test_equal_halves),
	KUNIT_CASE(hc_test_wiped),
	KUNIT_CASE(hc_test_list),
	KUNIT_CASE(hc_test_hibernation),
	{}
};

struct kunit_suite hc_keystore_suite = {
	.name = "hostcrypt_keystore",
	.test_cases = hc_keystore_cases,
};
