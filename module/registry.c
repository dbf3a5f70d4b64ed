// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of pages that hold key material.
 *
 * When the machine crashes, another kernel saves its memory. That kernel's
 * dm-hostcrypt reads the registry from the memory of the dead one and leaves the
 * listed pages out (vmcore.c). A page is listed before a key gets in and until
 * the key is wiped.
 *
 * The crash may come at any moment, so there are two copies. A change fills the
 * copy that does not count and then makes it count by writing one word; a
 * checksum tells when something else has written to either. Each change looks at
 * it first, so that no damage gets a new one. Whatever is wrong with the registry,
 * nothing is saved: better no dump than one with keys.
 *
 * It holds no secret, and its pages are ordinary ones, since hibernation (while
 * no key is loaded) has to bring them back.
 */
#define pr_fmt(fmt) "hostcrypt: " fmt

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "compat.h"
#include "registry.h"

/* Guards hc_registry, everything that hangs on it, and what is known of it here. */
static DEFINE_MUTEX(hc_registry_lock);
static struct hc_registry_head *hc_registry;

/*
 * What is written into the registry is for the other kernel. This one goes by
 * what it has here: the pages of each copy's lists, and what the last change has
 * left.
 */
static u64 *hc_lists[2][HC_REGISTRY_LISTS];
static u64 hc_generation;
static u64 hc_count;

/* It was found damaged. It says so itself, and is not changed any more. */
static bool hc_broken;

/* Parameter registry=: where the dead kernel's is. Constant after insmod. */
static u64 hc_asked;

static struct hc_registry_copy *hc_copy(u64 generation)
{
	return &hc_registry->copies[generation & 1];
}

static u64 *hc_list(const struct hc_registry_copy *copy, size_t index)
{
	return hc_lists[copy - hc_registry->copies][index / HC_PFNS_PER_LIST];
}

static u64 *hc_entry(const struct hc_registry_copy *copy, size_t index)
{
	return &hc_list(copy, index)[index % HC_PFNS_PER_LIST];
}

/* Not against an attacker: who can write to the kernel's memory needs no dump. */
static u64 hc_mix(u64 sum, const void *data, size_t size)
{
	const siphash_key_t key = { { sum, HC_REGISTRY_MAGIC } };

	return siphash(data, size, &key);
}

static u64 hc_mix_numbers(const struct hc_registry_copy *copy)
{
	const u64 numbers[] = { HC_REGISTRY_VERSION, copy->generation, copy->count,
				copy->unlisted };

	return hc_mix(0, numbers, sizeof(numbers));
}

/* Bytes in use of the list that begins with entry @index. */
static size_t hc_list_size(const struct hc_registry_copy *copy, size_t index)
{
	return min_t(u64, copy->count - index, HC_PFNS_PER_LIST) * sizeof(u64);
}

static u64 hc_mix_list(u64 sum, const struct hc_registry_copy *copy, size_t index,
		       const u64 *list)
{
	sum = hc_mix(sum, &copy->lists[index / HC_PFNS_PER_LIST], sizeof(u64));
	return hc_mix(sum, list, hc_list_size(copy, index));
}

static u64 hc_registry_sum(const struct hc_registry_copy *copy)
{
	u64 sum = hc_mix_numbers(copy);
	size_t index;

	for (index = 0; index < copy->count; index += HC_PFNS_PER_LIST)
		sum = hc_mix_list(sum, copy, index, hc_list(copy, index));
	return sum;
}

/* As the last change has left it? */
static bool hc_registry_whole(void)
{
	const struct hc_registry_copy *now = hc_copy(hc_generation);

	return hc_registry->magic == HC_REGISTRY_MAGIC &&
	       hc_registry->version == HC_REGISTRY_VERSION &&
	       hc_registry->active == hc_generation && now->count == hc_count &&
	       now->checksum == hc_registry_sum(now);
}

