// SPDX-License-Identifier: GPL-2.0
/*
 * A job is the encryption or decryption of one I/O. A small one is run where
 * it stands. A large one is not split into several bios; the work is: it is cut
 * into chunks of whole data units, and each CPU that takes part takes the next
 * chunk until none is left.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "compat.h"
#include "job.h"

/*
 * What runs here encrypts, decrypts and ends I/O. None of it waits for memory
 * or submits I/O, so the queue makes progress whatever waits for it. Per CPU,
 * since the placement of an unbound queue is bad where the CPUs' cache topology
 * is not known, as in many guests.
 */
static struct workqueue_struct *hc_job_wq;

/**
 * hc_job_init() - start the workers
 *
 * Return: 0 or -ENOMEM.
 */
int hc_job_init(void)
{
	hc_job_wq = alloc_workqueue("hostcrypt", WQ_MEM_RECLAIM | WQ_CPU_INTENSIVE | HC_WQ_PERCPU,
				    0);
	return hc_job_wq ? 0 : -ENOMEM;
}

/**
 * hc_job_exit() - wait for what the workers still do, and stop them
 */
void hc_job_exit(void)
{
	destroy_workqueue(hc_job_wq);
}

static unsigned int hc_job_chunks(const struct hc_job *job)
{
	return DIV_ROUND_UP(job->span.src_iter.bi_size, HC_CHUNK);
}

static void hc_span_skip(struct hc_span *span, unsigned int bytes)
{
	bio_advance_iter(span->src, &span->src_iter, bytes);
	bio_advance_iter(span->dst, &span->dst_iter, bytes);
	span->tweak += bytes >> SECTOR_SHIFT;
}

/*
 * Take chunks until none is left. May sleep between them. From one's last chunk
 * to the next, so that the pages of a large bio are walked through once.
 */
static void hc_job_work(struct hc_job *job)
{
	unsigned int chunks = hc_job_chunks(job);
	struct hc_span at = job->span;
	unsigned int done = 0, n;

	while ((n = atomic_inc_return(&job->next) - 1) < chunks) {
		struct hc_span chunk;
		int err;

		hc_span_skip(&at, (n - done) * HC_CHUNK);
		done = n;
		chunk = at;
		chunk.src_iter.bi_size = min_t(unsigned int, at.src_iter.bi_size, HC_CHUNK);
		err = hc_cipher_crypt(job->cipher, job->direction, &chunk);
		if (unlikely(err))
			WRITE_ONCE(job->err, err);
		cond_resched();
	}
}

static void hc_lane_defer(struct work_struct *work)
{
	struct hc_job *job = container_of(work, struct hc_lane, work)->job;

	hc_job_work(job);
	/* Orders the chunks of all lanes before what @done does with them. */
	if (atomic_dec_and_test(&job->left))
		job->done(job);
}

static void hc_lane_join(struct work_struct *work)
{
	struct hc_job *job = container_of(work, struct hc_lane, work)->job;

	hc_job_work(job);
	if (atomic_dec_and_test(&job->left))
		complete(job->over);
}

static unsigned int hc_next_cpu(unsigned int cpu)
{
	cpu = cpumask_next(cpu, cpu_online_mask);
	return cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask);
}

/* How many CPUs are worth having for it. */
static unsigned int hc_job_cpus(const struct hc_job *job)
{
	return min3(hc_job_chunks(job), num_online_cpus(), (unsigned int)HC_LANES);
}

/*
 * Start @lanes workers, from @cpu on. A CPU that goes offline meanwhile is no
 * harm: its work is done by others. The job is there until all lanes have run,
 * so also for the whole of this loop.
 */
static void hc_job_start(struct hc_job *job, unsigned int lanes, unsigned int cpu, work_func_t fn)
{
	unsigned int i;

	for (i = 0; i < lanes; i++) {
		struct hc_lane *lane = &job->lanes[i];

		lane->job = job;
		INIT_WORK(&lane->work, fn);
		queue_work_on(cpu, hc_job_wq, &lane->work);
		cpu = hc_next_cpu(cpu);
	}
}

static void hc_job_reset(struct hc_job *job, unsigned int lanes)
{
	job->err = 0;
	atomic_set(&job->next, 0);
	atomic_set(&job->left, lanes);
}

/**
 * hc_job_run() - do a job here, whole
 * @job: the job; its err is set
 *
 * Context: as hc_cipher_crypt().
 */
void hc_job_run(struct hc_job *job)
{
	job->err = hc_cipher_crypt(job->cipher, job->direction, &job->span);
}
EXPORT_SYMBOL_HC_KUNIT(hc_job_run);

/**
 * hc_job_join() - do a large job here, with the help of other CPUs
 * @job: the job; its err is set
 *
 * Helpers that have not begun when the caller has no more to do are called
 * off, so a busy CPU holds nobody up.
 *
 * Context: a task that may sleep.
 */
void hc_job_join(struct hc_job *job)
{
	DECLARE_COMPLETION_ONSTACK(over);
	unsigned int helpers = hc_job_cpus(job) - 1;
	unsigned int i;

	hc_job_reset(job, helpers + 1);
	job->over = &over;
	hc_job_start(job, helpers, hc_next_cpu(raw_smp_processor_id()), hc_lane_join);
	hc_job_work(job);
	for (i = 0; i < helpers; i++)
		if (cancel_work(&job->lanes[i].work))
			atomic_dec(&job->left);
	if (!atomic_dec_and_test(&job->left))
		wait_for_completion(&over);
}
EXPORT_SYMBOL_HC_KUNIT(hc_job_join);

/**
 * hc_job_defer() - let workers do a job, several when it is large
 * @job: the job; its done is called when they are through, maybe before this
 *	returns
 *
 * Context: any.
 */
void hc_job_defer(struct hc_job *job)
{
	unsigned int lanes = hc_job_cpus(job);

	hc_job_reset(job, lanes);
	hc_job_start(job, lanes, raw_smp_processor_id(), hc_lane_defer);
}
EXPORT_SYMBOL_HC_KUNIT(hc_job_defer);
