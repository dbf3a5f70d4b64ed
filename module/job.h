/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_JOB_H
#define HC_JOB_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "cipher.h"

enum {
	/* What one CPU takes at a time from a job that several work on. */
	HC_CHUNK = SZ_32K,

	/* The most that is done in one go in softirq, and in a task. */
	HC_SOFTIRQ_MAX = SZ_32K,
	HC_TASK_MAX = SZ_128K,

	/* The most workers for one job. */
	HC_LANES = 4,
};

struct hc_job;

/* A worker's place in a job. */
struct hc_lane {
	struct work_struct work;
	struct hc_job *job;
};

/**
 * struct hc_job - encryption or decryption of one I/O
 * @cipher: with what
 * @direction: which
 * @span: what
 * @err: how it went: 0 or a negative error
 * @done: hc_job_defer(): called by the worker that finishes last; the job's
 *	memory may go in it
 * @over: hc_job_join(): what the caller waits for
 * @next: the next chunk to take
 * @left: lanes that have not finished
 * @lanes: the workers' places
 */
struct hc_job {
	const struct hc_cipher *cipher;
	enum hc_direction direction;
	struct hc_span span;
	int err;
	union {
		void (*done)(struct hc_job *job);
		struct completion *over;
	};
	atomic_t next;
	atomic_t left;
	struct hc_lane lanes[HC_LANES];
};

int hc_job_init(void);
void hc_job_exit(void);

void hc_job_run(struct hc_job *job);
void hc_job_join(struct hc_job *job);
void hc_job_defer(struct hc_job *job);

#endif