/* From here on it counts. */
static void hc_registry_commit(struct hc_registry_copy *next)
{
	size_t index;

	for (index = 0; index < next->count; index += HC_PFNS_PER_LIST)
		next->lists[index / HC_PFNS_PER_LIST] =
			PHYS_PFN(virt_to_phys(hc_list(next, index)));
	/* A copy of this generation names no page that is not there. */
	smp_wmb();
	hc_generation++;
	hc_count = next->count;
	next->generation = hc_generation;
	next->checksum = hc_registry_sum(next);
	/* Whoever finds the new generation finds all that belongs to it. */
	smp_wmb();
	WRITE_ONCE(hc_registry->active, hc_generation);
}

/*
 * Nobody knows any more which pages have keys. Both copies say so, and nothing
 * that is counted up or down changes that.
 */
static void hc_registry_break(void)
{
	int i;

	hc_broken = true;
	for (i = 0; i < 2; i++) {
		struct hc_registry_copy *next = hc_copy(hc_generation + 1);

		next->count = 0;
		next->unlisted = HC_REGISTRY_BROKEN;
		hc_registry_commit(next);
	}
	pr_err("registry of key pages: something has written over it; no dump of this kernel can be saved any more: move the VMs away and start the machine again\n");
}

/* Can what it says be believed? */
static bool hc_registry_check(void)
{
	lockdep_assert_held(&hc_registry_lock);
	if (!hc_broken && !hc_registry_whole())
		hc_registry_break();
	return !hc_broken;
}

/*
 * Make the copy that does not count equal to the one that does; return it, or
 * NULL when that cannot be believed.
 */
static struct hc_registry_copy *hc_registry_begin(void)
{
	const struct hc_registry_copy *now = hc_copy(hc_generation);
	struct hc_registry_copy *next = hc_copy(hc_generation + 1);
	size_t index;

	if (!hc_registry_check())
		return NULL;
	next->count = now->count;
	next->unlisted = now->unlisted;
	for (index = 0; index < now->count; index += HC_PFNS_PER_LIST)
		memcpy(hc_list(next, index), hc_list(now, index), hc_list_size(now, index));
	return next;
}

