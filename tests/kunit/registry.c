// SPDX-License-Identifier: GPL-2.0
/* The registry of pages with keys: what is listed, and what is refused as damaged. */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "cipher.h"
#include "compat.h"
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

/* What a kernel that saves a dump would be told. */
static int hc_test_error(void)
{
	struct hc_pfns *pfns = hc_registry_read(hc_registry_address(), &hc_test_frames);
	int err = PTR_ERR_OR_ZERO(pfns);

	if (!err)
		kvfree(pfns);
	return err;
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

/* It dies when the other copy is complete and does not count: that one is as good. */
static void hc_test_complete(struct kunit *test)
{
	struct hc_registry_head *head = hc_test_head();
	u64 pfn = PHYS_PFN(virt_to_phys(test->priv));
	size_t before = hc_test_listed(test, pfn);

	KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
	head->active--;
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), before + 1);
	head->active++;
	hc_registry_remove(test->priv, 1);
	head->active--;
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), before);
	head->active++;
	hc_registry_add_unlisted();
	head->active--;
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	head->active++;
	hc_registry_remove_unlisted();
	KUNIT_EXPECT_EQ(test, hc_test_listed(test, pfn), before);
}

/* It dies when the other copy has its generation and not all that belongs to it. */
static void hc_test_incomplete(struct kunit *test)
{
	struct hc_registry_head *head = hc_test_head();
	struct hc_registry_copy *copy;
	size_t before = hc_test_count(test);

	KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
	copy = hc_test_copy(head);
	head->active--;
	copy->checksum ^= 1;
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before);
	copy->checksum ^= 1;
	/* It may be the one that counts, so what cannot be looked at is not taken for torn. */
	copy->count += 1ULL << 32;
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	copy->count -= 1ULL << 32;
	copy->lists[0] = ~copy->lists[0];
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	copy->lists[0] = ~copy->lists[0];
	head->active++;
	hc_registry_remove(test->priv, 1);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), before);
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

	KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
	list = hc_test_map(hc_test_copy(hc_test_head())->lists[0]);
	list[0] ^= 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_registry_read(hc_registry_address(), &hc_test_frames)),
			-EBADMSG);
	list[0] ^= 1;
	KUNIT_EXPECT_GE(test, hc_test_listed(test, PHYS_PFN(virt_to_phys(test->priv))), 1);
	hc_registry_remove(test->priv, 1);
}

/* As a module that is loaded anew finds it. */
static void hc_test_renew(struct kunit *test)
{
	hc_registry_exit();
	KUNIT_ASSERT_EQ(test, hc_registry_init(), 0);
	KUNIT_EXPECT_EQ(test, hc_test_count(test), 0);
}

/* Whatever comes and goes. */
static void hc_test_stays_broken(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hc_registry_add(test->priv, 1), 0);
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	hc_registry_remove(test->priv, 1);
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	hc_registry_remove_unlisted();
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	hc_registry_add_unlisted();
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	/* Nor is it by the copy before. */
	hc_test_head()->active--;
	KUNIT_EXPECT_EQ(test, hc_test_error(), -EBADMSG);
	hc_test_renew(test);
}

enum hc_test_change {
	HC_TEST_ADD,
	HC_TEST_REMOVE,
	HC_TEST_ADD_UNLISTED,
	HC_TEST_REMOVE_UNLISTED,
	HC_TEST_CHANGES
};

static void hc_test_change(enum hc_test_change change, void *object)
{
	switch (change) {
	case HC_TEST_ADD:
		WARN_ON(hc_registry_add(object, 1));
		break;
	case HC_TEST_REMOVE:
		hc_registry_remove(object, 1);
		break;
	case HC_TEST_ADD_UNLISTED:
		hc_registry_add_unlisted();
		break;
	case HC_TEST_REMOVE_UNLISTED:
		hc_registry_remove_unlisted();
		break;
	default:
		break;
	}
}

/* A change does not make good what something else has written. */
static void hc_test_damaged_then_changed(struct kunit *test)
{
	enum hc_test_change change;
	u64 *list;

	for (change = 0; change < HC_TEST_CHANGES; change++) {
		hc_registry_add_unlisted();
		KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
		KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
		list = hc_test_map(hc_test_copy(hc_test_head())->lists[0]);
		list[0] ^= 1;
		hc_test_change(change, test->priv);
		/* Too late. */
		list[0] ^= 1;
		hc_registry_remove_unlisted();
		hc_test_stays_broken(test);
	}
}

