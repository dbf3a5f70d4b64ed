/* SPDX-License-Identifier: GPL-2.0 */
/* A dump while it is being written: a file of another name, which gets its own
 * when it is whole and on the disk, and which nothing else leaves behind. */
#ifndef HC_DUMP_PART_H
#define HC_DUMP_PART_H

#include <stdbool.h>

#define HC_DUMP_SUFFIX ".hcdump"
#define HC_DUMP_PART_SUFFIX ".part"

struct hc_dump_part {
	int directory;
	int fd;
	char name[160]; /* HOST-20260131T235959Z.hcdump */
	char part[168];
};

/* Is there something before @suffix, and nothing behind it? */
bool hc_dump_name_ends(const char *name, const char *suffix);

/* Only the names. */
void hc_dump_part_name(const char *host, long long now, struct hc_dump_part *part);

/* A new file in @directory, named after @host and the time @now. */
int hc_dump_part_create(const char *directory, const char *host, long long now,
			struct hc_dump_part *ret_part);

/* Everything is written: bring it to the disk under its name. */
int hc_dump_part_commit(struct hc_dump_part *part);

/* Remove it, unless it was committed. Safe to call twice. */
void hc_dump_part_discard(struct hc_dump_part *part);

/*
 * Remove from @directory what capture kernels left that died themselves: parts from
 * before this boot (a later one is somebody's at work). @on_removed is told each name.
 */
int hc_dump_part_sweep(const char *directory, void (*on_removed)(const char *name));

#endif
