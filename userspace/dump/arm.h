/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading the capture kernel that writes encrypted dumps. */
#ifndef HC_DUMP_ARM_H
#define HC_DUMP_ARM_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/config.h"
#include "dump/image.h"
#include "dump/overlay.h"
#include "dump/target.h"

/* Everything that loading depends on, each found or said why not. */
struct hc_dump_plan {
	struct hc_dump_config config;
	struct hc_dump_target target;
	struct hc_dump_image image;
	char release[65];
	char kernel[128];
	char registry[32];
	uint64_t crash_bytes;  /* set aside */
	uint64_t needed_bytes; /* what a dump will take of them, about */
	char told[HC_DUMP_OVERLAY_LIST]; /* what the capture kernel is told, once it is loaded */
};

/*
 * Read dump.conf and look at the machine; the image is made where it is not of
 * today, or always with @make. @on_make is called before that, which takes its
 * time; it may be NULL.
 */
int hc_dump_plan(const char *path, bool make, void (*on_make)(const char *release),
		 struct hc_dump_plan *ret_plan);

/* What the capture kernel would be told now: dump.conf and the target, which nobody else is
 * asked about, and plan.told. */
int hc_dump_plan_look(const char *path, const char *providers_path,
		      struct hc_dump_plan *ret_plan);
void hc_dump_plan_free(struct hc_dump_plan *plan);

/* Is there anything in the way of our capture kernel? HC_E_DUMP_FOREIGN. */
int hc_dump_check_foreign(void);

/* Load it in place of the one before. @providers_path: hostcrypt.conf. */
int hc_dump_arm(struct hc_dump_plan *plan, const char *providers_path);

/* Unload it; nothing to do where none is loaded. @config: NULL where it cannot be
 * read. */
int hc_dump_disarm(const struct hc_dump_config *config);

/* What the file that hc_dump_arm() leaves says: which registry and which kernel, when, and
 * what that is told. */
struct hc_dump_marker {
	char registry[32];
	char release[65];
	int64_t time;
	char told[HC_DUMP_OVERLAY_LIST];
};
bool hc_dump_marker_read(struct hc_dump_marker *ret_marker);

/* Why the module could not tell a capture kernel where all the keys are, as a sentence, or
 * NULL: then there would be no dump, whatever is loaded. */
const char *hc_dump_unlisted(void);

/* The address of the module's registry; false where the module is not loaded. */
bool hc_dump_registry(char ret_registry[32]);

#define HC_DUMP_PLAN __attribute__((cleanup(hc_dump_plan_free))) struct hc_dump_plan

#endif
