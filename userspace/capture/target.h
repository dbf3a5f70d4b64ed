/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the dump goes (dump/place.h), as the capture kernel writes there. One dump:
 * state, open, then commit or discard, and close at the end.
 */
#ifndef HC_CAPTURE_TARGET_H
#define HC_CAPTURE_TARGET_H

#include "dump/config.h"
#include "dump/part.h"
#include "dump/state.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct target {
	const struct hc_dump_config *config;
	char name[256]; /* of the dump, for a person who looks for it */
	int fd;		/* takes it, from open to commit or discard */
	uint64_t room;	/* how much it takes at most */
	bool in_steps;	/* a device, which is written to in steps (dump/writer.h) */
	uint64_t bytes; /* how much was written */
	bool trial;	/* nothing has crashed: what is to be brought up is up */
	bool keep;	/* of a trial: what the other host has is not taken back */
	struct hc_dump_part part;
	char folder[PATH_MAX]; /* of the part */
	bool whole;	       /* committed */
	pid_t sender; /* the program at the other end of the fd, if there is one */
};

/* The target of @config. Nothing is touched yet. */
void target_init(struct target *target, const struct hc_dump_config *config);

/* Where the state is kept; what it takes to get there is done. HC_E_DUMP_TARGET. */
int target_state(struct target *target, struct hc_dump_state_place *ret_place);

/* A place for a dump of the host @host: its name and fd are set. */
int target_open(struct target *target, const char *host, long long now);

/* Everything is written to the fd: bring it to the disk, as a whole dump. */
int target_commit(struct target *target);

/* Leave nothing that looks like a dump. Only after open. The sentence recorded last
 * stays, and may become longer. */
void target_discard(struct target *target);

/*
 * As target_discard(), in another process than that which opened the target, and which
 * has ended or hangs. Also where it had not come to target_open(), or is done.
 */
void target_recover(struct target *target);

/* Everything to the disks, and nothing mounted. */
void target_close(void);

#endif
