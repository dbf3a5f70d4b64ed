// SPDX-License-Identifier: GPL-2.0
/* Jobs: whole, in a worker, and spread over CPUs. */
#include <linux/completion.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "buffer.h"
#include "job.h"
#include "suites.h"

struct hc_test_job {
	struct hc_job job;
	struct completion over;
	unsigned int done;
};

static void hc_test_done(struct hc_job *job)
{
	struct hc_test_job *t = container_of(job, struct hc_test_job, job);

	t->done++;
	complete(&t->over);
}

enum hc_test_way { HC_HERE, HC_JOINED, HC_BY_WORKERS };

static void hc_do_job(struct hc_test_job *t, enum hc_test_way way)
{
	switch (way) {
	case HC_HERE:
		hc_job_run(&t->job);
		break;
	case HC_JOINED:
		hc_job_join(&t->job);
		break;
	case HC_BY_WORKERS:
		t->job.done = hc_test_done;
		hc_job_defer(&t->job);
		wait_for_completion(&t->over);
		break;
	}
}

static void hc_check_job(struct kunit *test, const struct hc_keyed *keyed, unsigned int size,
			 enum hc_test_way way)
{
	struct hc_test_job *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct hc_buffer *src = hc_buffer_alloc(test, size, NULL);
	struct hc_buffer *dst = hc_buffer_alloc(test, size, NULL);
	u8 *want = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_NOT_NULL(test, want);
	get_random_bytes(src->bytes, size);
	hc_reference_encrypt(test, keyed->key, keyed->unit, 8, src->bytes, want, size);

	init_completion(&t->over);
	t->job.cipher = keyed->cipher;
	t->job.direction = HC_ENCRYPT;
	t->job.span = hc_buffer_span(src, dst, 8);
	hc_do_job(t, way);
	KUNIT_EXPECT_EQ(test, t->job.err, 0);
	hc_assert_same(test, dst->bytes, want, size, "ciphertext");
	KUNIT_EXPECT_EQ(test, t->done, way == HC_BY_WORKERS);
}

static void hc_test_sizes(struct kunit *test)
{
	static const unsigned int sizes[] = { 512, 4096, HC_CHUNK - 512, HC_CHUNK, HC_CHUNK + 512,
					      3 * HC_CHUNK + 1024, SZ_1M, SZ_2M };
	struct hc_keyed keyed = hc_test_keyed(test, 512);
	unsigned int i, way;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (way = HC_HERE; way <= HC_BY_WORKERS; way++)
			hc_check_job(test, &keyed, sizes[i], way);
}

static void hc_test_large_units(struct kunit *test)
{
	struct hc_keyed keyed = hc_test_keyed(test, 4096);
	unsigned int way;

	for (way = HC_HERE; way <= HC_BY_WORKERS; way++)
		hc_check_job(test, &keyed, 5 * HC_CHUNK + 4096, way);
}

static struct kunit_case hc_job_cases[] = {
	KUNIT_CASE(hc_test_sizes),
	KUNIT_CASE(hc_test_large_units),
	{}
};

struct kunit_suite hc_job_suite = {
	.name = "hostcrypt_job",
	.test_cases = hc_job_cases,
};
