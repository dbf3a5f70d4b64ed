// SPDX-License-Identifier: GPL-2.0
/*
 * The device-mapper target "hostcrypt": making and freeing a table line,
 * status, limits, and which way each bio goes.
 */
#define DM_MSG_PREFIX "hostcrypt"

#include <linux/blk-integrity.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "cipher.h"
#include "io.h"
#include "keystore.h"
#include "target.h"
#include "trace.h"

/* Free what there is; the line may be half-made. */
static void hc_target_free(struct hc_target *t)
{
	if (t->wait_wq)
		destroy_workqueue(t->wait_wq);
	hc_pages_close(&t->pages);
	free_percpu(t->stats);
	hc_cipher_free(t->cipher);
	hc_keystore_put(t->key);
	if (t->dev)
		dm_put_device(t->ti, t->dev);
	kfree(t);
}

static int hc_target_open_device(struct hc_target *t)
{
	struct dm_target *ti = t->ti;
	struct block_device *bdev;
	int err;

	err = dm_get_device(ti, t->table.device, dm_table_get_mode(ti->table), &t->dev);
	if (err) {
		ti->error = "device: cannot be opened";
		return err;
	}
	bdev = t->dev->bdev;
	if (bdev_is_zoned(bdev)) {
		ti->error = "device: zoned devices are not supported";
		return -EOPNOTSUPP;
	}
	if (bdev_get_integrity(bdev)) {
		ti->error = "device: devices with an integrity profile are not supported";
		return -EOPNOTSUPP;
	}
	if (t->table.offset + ti->len > bdev_nr_sectors(bdev)) {
		ti->error = "device: too small for offset and length";
		return -ENOSPC;
	}
	return 0;
}

static int hc_target_open_cipher(struct hc_target *t)
{
	struct dm_target *ti = t->ti;

	t->key = hc_keystore_get(&t->table.key);
	if (!t->key) {
		ti->error = "key: none is loaded under this UUID; load it first";
		return -ENOKEY;
	}
	t->cipher = hc_cipher_alloc(t->key, t->table.unit, t->table.allow_slow_cipher);
	if (IS_ERR(t->cipher)) {
		int err = PTR_ERR(t->cipher);

		t->cipher = NULL;
		ti->error = err == -ENOENT ? "cipher: no fast XTS-AES; see the kernel log" :
					     "cipher: cannot be set up";
		return err;
	}
	return 0;
}

static int hc_target_open_memory(struct hc_target *t)
{
	int err;

	t->stats = alloc_percpu(struct hc_stats);
	t->wait_wq = alloc_workqueue("hostcrypt_wait/%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
				     dm_table_device_name(t->ti->table));
	err = t->stats && t->wait_wq ? hc_pages_open(&t->pages, &t->stats->n[HC_PAGE_MISSES]) :
				  -ENOMEM;
	if (err)
		t->ti->error = "out of memory";
	return err;
}

static int hc_target_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct hc_target *t;
	int err;

	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t) {
		ti->error = "out of memory";
		return -ENOMEM;
	}
	t->ti = ti;

	err = hc_table_parse(&t->table, ti->begin, ti->len, argc, argv, &ti->error);
	if (err)
		goto out_free;
	err = hc_target_open_device(t) ?:
	      hc_target_open_cipher(t) ?:
	      hc_target_open_memory(t);
	/* It pointed into the arguments. */
	t->table.device = NULL;
	if (err)
		goto out_free;

	ti->private = t;
	ti->per_io_data_size = sizeof(struct hc_io);
	ti->num_flush_bios = 1;
	ti->num_discard_bios = t->table.allow_discards;
	ti->limit_swap_bios = true;
	ti->accounts_remapped_io = true;
	DMINFO("%s: key %pUb, cipher %s, sector size %u", dm_table_device_name(ti->table),
	       &t->table.key, hc_cipher_driver(t->cipher), t->table.unit);
	return 0;

out_free:
	hc_target_free(t);
	return err;
}

static void hc_target_dtr(struct dm_target *ti)
{
	struct hc_target *t = ti->private;

	ti->private = NULL;
	hc_target_free(t);
}

/**
 * hc_target_failed() - note that an I/O has failed
 * @t: the table line
 * @iter: where it was, on the mapped device
 * @op: what it was
 * @status: how it ended
 *
 * One that may not wait and would have to has not failed.
 *
 * Context: any.
 */
void hc_target_failed(const struct hc_target *t, const struct bvec_iter *iter, enum req_op op,
		      blk_status_t status)
{
	if (status == BLK_STS_AGAIN)
		return;
	hc_stat_add(t, HC_ERRORS, 1);
	trace_hostcrypt_error(t, iter, op, status);
}

static int hc_target_kill(const struct hc_target *t, const struct bio *bio)
{
	hc_target_failed(t, &bio->bi_iter, bio_op(bio), BLK_STS_IOERR);
	return DM_MAPIO_KILL;
}

