// SPDX-License-Identifier: GPL-2.0
/* The registry of pages with keys: what is listed, and what is refused as damaged. */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "cipher.h"
#include "keystore.h"
#include "registry.h"
#include "suites.h"

/* Here the registry is in memory that is mapped anyway. */
static void *hc_test_map(u64 pfn)
{
	return pfn_valid(pfn) ? phys_to_virt(PFN_PHYS(pfn)) : NULL;
}

static void hc_test_unmap(void *address)
{
}

static const struct hc_frames hc_test_frames = {
	.map = hc_test_map,
	.unmap = hc_test_unmap,
};

static struct hc_registry_head *hc_test_head(void)
{
	return phys_to_virt(hc_registry_address());
}

static struct hc_registry_copy *hc_test_copy(struct hc_registry_head *head)
{
	return &head->copies[head->active & 1];
}

static struct hc_pfns *hc_test_read(struct kunit *test)
{
	struct hc_pfns *pfns = hc_registry_read(hc_registry_address(), &hc_test_frames);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pfns);
	return pfns;
}

/* How often the page is listed. */
static size_t hc_test_listed(struct kunit *test, u64 pfn)
{
	struct hc_pfns *pfns = hc_test_read(test);
	size_t i, n = 0;

	for (i = 0; i < pfns->count; i++) {
		if (i)
			KUNIT_EXPECT_LE(test, pfns->pfn[i - 1], pfns->pfn[i]);
		n += pfns->pfn[i] == pfn;
	}
	kvfree(pfns);
	return n;
}

static size_t hc_test_count(struct kunit *test)
{
	struct hc_pfns *pfns = hc_test_read(test);
	size_t n = pfns->count;

	kvfree(pfns);
	return n;
}

static void hc_test_add_remove(struct kunit *test)
{
	u8 *area = (u8 *)__get_free_pages(GFP_KERNEL, 1);
	size_t before = hc_test_count(test);
	u64 pfn = PHYS_PFN(virt_to_phys(area));

	KUNIT_ASSERT_NOT_NULL(test, area);
	/* The last byte of a page and the first of the next. */
	KUNIT_ASSERT_EQ(test, hc_registry_add(area + PAGE_SIZE - 1, 2), 0);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), 1);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn + 1), 1);
	/* Another object on the first page only. */
	KUNIT_ASSERT_EQ(test, hc_registry_add(area, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), 2);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn + 1), 1);
	/* It stays listed for the one that is left. */
	hc_registry_remove(area + PAGE_SIZE - 1, 2);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), 1);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn + 1), 0);
	hc_registry_remove(area, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before);
	free_pages((unsigned long)area, 1);
}

/* More entries than two lists have room for, in and out in another order. */
static void hc_test_many(struct kunit *test)
{
	const size_t many = 2 * HC_PFNS_PER_LIST + 3;
	size_t before = hc_test_count(test);
	u8 *object = kunit_kzalloc(test, 64, GFP_KERNEL);
	u8 *other = (u8 *)get_zeroed_page(GFP_KERNEL);
	u64 pfn = PHYS_PFN(virt_to_phys(other));
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_ASSERT_NOT_NULL(test, other);
	for (i = 0; i < many; i++)
		KUNIT_ASSERT_EQ(test, hc_registry_add(object, 64), 0);
	KUNIT_ASSERT_EQ(test, hc_registry_add(other, 1), 0);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before + many + 1);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), 1);
	for (i = 0; i < many; i++)
		hc_registry_remove(object, 64);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before + 1);
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), 1);
	hc_registry_remove(other, 1);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before);
	free_page((unsigned long)other);
}

/* The machine dies while a change is being made: what counted still counts. */
static void hc_test_torn(struct kunit *test)
{
	struct hc_registry_head *head = hc_test_head();
	struct hc_registry_copy *next = &head->copies[(head->active + 1) & 1];
	struct hc_registry_copy *was = kunit_kzalloc(test, sizeof(*was), GFP_KERNEL);
	size_t before = hc_test_count(test);

	KUNIT_ASSERT_NOT_NULL(test, was);
	*was = *next;
	next->count = before + 1;
	next->generation = ~0ULL;
	next->checksum = 1;
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before);
	*next = *was;
}

static void hc_test_damage(struct hc_registry_head *head, u64 what)
{
	struct hc_registry_copy *copy = hc_test_copy(head);

	switch (what) {
	case 0:
		head->magic ^= 1;
		break;
	case 1:
		head->version++;
		break;
	case 2:
		head->active++;
		break;
	case 3:
		head->active ^= 1ULL << 40;
		break;
	case 4:
		copy->generation++;
		break;
	case 5:
		copy->count++;
		break;
	case 6:
		copy->count--;
		break;
	case 7:
		copy->count = ~0ULL;
		break;
	case 8:
		copy->checksum ^= 1ULL << 63;
		break;
	case 9:
		copy->lists[0] = ~0ULL >> PAGE_SHIFT;
		break;
	case 10:
		copy->lists[0] = PHYS_PFN(virt_to_phys(head));
		break;
	case 11:
		copy->unlisted++;
		break;
	case 12:
		memset(head, 0, sizeof(*head));
		break;
	case 13:
		memset(head, 0xff, sizeof(*head));
		break;
	}
}

