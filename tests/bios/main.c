// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of bios of all shapes, made from a seed, on a hostcrypt volume and
 * on a dm-crypt volume with the same key: user space cannot make them all.
 *
 *	insmod hc-bios.ko volumes=OURS,THEIRS,OURS_CROSSED,THEIRS_CROSSED \
 *		disks=OURS,THEIRS offset=SECTORS unit=BYTES [discards=1] \
 *		seed=N [first=N] rounds=N
 *
 * OURS is hostcrypt on the first disk and THEIRS dm-crypt on the second; the
 * crossed ones are on the other's disk. The volumes begin at sector "offset"
 * of the disks. Everything is done when the module loads, and it loads only if
 * all was right. A failure says the seed and the round: first=ROUND rounds=1
 * does that round again.
 */
#define pr_fmt(fmt) "hc-bios: " fmt

#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "round.h"

/* Parts of the volumes, each with a thread. */
#define HB_SLICES	2

static char *volumes[HB_VOLUMES];
static char *disks[2];
static ulong offset;
static uint unit = SECTOR_SIZE;
static bool discards;
static unsigned long long seed;
static uint first;
static uint rounds = 100;
static int volumes_given, disks_given;

module_param_array(volumes, charp, &volumes_given, 0444);
MODULE_PARM_DESC(volumes, "hostcrypt, dm-crypt, and both on the other's disk");
module_param_array(disks, charp, &disks_given, 0444);
MODULE_PARM_DESC(disks, "hostcrypt's and dm-crypt's disk");
module_param(offset, ulong, 0444);
MODULE_PARM_DESC(offset, "sector of the disks where the volumes begin");
module_param(unit, uint, 0444);
MODULE_PARM_DESC(unit, "bytes of a data unit");
module_param(discards, bool, 0444);
MODULE_PARM_DESC(discards, "the volumes take discards");
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "decides all shapes");
module_param(first, uint, 0444);
MODULE_PARM_DESC(first, "the first round");
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how many rounds");

struct hb_thread {
	struct hb_slice *slice;
	unsigned int number;
	struct completion over;
	int err;
};

static int hb_thread(void *data)
{
	struct hb_thread *thread = data;
	struct hb_run *run = thread->slice->run;
	unsigned int n;

	for (n = first; n < first + rounds && !thread->err && !READ_ONCE(run->failed); n++) {
		if (n % HB_SLICES == thread->number)
			thread->err = hb_round(thread->slice, n);
		cond_resched();
	}
	if (thread->err)
		WRITE_ONCE(run->failed, true);
	complete(&thread->over);
	return 0;
}

static void hb_report(const struct hb_run *run, const struct hb_stats *all)
{
	unsigned int i, shapes = 0;

	for (i = 0; i < HB_KINDS; i++)
		shapes += all->kinds[i];
	pr_info("seed %llu unit %u: %u shapes, %llu KiB, %u bytes and %u segments at most\n",
		run->seed, run->unit, shapes, all->bytes >> 10, all->largest, all->segments);
	pr_info("kinds: read:%u write:%u flush:%u zeroes:%u discard:%u bad_read:%u bad_write:%u nowait:%u again:%u split:%u\n",
		all->kinds[HB_READ], all->kinds[HB_WRITE], all->kinds[HB_FLUSH],
		all->kinds[HB_ZEROES], all->kinds[HB_DISCARD], all->kinds[HB_BAD_READ],
		all->kinds[HB_BAD_WRITE], all->nowait, all->again, all->splits);
	pr_info("layouts: pages:%u blocks:%u cuts:%u sectors:%u shifted:%u touching:%u same:%u bytes:%u\n",
		all->layouts[HB_PAGES], all->layouts[HB_BLOCKS], all->layouts[HB_CUTS],
		all->layouts[HB_SECTORS], all->layouts[HB_SHIFTED], all->layouts[HB_TOUCHING],
		all->layouts[HB_SAME], all->layouts[HB_BYTES]);
}

static void hb_add_stats(struct hb_stats *all, const struct hb_stats *more)
{
	unsigned int i;

	for (i = 0; i < HB_KINDS; i++)
		all->kinds[i] += more->kinds[i];
	for (i = 0; i < HB_LAYOUTS; i++)
		all->layouts[i] += more->layouts[i];
	all->nowait += more->nowait;
	all->again += more->again;
	all->splits += more->splits;
	all->bytes += more->bytes;
	all->segments = max(all->segments, more->segments);
	all->largest = max(all->largest, more->largest);
}