static int hc_lists_grow(u64 **lists, size_t count)
{
	size_t i;

	for (i = 0; i < DIV_ROUND_UP(count, HC_PFNS_PER_LIST); i++) {
		if (!lists[i])
			lists[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
		if (!lists[i])
			return -ENOMEM;
	}
	return 0;
}

/* Room for @count PFNs in both copies; what was got stays for the next time. */
static int hc_registry_grow(size_t count)
{
	if (count > HC_REGISTRY_LISTS * HC_PFNS_PER_LIST) {
		pr_err("more keys than the registry of key pages can list\n");
		return -ENOSPC;
	}
	return hc_lists_grow(hc_lists[0], count) ?: hc_lists_grow(hc_lists[1], count);
}

static u64 hc_first_pfn(const void *object)
{
	return PHYS_PFN(virt_to_phys((void *)object));
}

static u64 hc_last_pfn(const void *object, size_t size)
{
	return hc_first_pfn(object + size - 1);
}

/**
 * hc_registry_add() - list the pages of an object before a key gets into it
 * @object: in the direct map
 * @size: its bytes; not 0
 *
 * A list that is broken is no reason to keep a volume shut: there is no dump.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM; -ENOSPC, more than 100,000 pages would be.
 */
int hc_registry_add(const void *object, size_t size)
{
	u64 last = hc_last_pfn(object, size);
	struct hc_registry_copy *next;
	u64 pfn = hc_first_pfn(object);
	int err;

	mutex_lock(&hc_registry_lock);
	err = hc_registry_grow(hc_count + last - pfn + 1);
	next = err ? NULL : hc_registry_begin();
	if (next) {
		for (; pfn <= last; pfn++)
			*hc_entry(next, next->count++) = pfn;
		hc_registry_commit(next);
	}
	mutex_unlock(&hc_registry_lock);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_add);

/* The order means nothing, so the last entry takes the place. False: not listed. */
static bool hc_copy_remove(struct hc_registry_copy *copy, u64 pfn)
{
	size_t index;

	for (index = 0; index < copy->count; index++) {
		if (*hc_entry(copy, index) == pfn) {
			*hc_entry(copy, index) = *hc_entry(copy, copy->count - 1);
			copy->count--;
			return true;
		}
	}
	return false;
}

/**
 * hc_registry_remove() - undo hc_registry_add(), after the key is wiped
 * @object: as it was added; only its address is of interest
 * @size: its bytes
 *
 * Context: may sleep.
 */
void hc_registry_remove(const void *object, size_t size)
{
	u64 last = hc_last_pfn(object, size);
	u64 pfn = hc_first_pfn(object);
	struct hc_registry_copy *next;

	mutex_lock(&hc_registry_lock);
	next = hc_registry_begin();
	if (next) {
		while (pfn <= last && hc_copy_remove(next, pfn))
			pfn++;
		if (pfn > last)
			hc_registry_commit(next);
		else
			hc_registry_break();
	}
	mutex_unlock(&hc_registry_lock);
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_remove);

static void hc_registry_change_unlisted(int by)
{
	struct hc_registry_copy *next;

	mutex_lock(&hc_registry_lock);
	next = hc_registry_begin();
	if (next) {
		next->unlisted += by;
		hc_registry_commit(next);
	}
	mutex_unlock(&hc_registry_lock);
}

/**
 * hc_registry_add_unlisted() - there will be keys where nobody can tell
 *
 * While there are, no dump can be saved.
 *
 * Context: may sleep.
 */
void hc_registry_add_unlisted(void)
{
	hc_registry_change_unlisted(1);
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_add_unlisted);

/**
 * hc_registry_remove_unlisted() - undo hc_registry_add_unlisted()
 *
 * Context: may sleep.
 */
void hc_registry_remove_unlisted(void)
{
	hc_registry_change_unlisted(-1);
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_remove_unlisted);

static int hc_pfn_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* May the dead kernel have had memory there? 0 stands for none. */
static bool hc_pfn_possible(u64 pfn)
{
	return pfn && !(pfn >> (HC_PHYS_BITS - PAGE_SHIFT));
}

/* From here on nothing is looked at twice in memory that is not this kernel's. */
static struct hc_registry_head *hc_head_copy(u64 address, const struct hc_frames *frames)
{
	u64 pfn = PHYS_PFN(address);
	struct hc_registry_head *head;
	void *page;

	page = offset_in_page(address) || !hc_pfn_possible(pfn) ? NULL : frames->map(pfn);
	if (!page) {
		pr_err("registry of key pages: no page at address 0x%llx\n", address);
		return ERR_PTR(-EBADMSG);
	}
	head = kmemdup(page, sizeof(*head), GFP_KERNEL);
	frames->unmap(page);
	return head ?: ERR_PTR(-ENOMEM);
}

static bool hc_copy_fits(const struct hc_registry_copy *copy)
{
	return copy->count <= HC_REGISTRY_LISTS * HC_PFNS_PER_LIST;
}

/* The lists of a copy that fits; nothing is checked yet. */
static const char *hc_copy_fetch(const struct hc_registry_copy *copy,
				 const struct hc_frames *frames, struct hc_pfns *pfns)
{
	size_t index;

	pfns->count = copy->count;
	for (index = 0; index < copy->count; index += HC_PFNS_PER_LIST) {
		u64 pfn = copy->lists[index / HC_PFNS_PER_LIST];
		u64 *list = hc_pfn_possible(pfn) ? frames->map(pfn) : NULL;

		if (!list)
			return "one of its pages cannot be read";
		memcpy(&pfns->pfn[index], list, hc_list_size(copy, index));
		frames->unmap(list);
	}
	return NULL;
}

static bool hc_copy_right(const struct hc_registry_copy *copy, const struct hc_pfns *pfns)
{
	u64 sum = hc_mix_numbers(copy);
	size_t index;

	for (index = 0; index < copy->count; index += HC_PFNS_PER_LIST)
		sum = hc_mix_list(sum, copy, index, &pfns->pfn[index]);
	return sum == copy->checksum;
}

/*
 * The copy behind the one that counts, if there is one: the kernel died before it
 * made it count, or the word that says so was written over. It is as good in the
 * first case, since pages are listed before they get a key and until it is wiped,
 * and the only one that will do in the second.
 */
static const char *hc_head_fetch_next(const struct hc_registry_head *head,
				      const struct hc_frames *frames, struct hc_pfns *pfns,
				      const struct hc_registry_copy **copy)
{
	const struct hc_registry_copy *next = &head->copies[(head->active + 1) & 1];
	const char *fault;

	*copy = NULL;
	if (next->generation != head->active + 1)
		return NULL;
	if (!hc_copy_fits(next))
		return "it has more entries than room";
	fault = hc_copy_fetch(next, frames, pfns);
	if (!fault && hc_copy_right(next, pfns))
		*copy = next;
	return fault;
}

static const char *hc_head_fetch_now(const struct hc_registry_head *head,
				     const struct hc_frames *frames, struct hc_pfns *pfns,
				     const struct hc_registry_copy **copy)
{
	const struct hc_registry_copy *now = &head->copies[head->active & 1];
	const char *fault;

	if (now->generation != head->active)
		return "its generation is not that of the copy in use";
	if (!hc_copy_fits(now))
		return "it has more entries than room";
	fault = hc_copy_fetch(now, frames, pfns);
	if (!fault && !hc_copy_right(now, pfns))
		fault = "its checksum is wrong";
	*copy = now;
	return fault;
}

static const char *hc_head_fetch(const struct hc_registry_head *head,
				 const struct hc_frames *frames, struct hc_pfns *pfns)
{
	const struct hc_registry_copy *copy;
	const char *fault;

	if (head->magic != HC_REGISTRY_MAGIC)
		return "there is none at this address";
	if (head->version != HC_REGISTRY_VERSION)
		return "it is of another version";
	fault = hc_head_fetch_next(head, frames, pfns, &copy);
	if (!fault && !copy)
		fault = hc_head_fetch_now(head, frames, pfns, &copy);
	if (fault)
		return fault;
	if (copy->unlisted & HC_REGISTRY_BROKEN)
		return "something had written over it while the kernel was alive";
	if (copy->unlisted)
		return "a volume uses a cipher whose keys cannot be found";
	return NULL;
}

/* Room for the longer of the two. */
static struct hc_pfns *hc_head_room(const struct hc_registry_head *head)
{
	u64 count = max(head->copies[0].count, head->copies[1].count);
	struct hc_pfns *pfns;

	count = min_t(u64, count, HC_REGISTRY_LISTS * HC_PFNS_PER_LIST);
	return kvmalloc(struct_size(pfns, pfn, count), GFP_KERNEL);
}

static struct hc_pfns *hc_head_read(const struct hc_registry_head *head,
				    const struct hc_frames *frames)
{
	struct hc_pfns *pfns = hc_head_room(head);
	const char *fault;

	if (!pfns)
		return ERR_PTR(-ENOMEM);
	fault = hc_head_fetch(head, frames, pfns);
	if (fault) {
		pr_err("registry of key pages: %s\n", fault);
		kvfree(pfns);
		return ERR_PTR(-EBADMSG);
	}
	sort(pfns->pfn, pfns->count, sizeof(u64), hc_pfn_compare, NULL);
	return pfns;
}

/**
 * hc_registry_read() - read and check a registry
 * @address: physical address of its head
 * @frames: the memory it is in
 *
 * Context: may sleep.
 * Return: the listed PFNs, to be freed with kvfree(); or -EBADMSG, something
 *	is wrong with it, and the log says what; -ENOMEM.
 */
struct hc_pfns *hc_registry_read(u64 address, const struct hc_frames *frames)
{
	struct hc_registry_head *head = hc_head_copy(address, frames);
	struct hc_pfns *pfns;

	if (IS_ERR(head))
		return ERR_CAST(head);
	pfns = hc_head_read(head, frames);
	kfree(head);
	return pfns;
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_read);

/**
 * hc_registry_asked() - the parameter registry=
 *
 * Return: physical address of a dead kernel's registry or 0.
 */
u64 hc_registry_asked(void)
{
	return hc_asked;
}

/**
 * hc_registry_address() - where this kernel's registry is
 *
 * Context: may sleep.
 * Return: physical address of its head, 0 when it is not there.
 */
u64 hc_registry_address(void)
{
	u64 address;

	mutex_lock(&hc_registry_lock);
	address = hc_registry ? virt_to_phys(hc_registry) : 0;
	mutex_unlock(&hc_registry_lock);
	return address;
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_address);

static int hc_param_set(const char *value, const struct kernel_param *param)
{
	int err = kstrtou64(value, 0, &hc_asked);

	return err ?: hc_asked ? 0 : -EINVAL;
}

static int hc_param_get(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PAGE_SIZE, "0x%llx\n", hc_registry_address());
}