#define HC_TEST_DAMAGES 14

/* Each damage is done to a copy of the head, whose lists are the real ones. */
static void hc_test_damaged(struct kunit *test)
{
	struct hc_registry_head *head = (void *)__get_free_page(GFP_KERNEL);
	u64 address = virt_to_phys(head);
	struct hc_pfns *pfns;
	u64 what;

	KUNIT_ASSERT_NOT_NULL(test, head);
	KUNIT_ASSERT_EQ(test, hc_registry_add(head, PAGE_SIZE), 0);
	for (what = 0; what < HC_TEST_DAMAGES; what++) {
		memcpy(head, hc_test_head(), PAGE_SIZE);
		pfns = hc_registry_read(address, &hc_test_frames);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pfns);
		kvfree(pfns);

		hc_test_damage(head, what);
		pfns = hc_registry_read(address, &hc_test_frames);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(pfns), -EBADMSG, "damage %llu", what);
		if (!IS_ERR(pfns))
			kvfree(pfns);
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_registry_read(address + 8, &hc_test_frames)), -EBADMSG);
	hc_registry_remove(head, PAGE_SIZE);
	free_page((unsigned long)head);
}

/* An entry of the list itself. */
static void hc_test_list_damaged(struct kunit *test)
{
	u64 *list;

	KUNIT_ASSERT_EQ(test, hc_registry_add(test, 1), 0);
	list = hc_test_map(hc_test_copy(hc_test_head())->lists[0]);
	list[0] ^= 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_registry_read(hc_registry_address(), &hc_test_frames)),
			-EBADMSG);
	list[0] ^= 1;
	KUNIT_EXPECT_GE(test, hc_test_listed(test, PHYS_PFN(virt_to_phys(test))), 1);
	hc_registry_remove(test, 1);
}

/* That there are keys nobody can find must not get lost either. */
static void hc_test_unlisted_damaged(struct kunit *test)
{
	struct hc_registry_head *head = (void *)__get_free_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, head);
	hc_registry_add_unlisted();
	memcpy(head, hc_test_head(), PAGE_SIZE);
	hc_test_copy(head)->unlisted = 0;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_registry_read(virt_to_phys(head), &hc_test_frames)),
			-EBADMSG);
	hc_registry_remove_unlisted();
	free_page((unsigned long)head);
}

/* A key and a cipher keyed with it are listed for just as long as they live. */
static void hc_test_lifetime(struct kunit *test)
{
	size_t before = hc_test_count(test);
	struct hc_cipher *cipher;
	struct hc_key *key;
	uuid_t uuid;
	u64 pfn;

	generate_random_uuid(uuid.b);
	key = hc_key_alloc(&uuid);
	KUNIT_ASSERT_NOT_NULL(test, key);
	pfn = PHYS_PFN(virt_to_phys(hc_key_bytes(key)));
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), 1);
	KUNIT_EXPECT_TRUE(test, PageOffline(pfn_to_page(pfn)));
	get_random_bytes(hc_key_bytes(key), HOSTCRYPT_KEY_SIZE);

	cipher = hc_cipher_alloc(key, 4096, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cipher);
	if (strchr(hc_cipher_driver(cipher), '(')) {
		/* A template's keys are in ciphers of its own: no dump then. */
		KUNIT_EXPECT_EQ(test, hc_test_copy(hc_test_head())->unlisted, 1);
		KUNIT_EXPECT_EQ(test,
				PTR_ERR(hc_registry_read(hc_registry_address(), &hc_test_frames)),
				-EBADMSG);
	} else {
		KUNIT_EXPECT_GT(test, hc_test_count(test), before + 1);
	}
	hc_cipher_free(cipher);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before + 1);
	hc_key_free(key);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before);
	KUNIT_EXPECT_FALSE(test, PageOffline(pfn_to_page(pfn)));
}

static struct kunit_case hc_registry_cases[] = {
	KUNIT_CASE(hc_test_add_remove),
	KUNIT_CASE(hc_test_many),
	KUNIT_CASE(hc_test_torn),
	KUNIT_CASE(hc_test_damaged),
	KUNIT_CASE(hc_test_list_damaged),
	KUNIT_CASE(hc_test_unlisted_damaged),
	KUNIT_CASE(hc_test_lifetime),
	{}
};

struct kunit_suite hc_registry_suite = {
	.name = "hostcrypt_registry",
	.test_cases = hc_registry_cases,
};
