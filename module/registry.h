/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_REGISTRY_H
#define HC_REGISTRY_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/* In memory: "CHCEYREG". */
#define HC_REGISTRY_MAGIC	0x4745525945434843ULL
#define HC_REGISTRY_VERSION	1

/* PFNs in a list's page, and lists that a copy has room to name. */
#define HC_PFNS_PER_LIST	(PAGE_SIZE / sizeof(u64))
#define HC_REGISTRY_LISTS	240

/* In @unlisted, where counting never gets to: the registry was found damaged. */
#define HC_REGISTRY_BROKEN	BIT_ULL(63)

/**
 * struct hc_registry_copy - one state of the registry
 * @generation: counts states; its lowest bit says which copy it is in
 * @count: PFNs in the lists
 * @unlisted: keyed ciphers whose round keys are nobody knows where
 * @checksum: over the other members, of @lists those in use, and the lists
 * @lists: PFNs of the lists' pages; behind those that @count needs, anything
 *
 * A PFN is listed once for each object that touches its page.
 */
struct hc_registry_copy {
	u64 generation;
	u64 count;
	u64 unlisted;
	u64 checksum;
	u64 lists[HC_REGISTRY_LISTS];
};

/**
 * struct hc_registry_head - the page where the registry begins
 * @magic: HC_REGISTRY_MAGIC
 * @version: HC_REGISTRY_VERSION
 * @active: generation of the copy that counts
 * @copies: by the lowest bit of their generation
 *
 * The kernel that saves a dump reads this, byte order and page size being the
 * same.
 */
struct hc_registry_head {
	u64 magic;
	u64 version;
	u64 active;
	struct hc_registry_copy copies[2];
};

/**
 * struct hc_pfns - a sorted list of page frame numbers
 * @count: how many
 * @pfn: ascending, some perhaps several times
 */
struct hc_pfns {
	size_t count;
	u64 pfn[];
};

/**
 * struct hc_frames - access to the memory that a registry is in
 * @map: the page of a PFN or NULL
 * @unmap: undo @map
 */
struct hc_frames {
	void *(*map)(u64 pfn);
	void (*unmap)(void *address);
};

int hc_registry_init(void);
void hc_registry_exit(void);

int hc_registry_add(const void *object, size_t size);
void hc_registry_remove(const void *object, size_t size);
void hc_registry_add_unlisted(void);
void hc_registry_remove_unlisted(void);

u64 hc_registry_asked(void);
u64 hc_registry_address(void);

struct hc_pfns *hc_registry_read(u64 address, const struct hc_frames *frames);

#endif