static int hc_target_map(struct dm_target *ti, struct bio *bio)
{
	struct hc_target *t = ti->private;
	sector_t mask = (t->table.unit >> SECTOR_SHIFT) - 1;

	/*
	 * Flushes come empty, and concern what the disk has already answered
	 * for: they pass. So do discards; without allow_discards none come.
	 */
	if (unlikely(bio->bi_opf & REQ_PREFLUSH || bio_op(bio) == REQ_OP_DISCARD))
		return hc_pass_map(t, bio);

	if (unlikely((bio->bi_iter.bi_sector | bio_sectors(bio)) & mask))
		return hc_target_kill(t, bio);
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		return hc_read_map(t, bio);
	case REQ_OP_WRITE:
		return hc_write_map(t, bio);
	default:
		return hc_target_kill(t, bio);
	}
}

static void hc_target_postsuspend(struct dm_target *ti)
{
	struct hc_target *t = ti->private;

	WRITE_ONCE(t->suspended, true);
}

static void hc_target_resume(struct dm_target *ti)
{
	struct hc_target *t = ti->private;

	WRITE_ONCE(t->suspended, false);
}

static u64 hc_stat_sum(const struct hc_target *t, enum hc_stat stat)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(t->stats, cpu)->n[stat]);
	return sum;
}

static void hc_status_info(const struct hc_target *t, char *result, unsigned int maxlen)
{
	static const char * const names[HC_STATS] = {
		[HC_READS] = "reads",
		[HC_READ_BYTES] = "read_bytes",
		[HC_WRITES] = "writes",
		[HC_WRITTEN_BYTES] = "written_bytes",
		[HC_DEFERRED] = "deferred",
		[HC_PAGE_MISSES] = "page_misses",
		[HC_ERRORS] = "errors",
	};
	enum hc_stat stat;
	unsigned int sz = 0;

	DMEMIT("%s cipher:%s sector_size:%u", READ_ONCE(t->suspended) ? "suspended" : "active",
	       hc_cipher_driver(t->cipher), t->table.unit);
	for (stat = 0; stat < HC_STATS; stat++)
		DMEMIT(" %s:%llu", names[stat], hc_stat_sum(t, stat));
}

static void hc_status_table(const struct hc_target *t, char *result, unsigned int maxlen)
{
	const struct hc_table *table = &t->table;
	bool sized = table->unit != SECTOR_SIZE;
	unsigned int options = sized + table->allow_discards + table->allow_slow_cipher;
	unsigned int sz = 0;

	DMEMIT("%pUb %llu %s %llu", &table->key, table->tweak_offset, t->dev->name,
	       (unsigned long long)table->offset);
	if (options)
		DMEMIT(" %u", options);
	if (sized)
		DMEMIT(" sector_size:%u", table->unit);
	if (table->allow_discards)
		DMEMIT(" allow_discards");
	if (table->allow_slow_cipher)
		DMEMIT(" allow_slow_cipher");
}

static void hc_status_ima(const struct hc_target *t, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;

	DMEMIT_TARGET_NAME_VERSION(t->ti->type);
	DMEMIT(",key_uuid=%pUb,cipher=%s,sector_size=%u", &t->table.key,
	       hc_cipher_driver(t->cipher), t->table.unit);
	DMEMIT(",allow_discards=%c,allow_slow_cipher=%c;", t->table.allow_discards ? 'y' : 'n',
	       t->table.allow_slow_cipher ? 'y' : 'n');
}

static void hc_target_status(struct dm_target *ti, status_type_t type, unsigned int flags,
			     char *result, unsigned int maxlen)
{
	switch (type) {
	case STATUSTYPE_INFO:
		hc_status_info(ti->private, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		hc_status_table(ti->private, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		hc_status_ima(ti->private, result, maxlen);
		break;
	}
}

static int hc_target_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn,
				     void *data)
{
	struct hc_target *t = ti->private;

	return fn(ti, t->dev, t->table.offset, ti->len, data);
}

/* Nothing smaller than a data unit can be written, nor be cut in a bio. */
static void hc_target_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct hc_target *t = ti->private;
	unsigned int unit = t->table.unit;

	limits->logical_block_size = max_t(unsigned int, limits->logical_block_size, unit);
	limits->physical_block_size = max_t(unsigned int, limits->physical_block_size, unit);
	limits->io_min = max_t(unsigned int, limits->io_min, unit);
	limits->dma_alignment = max_t(unsigned int, limits->dma_alignment,
				      limits->logical_block_size - 1);
	/* Newer kernels see to it themselves. */
	if (limits->discard_granularity)
		limits->discard_granularity = max_t(unsigned int, limits->discard_granularity,
						    unit);
}

static struct target_type hc_target_type = {
	.name = "hostcrypt",
	.version = { HC_TABLE_MAJOR, HC_TABLE_MINOR, 0 },
	.features = DM_TARGET_NOWAIT,
	.module = THIS_MODULE,
	.ctr = hc_target_ctr,
	.dtr = hc_target_dtr,
	.map = hc_target_map,
	.postsuspend = hc_target_postsuspend,
	.resume = hc_target_resume,
	.status = hc_target_status,
	.iterate_devices = hc_target_iterate_devices,
	.io_hints = hc_target_io_hints,
};

/**
 * hc_target_register() - make the target known to device mapper
 *
 * Return: 0 or a negative error.
 */
int hc_target_register(void)
{
	return dm_register_target(&hc_target_type);
}

/**
 * hc_target_unregister() - undo hc_target_register(); no line is in use
 */
void hc_target_unregister(void)
{
	dm_unregister_target(&hc_target_type);
}
