/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What became of the last dump: one block, a file in the target's folder or the end
 * of the target's device, made while the system is well, so that the capture kernel
 * only writes over what is there: also a full disk takes the reason why it took no
 * dump.
 *
 * It holds two entries: of the capture kernel that is (or was) loaded, and of the
 * last one that was started, or should have been. Whoever loads the next one
 * moves the first entry to the second.
 */
#ifndef HC_DUMP_STATE_H
#define HC_DUMP_STATE_H

#include <limits.h>
#include <stdint.h>

#define HC_DUMP_STATE_FILE "hostcrypt-dump-state"

#define HC_DUMP_STATES(X)                                                                          \
	X(NONE, "none")		/* nothing to tell */                                              \
	X(ARMED, "armed")	/* a capture kernel is loaded, or the machine went down with it */ \
	X(DISARMED, "disarmed") /* it was unloaded in good order */                                \
	X(STARTED, "started")	/* it began, and has not told an end */                            \
	X(FAILED, "failed")	/* no dump; the text says why */                                   \
	X(WRITTEN, "written")	/* the text names the file */

enum hc_dump_state {
#define X(name, word) HC_DUMP_##name,
	HC_DUMP_STATES(X)
#undef X
};

struct hc_dump_state_entry {
	enum hc_dump_state state;
	char boot[40]; /* the boot id of the system that was to be dumped */
	char time[32]; /* ISO 8601, UTC */
	char text[1024];
};

struct hc_dump_state_file {
	struct hc_dump_state_entry now, last;
};

/* Where the block is. */
struct hc_dump_state_place {
	char path[PATH_MAX]; /* of a file, or of a device; "" where nothing is kept */
	uint64_t offset;
	char title[80]; /* its first line, by which it is known */
};

/* The state file of the folder @directory. */
void hc_dump_state_in(const char *directory, struct hc_dump_state_place *ret_place);

/* A missing file reads as two entries of HC_DUMP_NONE. */
int hc_dump_state_read(const struct hc_dump_state_place *place,
		       struct hc_dump_state_file *ret_file);

/* Write over the one block, or make the file; on the disk when this returns. */
int hc_dump_state_write(const struct hc_dump_state_place *place,
			const struct hc_dump_state_file *file);

/* Fill the entry with the time of now; @text may be NULL. */
void hc_dump_state_set(struct hc_dump_state_entry *entry, enum hc_dump_state state,
		       const char *text);

/*
 * A capture kernel is loaded in the boot @boot: what its predecessor left, if that
 * is worth telling, becomes the last entry.
 */
void hc_dump_state_arm(struct hc_dump_state_file *file, const char *boot);

const char *hc_dump_state_word(enum hc_dump_state state);

/*
 * The entry that tells of the last crash, seen from the boot @boot, or NULL where
 * nothing crashed: an "armed" of another boot is one.
 */
const struct hc_dump_state_entry *hc_dump_state_crash(const struct hc_dump_state_file *file,
						      const char *boot);

/* This boot's id. */
int hc_boot_id(char ret_boot[40]);

#endif
