// SPDX-License-Identifier: GPL-2.0
/*
 * What passes through with nothing to encrypt: flushes and discards. They are
 * looked at only to count those that fail.
 */
#include <linux/blkdev.h>
#include <linux/device-mapper.h>

#include "io.h"
#include "target.h"

static void hc_pass_endio(struct bio *bio)
{
	struct hc_io *io = hc_io_of(bio);

	if (unlikely(bio->bi_status))
		hc_target_failed(io->t, &io->job.span.src_iter, bio_op(bio), bio->bi_status);
	bio->bi_end_io = io->end_io;
	/* Directly: it has been through bio_endio() once. */
	bio->bi_end_io(bio);
}

/**
 * hc_pass_map() - send a flush or a discard to the disk
 * @t: the table line
 * @bio: the flush, which is empty, or the discard
 *
 * Return: DM_MAPIO_REMAPPED.
 */
int hc_pass_map(struct hc_target *t, struct bio *bio)
{
	struct hc_io *io = hc_io_of(bio);

	io->t = t;
	io->job.span.src_iter = bio->bi_iter;
	io->end_io = bio->bi_end_io;
	bio_set_dev(bio, t->dev->bdev);
	if (bio_sectors(bio))
		bio->bi_iter.bi_sector = hc_disk_sector(t, bio->bi_iter.bi_sector);
	bio->bi_end_io = hc_pass_endio;
	return DM_MAPIO_REMAPPED;
}
