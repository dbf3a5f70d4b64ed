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
 * checksum tells when something else has written to either. Whatever is wrong
 * with the registry, nothing is saved: better no dump than one with keys.
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

/* Guards hc_registry and everything that hangs on it. */
static DEFINE_MUTEX(hc_registry_lock);
static struct hc_registry_head *hc_registry;

/* Parameter registry=: where the dead kernel's is. Constant after insmod. */
static u64 hc_asked;

static struct hc_registry_copy *hc_copy(u64 generation)
{
	return &hc_registry->copies[generation & 1];
}

static u64 *hc_list(const struct hc_registry_copy *copy, size_t index)
{
	return phys_to_virt(PFN_PHYS(copy->lists[index / HC_PFNS_PER_LIST]));
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

/* Make the copy that does not count equal to the one that does; return it. */
static struct hc_registry_copy *hc_registry_begin(void)
{
	const struct hc_registry_copy *now = hc_copy(hc_registry->active);
	struct hc_registry_copy *next = hc_copy(hc_registry->active + 1);
	size_t index;

	lockdep_assert_held(&hc_registry_lock);
	next->count = now->count;
	next->unlisted = now->unlisted;
	for (index = 0; index < now->count; index += HC_PFNS_PER_LIST)
		memcpy(hc_list(next, index), hc_list(now, index), hc_list_size(now, index));
	return next;
}

/* From here on it counts. */
static void hc_registry_commit(struct hc_registry_copy *next)
{
	size_t index;
	u64 sum;

	next->generation = hc_registry->active + 1;
	sum = hc_mix_numbers(next);
	for (index = 0; index < next->count; index += HC_PFNS_PER_LIST)
		sum = hc_mix_list(sum, next, index, hc_list(next, index));
	next->checksum = sum;
	/* Whoever finds the new generation finds all that belongs to it. */
	smp_wmb();
	WRITE_ONCE(hc_registry->active, next->generation);
}

static int hc_copy_grow(struct hc_registry_copy *copy, size_t count)
{
	size_t i;

	for (i = 0; i < DIV_ROUND_UP(count, HC_PFNS_PER_LIST); i++) {
		void *list;

		if (copy->lists[i])
			continue;
		list = (void *)get_zeroed_page(GFP_KERNEL);
		if (!list)
			return -ENOMEM;
		copy->lists[i] = PHYS_PFN(virt_to_phys(list));
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
	return hc_copy_grow(&hc_registry->copies[0], count) ?:
	       hc_copy_grow(&hc_registry->copies[1], count);
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
	err = hc_registry_grow(hc_copy(hc_registry->active)->count + last - pfn + 1);
	if (!err) {
		next = hc_registry_begin();
		for (; pfn <= last; pfn++)
			*hc_entry(next, next->count++) = pfn;
		hc_registry_commit(next);
	}
	mutex_unlock(&hc_registry_lock);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_add);

/* The order means nothing, so the last entry takes the place. */
static void hc_copy_remove(struct hc_registry_copy *copy, u64 pfn)
{
	size_t index;

	for (index = 0; index < copy->count; index++) {
		if (*hc_entry(copy, index) == pfn) {
			*hc_entry(copy, index) = *hc_entry(copy, copy->count - 1);
			copy->count--;
			return;
		}
	}
	WARN_ON_ONCE(1);
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
	struct hc_registry_copy *next;
	u64 pfn;

	mutex_lock(&hc_registry_lock);
	next = hc_registry_begin();
	for (pfn = hc_first_pfn(object); pfn <= last; pfn++)
		hc_copy_remove(next, pfn);
	hc_registry_commit(next);
	mutex_unlock(&hc_registry_lock);
}
EXPORT_SYMBOL_HC_KUNIT(hc_registry_remove);

static void hc_registry_change_unlisted(int by)
{
	struct hc_registry_copy *next;

	mutex_lock(&hc_registry_lock);
	next = hc_registry_begin();
	next->unlisted += by;
	hc_registry_commit(next);
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

static const char *hc_head_fault(const struct hc_registry_head *head)
{
	const struct hc_registry_copy *copy = &head->copies[head->active & 1];

	if (head->magic != HC_REGISTRY_MAGIC)
		return "there is none at this address";
	if (head->version != HC_REGISTRY_VERSION)
		return "it is of another version";
	if (copy->generation != head->active)
		return "its generation is not that of the copy in use";
	if (copy->count > HC_REGISTRY_LISTS * HC_PFNS_PER_LIST)
		return "it has more entries than room";
	return NULL;
}

static int hc_pfn_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static const char *hc_copy_read(const struct hc_registry_copy *copy,
				const struct hc_frames *frames, struct hc_pfns *pfns)
{
	u64 sum = hc_mix_numbers(copy);
	size_t index;

	for (index = 0; index < copy->count; index += HC_PFNS_PER_LIST) {
		u64 *list = frames->map(copy->lists[index / HC_PFNS_PER_LIST]);

		if (!list)
			return "one of its pages cannot be read";
		memcpy(&pfns->pfn[index], list, hc_list_size(copy, index));
		frames->unmap(list);
		sum = hc_mix_list(sum, copy, index, &pfns->pfn[index]);
	}
	if (sum != copy->checksum)
		return "its checksum is wrong";
	if (copy->unlisted)
		return "a volume uses a cipher whose keys cannot be found";
	return NULL;
}

static struct hc_pfns *hc_head_read(const struct hc_registry_head *head,
				    const struct hc_frames *frames)
{
	const struct hc_registry_copy *copy = &head->copies[head->active & 1];
	const char *fault = hc_head_fault(head);
	struct hc_pfns *pfns = NULL;

	if (!fault) {
		pfns = kvmalloc(struct_size(pfns, pfn, copy->count), GFP_KERNEL);
		if (!pfns)
			return ERR_PTR(-ENOMEM);
		pfns->count = copy->count;
		fault = hc_copy_read(copy, frames, pfns);
	}
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
	struct hc_registry_head *head;
	struct hc_pfns *pfns;

	head = offset_in_page(address) ? NULL : frames->map(PHYS_PFN(address));
	if (!head) {
		pr_err("registry of key pages: no page at address 0x%llx\n", address);
		return ERR_PTR(-EBADMSG);
	}
	pfns = hc_head_read(head, frames);
	frames->unmap(head);
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
	u64 unlisted;

	mutex_lock(&hc_registry_lock);
	unlisted = hc_registry ? hc_copy(hc_registry->active)->unlisted : 0;
	mutex_unlock(&hc_registry_lock);
	return scnprintf(buffer, PAGE_SIZE, "%llu\n", unlisted);
}

static const struct kernel_param_ops hc_param_unlisted_ops = {
	.set = hc_param_set_unlisted,
	.get = hc_param_get_unlisted,
};

module_param_cb(unlisted, &hc_param_unlisted_ops, NULL, 0400);
MODULE_PARM_DESC(unlisted,
		 "in how many places keys lie that no list can name; while it is not 0, no dump of this kernel can be saved");

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
	hc_registry_commit(hc_registry_begin());
	head->version = HC_REGISTRY_VERSION;
	head->magic = HC_REGISTRY_MAGIC;
	mutex_unlock(&hc_registry_lock);
	return 0;
}

static void hc_copy_free(struct hc_registry_copy *copy)
{
	size_t i;

	for (i = 0; i < HC_REGISTRY_LISTS && copy->lists[i]; i++)
		free_page((unsigned long)phys_to_virt(PFN_PHYS(copy->lists[i])));
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

	WARN_ON_ONCE(head->copies[head->active & 1].count);
	hc_copy_free(&head->copies[0]);
	hc_copy_free(&head->copies[1]);
	memzero_explicit(head, PAGE_SIZE);
	free_page((unsigned long)head);
}