static const struct kernel_param_ops hc_param_ops = {
	.set = hc_param_set,
	.get = hc_param_get,
};

module_param_cb(registry, &hc_param_ops, NULL, 0400);
MODULE_PARM_DESC(registry,
		 "in the kernel that saves a dump: physical address of the dead kernel's list of key pages; reads as that of this kernel's");

/* To be read only; without this, "insmod dm-hostcrypt.ko unlisted=0" would call NULL. */
static int hc_param_set_unlisted(const char *value, const struct kernel_param *param)
{
	return -EINVAL;
}

static int hc_param_get_unlisted(char *buffer, const struct kernel_param *param)
{
	u64 unlisted = 0;
	bool good = true;

	mutex_lock(&hc_registry_lock);
	if (hc_registry) {
		good = hc_registry_check();
		unlisted = hc_copy(hc_generation)->unlisted;
	}
	mutex_unlock(&hc_registry_lock);
	return good ? scnprintf(buffer, PAGE_SIZE, "%llu\n", unlisted) :
		      scnprintf(buffer, PAGE_SIZE, "broken\n");
}

static const struct kernel_param_ops hc_param_unlisted_ops = {
	.set = hc_param_set_unlisted,
	.get = hc_param_get_unlisted,
};

module_param_cb(unlisted, &hc_param_unlisted_ops, NULL, 0400);
MODULE_PARM_DESC(unlisted,
		 "in how many places keys lie that no list can name, or \"broken\"; while it is not 0, no dump of this kernel can be saved");