/* The head is not made good either. */
static void hc_test_head_damaged_then_changed(struct kunit *test)
{
	u64 what;

	for (what = 0; what < HC_TEST_DAMAGES; what++) {
		KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
		hc_test_damage(hc_test_head(), what);
		hc_test_change(HC_TEST_ADD, test->priv);
		KUNIT_EXPECT_EQ_MSG(test, hc_test_error(), -EBADMSG, "damage %llu", what);
		hc_test_stays_broken(test);
	}
	/* The generation before, whose copy is whole. */
	KUNIT_ASSERT_EQ(test, hc_registry_add(test->priv, 1), 0);
	hc_test_head()->active--;
	hc_test_change(HC_TEST_ADD, test->priv);
	hc_test_stays_broken(test);
}

static void hc_test_missing(struct kunit *test)
{
	u8 *area = (u8 *)__get_free_pages(GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_EQ(test, hc_registry_add(area, PAGE_SIZE), 0);
	hc_registry_remove(area, 2 * PAGE_SIZE);
	free_pages((unsigned long)area, 1);
	hc_test_stays_broken(test);
}

/* The highest page that was asked for; and whether the head changes meanwhile. */
static u64 hc_highest;
static struct hc_registry_head *hc_changing;

static void *hc_test_map_watched(u64 pfn)
{
	hc_highest = max(hc_highest, pfn);
	if (hc_changing && pfn != PHYS_PFN(virt_to_phys(hc_changing)))
		memset(hc_changing, 0xff, sizeof(*hc_changing));
	return hc_test_map(pfn);
}

static const struct hc_frames hc_test_watched_frames = {
	.map = hc_test_map_watched,
	.unmap = hc_test_unmap,
};

static struct hc_pfns *hc_test_read_watched(struct hc_registry_head *head, bool changing)
{
	hc_highest = 0;
	hc_changing = changing ? head : NULL;
	return hc_registry_read(virt_to_phys(head), &hc_test_watched_frames);
}

/* No page is asked for that the machine cannot have. */
static void hc_test_beyond(struct kunit *test)
{
	struct hc_registry_head *head = (void *)__get_free_page(GFP_KERNEL);
	const u64 bound = 1ULL << (HC_PHYS_BITS - PAGE_SHIFT);
	struct hc_pfns *pfns;

	KUNIT_ASSERT_NOT_NULL(test, head);
	KUNIT_ASSERT_EQ(test, hc_registry_add(head, PAGE_SIZE), 0);
	memcpy(head, hc_test_head(), PAGE_SIZE);
	hc_test_copy(head)->lists[0] = bound - 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_test_read_watched(head, false)), -EBADMSG);
	KUNIT_EXPECT_EQ(test, hc_highest, bound - 1);
	hc_test_copy(head)->lists[0] = bound;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_test_read_watched(head, false)), -EBADMSG);
	KUNIT_EXPECT_LT(test, hc_highest, bound);
	hc_test_copy(head)->lists[0] = 0;
	KUNIT_EXPECT_EQ(test, PTR_ERR(hc_test_read_watched(head, false)), -EBADMSG);

	/* What is read once stays so. */
	memcpy(head, hc_test_head(), PAGE_SIZE);
	pfns = hc_test_read_watched(head, true);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pfns), 0);
	KUNIT_EXPECT_EQ(test, head->active, ~0ULL);
	if (!IS_ERR(pfns))
		kvfree(pfns);
	hc_registry_remove(head, PAGE_SIZE);
	free_page((unsigned long)head);
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

/* Something to list. */
static int hc_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, 64, GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case hc_registry_cases[] = {
	KUNIT_CASE(hc_test_add_remove),
	KUNIT_CASE(hc_test_many),
	KUNIT_CASE(hc_test_torn),
	KUNIT_CASE(hc_test_complete),
	KUNIT_CASE(hc_test_incomplete),
	KUNIT_CASE(hc_test_damaged),
	KUNIT_CASE(hc_test_list_damaged),
	KUNIT_CASE(hc_test_damaged_then_changed),
	KUNIT_CASE(hc_test_head_damaged_then_changed),
	KUNIT_CASE(hc_test_missing),
	KUNIT_CASE(hc_test_beyond),
	KUNIT_CASE(hc_test_unlisted_damaged),
	KUNIT_CASE(hc_test_lifetime),
	{}
};

struct kunit_suite hc_registry_suite = {
	.name = "hostcrypt_registry",
	.init = hc_test_init,
	.test_cases = hc_registry_cases,
};
