/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_IO_H
#define HC_IO_H

#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/llist.h>
#include <linux/refcount.h>

#include "job.h"
#include "pages.h"

struct hc_target;

/**
 * struct hc_io - our part of one bio of device mapper
 * @t: the table line
 * @job: the encryption or decryption
 * @end_io: read, flush, discard: what device mapper had put into the bio
 * @waiting: read: a place in the list of a carrier
 * @small: write: the ciphertext's bio, when it is small
 * @work: write: waiting for memory
 * @parts: write that waited: ciphertext bios under way, and the one who makes them
 * @status: write that waited: an error of one of those
 *
 * Device mapper allocates it with the bio, without zeroing it.
 */
struct hc_io {
	struct hc_target *t;
	struct hc_job job;
	union {
		struct {
			bio_end_io_t *end_io;
			struct llist_node waiting;
		};
		struct hc_small_bio small;
		struct {
			struct work_struct work;
			refcount_t parts;
			blk_status_t status;
		};
	};
};

static inline struct hc_io *hc_io_of(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct hc_io));
}

/* The bio that the part belongs to, once it has been mapped. */
static inline struct bio *hc_bio_of(struct hc_io *io)
{
	return io->job.span.src;
}

int hc_read_map(struct hc_target *t, struct bio *bio);
void hc_read_carried(struct llist_node *node);
int hc_pass_map(struct hc_target *t, struct bio *bio);
int hc_write_map(struct hc_target *t, struct bio *bio);

#endif