/**
 * hc_registry_init() - begin with an empty registry
 *
 * Return: 0 or -ENOMEM.
 */
int hc_registry_init(void)
{
	struct hc_registry_head *head = (void *)get_zeroed_page(GFP_KERNEL);

	BUILD_BUG_ON(sizeof(*head) > PAGE_SIZE);
	if (!head)
		return -ENOMEM;
	mutex_lock(&hc_registry_lock);
	hc_registry = head;
	hc_generation = 0;
	hc_broken = false;
	hc_registry_commit(hc_copy(1));
	head->version = HC_REGISTRY_VERSION;
	head->magic = HC_REGISTRY_MAGIC;
	mutex_unlock(&hc_registry_lock);
	return 0;
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_init);

static void hc_lists_free(u64 **lists)
{
	size_t i;

	for (i = 0; i < HC_REGISTRY_LISTS; i++) {
		free_page((unsigned long)lists[i]);
		lists[i] = NULL;
	}
}

/**
 * hc_registry_exit() - end it; every page has been removed
 *
 * A dump that is told its old address finds nothing there.
 */
void hc_registry_exit(void)
{
	struct hc_registry_head *head;

	mutex_lock(&hc_registry_lock);
	head = hc_registry;
	hc_registry = NULL;
	mutex_unlock(&hc_registry_lock);

	WARN_ON_ONCE(hc_count);
	hc_lists_free(hc_lists[0]);
	hc_lists_free(hc_lists[1]);
	memzero_explicit(head, PAGE_SIZE);
	free_page((unsigned long)head);
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_exit);
