// SPDX-License-Identifier: GPL-2.0
/*
 * The write path: map -> cipher -> disk -> caller.
 *
 * The caller's pages may be in use (page cache), so the ciphertext gets pages
 * of its own. The submitter encrypts and submits, with its own plug, priority
 * and accounts: no thread in between and nothing sorted.
 *
 * Only when there is no memory without waiting does a worker take over. It
 * writes the bio in as many parts as memory allows.
 */
#include <linux/device-mapper.h>
#include <linux/err.h>

#include "io.h"
#include "target.h"
#include "trace.h"

/* One ciphertext bio takes at most one whole plaintext bio of this size. */
#define HC_WRITE_SECTORS	(BIO_MAX_VECS << (PAGE_SHIFT - SECTOR_SHIFT))

static void hc_write_finish(struct hc_io *io, blk_status_t status)
{
	struct bio *bio = hc_bio_of(io);

	if (unlikely(status))
		hc_target_failed(io->t, &bio->bi_iter, REQ_OP_WRITE, status);
	bio->bi_status = status;
	bio_endio(bio);
}

/* The ciphertext bio of a whole write is over. Any context. */
static void hc_write_endio(struct bio *cipher_bio)
{
	struct hc_io *io = cipher_bio->bi_private;
	blk_status_t status = cipher_bio->bi_status;

	hc_pages_put(&io->t->pages, cipher_bio);
	hc_write_finish(io, status);
}

/* Drop a part; the last one ends the plaintext bio. */
static void hc_write_put(struct hc_io *io)
{
	if (refcount_dec_and_test(&io->parts))
		hc_write_finish(io, READ_ONCE(io->status));
}

/* The ciphertext bio of a part is over. Any context. */
static void hc_write_part_endio(struct bio *cipher_bio)
{
	struct hc_io *io = cipher_bio->bi_private;

	if (unlikely(cipher_bio->bi_status))
		WRITE_ONCE(io->status, cipher_bio->bi_status);
	hc_pages_put(&io->t->pages, cipher_bio);
	hc_write_put(io);
}

/* Make @cipher_bio the output of @io's job, for the next part of the bio. */
static void hc_write_prepare(struct hc_io *io, struct bio *cipher_bio, bio_end_io_t *end_io)
{
	struct hc_span *span = &io->job.span;

	cipher_bio->bi_iter.bi_sector = hc_disk_sector(io->t, span->src_iter.bi_sector);
	cipher_bio->bi_private = io;
	cipher_bio->bi_end_io = end_io;
	span->dst = cipher_bio;
	span->dst_iter = cipher_bio->bi_iter;
	span->tweak = hc_tweak(io->t, span->src_iter.bi_sector);
}

/* The ciphertext is there: to the disk with it. */
static void hc_write_submit(struct hc_io *io, enum hc_trace_by by)
{
	const struct hc_job *job = &io->job;
	struct bio *cipher_bio = job->span.dst;

	trace_hostcrypt_write(io->t, &job->span.src_iter, by);
	if (likely(!job->err)) {
		dm_submit_bio_remap(hc_bio_of(io), cipher_bio);
		return;
	}
	cipher_bio->bi_status = errno_to_blk_status(job->err);
	bio_endio(cipher_bio);
}

/* In a worker: write the bio in parts, as memory comes. */
static void hc_write_wait(struct work_struct *work)
{
	struct hc_io *io = container_of(work, struct hc_io, work);
	struct hc_span *span = &io->job.span;
	struct bio *bio = hc_bio_of(io);
	unsigned int rest = bio->bi_iter.bi_size;

	while (rest) {
		struct bio *cipher_bio = hc_pages_get_some(&io->t->pages, bio, io->t->dev->bdev,
							   rest);
		unsigned int part = cipher_bio->bi_iter.bi_size;

		hc_write_prepare(io, cipher_bio, hc_write_part_endio);
		span->src_iter.bi_size = part;
		refcount_inc(&io->parts);
		hc_job_run(&io->job);
		hc_write_submit(io, HC_BY_WORKER);
		bio_advance_iter(bio, &span->src_iter, part);
		rest -= part;
		cond_resched();
	}
	hc_write_put(io);
}

static int hc_write_defer(struct hc_io *io, enum hc_trace_why why)
{
	hc_stat_add(io->t, HC_DEFERRED, 1);
	trace_hostcrypt_defer(io->t, &io->job.span.src_iter, REQ_OP_WRITE, why);
	io->status = BLK_STS_OK;
	refcount_set(&io->parts, 1);
	INIT_WORK(&io->work, hc_write_wait);
	queue_work(io->t->wait_wq, &io->work);
	return DM_MAPIO_SUBMITTED;
}

/**
 * hc_write_map() - encrypt a write and send it to the disk
 * @t: the table line
 * @bio: the write, on data unit boundaries; cut to one ciphertext bio's size
 *
 * Return: DM_MAPIO_SUBMITTED.
 */
int hc_write_map(struct hc_target *t, struct bio *bio)
{
	struct hc_io *io = hc_io_of(bio);
	struct bio *cipher_bio;

	if (bio_sectors(bio) > HC_WRITE_SECTORS)
		dm_accept_partial_bio(bio, HC_WRITE_SECTORS);
	hc_stat_add(t, HC_WRITES, 1);
	hc_stat_add(t, HC_WRITTEN_BYTES, bio->bi_iter.bi_size);

	io->t = t;
	io->job.cipher = t->cipher;
	io->job.direction = HC_ENCRYPT;
	io->job.span.src = bio;
	io->job.span.src_iter = bio->bi_iter;

	cipher_bio = hc_pages_get(&t->pages, bio, t->dev->bdev, bio->bi_iter.bi_size,
				  &io->small);
	if (unlikely(!cipher_bio || !hc_cipher_usable(t->cipher))) {
		enum hc_trace_why why = cipher_bio ? HC_WHY_FPU : HC_WHY_MEMORY;

		if (cipher_bio)
			hc_pages_put(&t->pages, cipher_bio);
		if (!(bio->bi_opf & REQ_NOWAIT))
			return hc_write_defer(io, why);
		bio_wouldblock_error(bio);
		return DM_MAPIO_SUBMITTED;
	}

	hc_write_prepare(io, cipher_bio, hc_write_endio);
	if (bio->bi_iter.bi_size > HC_TASK_MAX)
		hc_job_join(&io->job);
	else
		hc_job_run(&io->job);
	hc_write_submit(io, HC_BY_INLINE);
	return DM_MAPIO_SUBMITTED;
}
