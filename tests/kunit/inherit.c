// SPDX-License-Identifier: GPL-2.0
/* A dead kernel's key taken over; here a page that looks as its key page did. */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/random.h>
#include <linux/string.h>

#include "inherit.h"
#include "keypage.h"
#include "keystore.h"
#include "registry.h"
#include "suites.h"

/* Memory that is mapped anyway, and how often it was. */
static int hc_mapped;

static void *hc_test_map(u64 pfn)
{
	hc_mapped++;
	return phys_to_virt(PFN_PHYS(pfn));
}

static void hc_test_unmap(void *address)
{
	hc_mapped--;
}

static void *hc_test_map_none(u64 pfn)
{
	return NULL;
}

static const struct hc_frames hc_test_frames = {
	.map = hc_test_map,
	.unmap = hc_test_unmap,
};

static const struct hc_frames hc_test_no_frames = {
	.map = hc_test_map_none,
	.unmap = hc_test_unmap,
};

/* A page for which there is no room. */
static u64 hc_missing;

static void *hc_test_map_others(u64 pfn)
{
	return pfn == hc_missing ? NULL : hc_test_map(pfn);
}

static const struct hc_frames hc_test_other_frames = {
	.map = hc_test_map_others,
	.unmap = hc_test_unmap,
};

/* What the dead kernel has left: a page of something else, then the key's. */
struct hc_dead {
	uuid_t uuid;
	u8 bytes[HOSTCRYPT_KEY_SIZE];
	void *other;
	struct hc_key_page *page;
	struct hc_pfns *pfns;
};

static void hc_dead_init(struct kunit *test, struct hc_dead *dead)
{
	struct hc_key *key;

	dead->other = (void *)get_zeroed_page(GFP_KERNEL);
	dead->page = (void *)get_zeroed_page(GFP_KERNEL);
	dead->pfns = kunit_kzalloc(test, struct_size(dead->pfns, pfn, 2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dead->other);
	KUNIT_ASSERT_NOT_NULL(test, dead->page);
	KUNIT_ASSERT_NOT_NULL(test, dead->pfns);
	dead->pfns->count = 2;
	dead->pfns->pfn[0] = PHYS_PFN(virt_to_phys(dead->other));
	dead->pfns->pfn[1] = PHYS_PFN(virt_to_phys(dead->page));

	/* As the store makes it, and then not loaded here any more. */
	generate_random_uuid(dead->uuid.b);
	get_random_bytes(dead->bytes, sizeof(dead->bytes));
	key = hc_key_alloc(&dead->uuid);
	KUNIT_ASSERT_NOT_NULL(test, key);
	memcpy(hc_key_bytes(key), dead->bytes, sizeof(dead->bytes));
	/* Not in the store yet: not to be found. */
	memcpy(dead->page, hc_key_bytes(key), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, hc_inherit(dead->pfns, &hc_test_frames, &dead->uuid), -ENOKEY);
	KUNIT_ASSERT_EQ(test, hc_keystore_add(key), 0);
	memcpy(dead->page, hc_key_bytes(key), PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, hc_keystore_drop(&dead->uuid), 0);
}

static void hc_dead_exit(struct kunit *test, struct hc_dead *dead)
{
	KUNIT_EXPECT_EQ(test, hc_mapped, 0);
	memzero_explicit(dead->page, PAGE_SIZE);
	free_page((unsigned long)dead->page);
	free_page((unsigned long)dead->other);
}

static void hc_test_taken_over(struct kunit *test)
{
	struct hc_dead dead;
	struct hc_key *key;

	hc_dead_init(test, &dead);
	KUNIT_ASSERT_EQ(test, hc_inherit(dead.pfns, &hc_test_frames, &dead.uuid), 0);
	key = hc_keystore_get(&dead.uuid);
	KUNIT_ASSERT_NOT_NULL(test, key);
	KUNIT_EXPECT_EQ(test, memcmp(hc_key_bytes(key), dead.bytes, sizeof(dead.bytes)), 0);
	hc_keystore_put(key);
	/* Once more changes nothing. */
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_frames, &dead.uuid), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&dead.uuid), 0);
	hc_dead_exit(test, &dead);
}

static void hc_test_not_there(struct kunit *test)
{
	struct hc_dead dead;
	uuid_t other;

	hc_dead_init(test, &dead);
	generate_random_uuid(other.b);
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_frames, &other), -ENOKEY);
	/* Not listed. */
	dead.pfns->count = 1;
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_frames, &dead.uuid), -ENOKEY);
	dead.pfns->count = 2;
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_no_frames, &dead.uuid), -ENOMEM);
	KUNIT_EXPECT_NULL(test, hc_keystore_get(&dead.uuid));
	hc_dead_exit(test, &dead);
}

/* A page that cannot be mapped is no reason not to look at the others. */
static void hc_test_not_all(struct kunit *test)
{
	struct hc_dead dead;
	uuid_t other;

	hc_dead_init(test, &dead);
	generate_random_uuid(other.b);
	hc_missing = dead.pfns->pfn[0];
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_other_frames, &other), -ENOMEM);
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_other_frames, &dead.uuid), 0);
	KUNIT_EXPECT_EQ(test, hc_keystore_drop(&dead.uuid), 0);
	hc_missing = dead.pfns->pfn[1];
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_other_frames, &dead.uuid), -ENOMEM);
	hc_dead_exit(test, &dead);
}

/* Each byte of the page that means something. */
static void hc_test_page_damaged(struct kunit *test)
{
	struct hc_dead dead;
	size_t at;

	hc_dead_init(test, &dead);
	for (at = 0; at < sizeof(*dead.page); at++) {
		u8 *byte = (u8 *)dead.page + at;
		bool name = at >= offsetof(struct hc_key_page, magic) &&
			    at < offsetof(struct hc_key_page, check);

		*byte ^= 0x04;
		KUNIT_EXPECT_EQ_MSG(test, hc_inherit(dead.pfns, &hc_test_frames, &dead.uuid),
				    name ? -ENOKEY : -EBADMSG, "byte %zu", at);
		*byte ^= 0x04;
	}
	KUNIT_EXPECT_NULL(test, hc_keystore_get(&dead.uuid));
	/* The name of another one over this one's. */
	dead.page->uuid.b[0] ^= 1;
	dead.uuid.b[0] ^= 1;
	KUNIT_EXPECT_EQ(test, hc_inherit(dead.pfns, &hc_test_frames, &dead.uuid), -EBADMSG);
	hc_dead_exit(test, &dead);
}

static struct kunit_case hc_inherit_cases[] = {
	KUNIT_CASE(hc_test_taken_over),
	KUNIT_CASE(hc_test_not_there),
	KUNIT_CASE(hc_test_not_all),
	KUNIT_CASE(hc_test_page_damaged),
	{}
};

struct kunit_suite hc_inherit_suite = {
	.name = "hostcrypt_inherit",
	.test_cases = hc_inherit_cases,
};
