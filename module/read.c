// SPDX-License-Identifier: GPL-2.0
/*
 * The read path: map -> disk -> end_io -> cipher -> caller.
 *
 * Device mapper's own clone goes to the disk, into the caller's pages, and is
 * decrypted there when it comes back: no second bio, no copy. Nobody looks at
 * the pages before the caller is told that the read is over.
 */
#include <linux/device-mapper.h>
#include <linux/interrupt.h>
#include <linux/preempt.h>

#include "carrier.h"
#include "io.h"
#include "target.h"
#include "trace.h"

/*
 * Hand the bio back to device mapper. Its end_io is called directly: the bio
 * went through bio_endio() before it came to us, and what that does for the
 * accounts of the disk must not be done twice.
 */
static void hc_read_finish(struct hc_io *io, blk_status_t status)
{
	struct bio *bio = hc_bio_of(io);

	if (unlikely(status))
		hc_target_failed(io->t, &io->job.span.src_iter, REQ_OP_READ, status);
	bio->bi_status = status;
	bio->bi_end_io = io->end_io;
	bio->bi_end_io(bio);
}

static void hc_read_decrypted(struct hc_io *io, enum hc_trace_by by)
{
	trace_hostcrypt_read(io->t, &io->job.span.src_iter, by);
	hc_read_finish(io, errno_to_blk_status(io->job.err));
}

static void hc_read_done(struct hc_job *job)
{
	hc_read_decrypted(container_of(job, struct hc_io, job), HC_BY_WORKER);
}

static void hc_read_defer(struct hc_io *io, enum hc_trace_why why)
{
	hc_stat_add(io->t, HC_DEFERRED, 1);
	trace_hostcrypt_defer(io->t, &io->job.span.src_iter, REQ_OP_READ, why);
	hc_job_defer(&io->job);
}

/* In a task or in softirq. */
static void hc_read_decrypt(struct hc_io *io, enum hc_trace_by by)
{
	unsigned int bytes = io->job.span.src_iter.bi_size;

	if (bytes > (in_task() ? HC_TASK_MAX : HC_SOFTIRQ_MAX)) {
		hc_read_defer(io, HC_WHY_LARGE);
	} else if (!hc_cipher_usable(io->job.cipher)) {
		hc_read_defer(io, HC_WHY_FPU);
	} else {
		hc_job_run(&io->job);
		hc_read_decrypted(io, by);
	}
}

/**
 * hc_read_carried() - go on with a read in softirq
 * @node: its &hc_io.waiting
 */
void hc_read_carried(struct llist_node *node)
{
	hc_read_decrypt(container_of(node, struct hc_io, waiting), HC_BY_SOFTIRQ);
}

static void hc_read_endio(struct bio *bio)
{
	struct hc_io *io = hc_io_of(bio);

	if (unlikely(bio->bi_status))
		hc_read_finish(io, bio->bi_status);
	else if (!in_hardirq() && !irqs_disabled())
		hc_read_decrypt(io, HC_BY_INLINE);
	else if (io->job.span.src_iter.bi_size <= HC_SOFTIRQ_MAX)
		hc_carrier_add(&io->waiting);
	else
		hc_read_defer(io, HC_WHY_LARGE);
}

/**
 * hc_read_map() - send a read to the disk
 * @t: the table line
 * @bio: the read, on data unit boundaries
 *
 * Takes no memory, so REQ_NOWAIT and REQ_POLLED are the disk's business.
 *
 * Return: DM_MAPIO_REMAPPED.
 */
int hc_read_map(struct hc_target *t, struct bio *bio)
{
	struct hc_io *io = hc_io_of(bio);

	hc_stat_add(t, HC_READS, 1);
	hc_stat_add(t, HC_READ_BYTES, bio->bi_iter.bi_size);

	io->t = t;
	io->job.cipher = t->cipher;
	io->job.direction = HC_DECRYPT;
	io->job.done = hc_read_done;
	io->job.span.src = bio;
	io->job.span.src_iter = bio->bi_iter;
	io->job.span.dst = bio;
	io->job.span.dst_iter = bio->bi_iter;
	io->job.span.tweak = hc_tweak(t, bio->bi_iter.bi_sector);
	io->end_io = bio->bi_end_io;

	bio_set_dev(bio, t->dev->bdev);
	bio->bi_iter.bi_sector = hc_disk_sector(t, bio->bi_iter.bi_sector);
	bio->bi_end_io = hc_read_endio;
	return DM_MAPIO_REMAPPED;
}
