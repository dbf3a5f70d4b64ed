// SPDX-License-Identifier: GPL-2.0
/*
 * A job is the encryption or decryption of one I/O. A small one is run where
 * it stands. A large one is not split into several bios; the work is: it is cut
 * into chunks of whole data units, and each CPU that takes part takes the next
 * chunk until none is left. Who finishes last ends the I/O.
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
 * Only work that ends I/O runs here, and none of it waits for memory: the queue
 * makes progress when there is none. Per CPU, since the placement of an unbound
 * queue is bad where the CPUs' cache topology is not known, as in many guests.
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

static void hc_job_chunk(struct hc_job *job, unsigned int n)
{
	struct hc_span span = job->span;
	unsigned int skip = n * HC_CHUNK;
	int err;

	bio_advance_iter(span.src, &span.src_iter, skip);
	bio_advance_iter(span.dst, &span.dst_iter, skip);
	span.tweak += skip >> SECTOR_SHIFT;
	span.src_iter.bi_size = min_t(unsigned int, span.src_iter.bi_size, HC_CHUNK);

	err = hc_cipher_crypt(job->cipher, job->direction, &span);
	if (unlikely(err))
		WRITE_ONCE(job->err, err);
}

/* Take part in a job. It may be gone when this returns. */
static void hc_job_lane(struct hc_job *job)
{
	unsigned int chunks = hc_job_chunks(job);

	for (;;) {
		unsigned int n = atomic_inc_return(&job->next) - 1;

		if (n >= chunks)
			break;
		hc_job_chunk(job, n);
		cond_resched();
	}
	/* Orders the chunks of all lanes before what @done does with them. */
	if (atomic_dec_and_test(&job->left))
		job->done(job);
}

static void hc_lane_work(struct work_struct *work)
{
	hc_job_lane(container_of(work, struct hc_lane, work)->job);
}

static unsigned int hc_next_cpu(unsigned int cpu)
{
	cpu = cpumask_next(cpu, cpu_online_mask);
	return cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask);
}

/**
 * hc_job_run() - do a job here, whole
 * @job: the job
 *
 * Context: as hc_cipher_crypt().
 */
void hc_job_run(struct hc_job *job)
{
	job->err = hc_cipher_crypt(job->cipher, job->direction, &job->span);
	job->done(job);
}
EXPORT_SYMBOL_HC_KUNIT(hc_job_run);

/**
 * hc_job_spread() - let workers do a job, several when it is large
 * @job: the job
 * @join: the caller takes part, and then may sleep; @job's done may be called
 *	before this returns, here or elsewhere
 *
 * Context: any; a task that may sleep with @join.
 */
void hc_job_spread(struct hc_job *job, bool join)
{
	unsigned int cpu = raw_smp_processor_id();
	unsigned int lanes, i;

	lanes = min3(hc_job_chunks(job), num_online_cpus(), (unsigned int)HC_LANES);
	if (join)
		lanes--;
	job->err = 0;
	atomic_set(&job->next, 0);
	atomic_set(&job->left, lanes + join);

	/*
	 * A CPU that goes offline meanwhile is no harm: its work is done by
	 * others. The job is there until all lanes ran, so also in this loop.
	 */
	for (i = 0; i < lanes; i++) {
		cpu = i || join ? hc_next_cpu(cpu) : cpu;
		job->lanes[i].job = job;
		INIT_WORK(&job->lanes[i].work, hc_lane_work);
		queue_work_on(cpu, hc_job_wq, &job->lanes[i].work);
	}
	if (join)
		hc_job_lane(job);
}
EXPORT_SYMBOL_HC_KUNIT(hc_job_spread);