/* All rounds, each slice's in a thread of its own. */
static int hb_rounds(struct hb_run *run)
{
	struct hb_thread thread[HB_SLICES] = { };
	struct hb_stats all = { };
	struct task_struct *task;
	unsigned int i, n;
	int err = 0;

	for (n = 0; n < HB_SLICES && !err; n++) {
		thread[n].number = n;
		init_completion(&thread[n].over);
		thread[n].slice = hb_slice_alloc(run, n, HB_SLICES);
		if (!thread[n].slice) {
			err = -ENOMEM;
			break;
		}
		task = kthread_run(hb_thread, &thread[n], "hc-bios/%u", n);
		if (IS_ERR(task)) {
			hb_slice_free(thread[n].slice);
			err = PTR_ERR(task);
			break;
		}
	}
	for (i = 0; i < n; i++) {
		wait_for_completion(&thread[i].over);
		err = err ?: thread[i].err;
		hb_add_stats(&all, &thread[i].slice->stats);
		hb_slice_free(thread[i].slice);
	}
	hb_report(run, &all);
	return err;
}

/* The volumes start as what the disks' zeroes decrypt to: dm-crypt's word counts. */
static int hb_learn(struct hb_run *run)
{
	return hb_volume_rw(run->volume[HB_THEIRS].bdev, REQ_OP_READ, 0, run->model,
			    run->sectors << SECTOR_SHIFT);
}

/* In the end all of both disks is the same, also what the volumes do not have. */
static int hb_check_disks(const struct hb_run *run, u8 *buffer, unsigned int bytes)
{
	sector_t end = bdev_nr_sectors(run->disk[0].bdev), at;
	unsigned int half = bytes / 2, part;
	int err;

	for (at = 0; at < end; at += part >> SECTOR_SHIFT) {
		part = min_t(u64, half, (u64)(end - at) << SECTOR_SHIFT);
		err = hb_volume_rw(run->disk[0].bdev, REQ_OP_READ, at, buffer, part) ?:
		      hb_volume_rw(run->disk[1].bdev, REQ_OP_READ, at, buffer + half, part);
		if (err)
			return err;
		if (memcmp(buffer, buffer + half, part)) {
			pr_err("WRONG: seed %llu: the disks differ in the %u bytes at sector %llu\n",
			       run->seed, part, (unsigned long long)at);
			return -EIO;
		}
	}
	return 0;
}

/* And all of the plaintext is there, on either disk, for who did not write it. */
static int hb_check_volumes(const struct hb_run *run, u8 *buffer, unsigned int bytes)
{
	unsigned int i;
	int err;

	for (i = HB_OURS_CROSSED; i < HB_VOLUMES; i++) {
		err = hb_volume_rw(run->volume[i].bdev, REQ_OP_READ, 0, buffer, bytes);
		if (err)
			return err;
		if (memcmp(buffer, run->model, bytes)) {
			pr_err("WRONG: seed %llu: volume %u has another plaintext in the end\n",
			       run->seed, i);
			return -EIO;
		}
	}
	return 0;
}

static int hb_do_run(struct hb_run *run)
{
	unsigned int bytes = run->sectors << SECTOR_SHIFT;
	u8 *buffer = vmalloc(bytes);
	int err = -ENOMEM;

	run->model = vmalloc(bytes);
	if (buffer && run->model)
		err = hb_learn(run) ?:
		      hb_rounds(run) ?:
		      hb_check_disks(run, buffer, bytes) ?:
		      hb_check_volumes(run, buffer, bytes);
	vfree(run->model);
	vfree(buffer);
	return err;
}

static int hb_open(struct hb_run *run)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < HB_VOLUMES && !err; i++)
		err = hb_volume_open(&run->volume[i], volumes[i]);
	for (i = 0; i < 2 && !err; i++)
		err = hb_volume_open(&run->disk[i], disks[i]);
	if (!err)
		run->sectors = bdev_nr_sectors(run->volume[HB_OURS].bdev);
	return err;
}

static void hb_close(struct hb_run *run)
{
	unsigned int i;

	for (i = 0; i < HB_VOLUMES; i++)
		hb_volume_close(&run->volume[i]);
	for (i = 0; i < 2; i++)
		hb_volume_close(&run->disk[i]);
}

static int __init hb_init(void)
{
	struct hb_run run = {
		.offset = offset,
		.unit = unit,
		.discards = discards,
		.seed = seed,
	};
	int err;

	if (volumes_given != HB_VOLUMES || disks_given != 2) {
		pr_err("four volumes and two disks are needed\n");
		return -EINVAL;
	}
	err = hb_call_init();
	if (err)
		return err;
	err = hb_open(&run) ?: hb_do_run(&run);
	hb_close(&run);
	hb_call_exit();
	return err;
}

static void __exit hb_exit(void)
{
}

module_init(hb_init);
module_exit(hb_exit);
MODULE_DESCRIPTION("Bios of all shapes, on hostcrypt and on dm-crypt");
MODULE_LICENSE("GPL");
