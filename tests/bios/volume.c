// SPDX-License-Identifier: GPL-2.0
/*
 * The devices under test, and plain I/O on them.
 */
#define pr_fmt(fmt) "hc-bios: " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/vmalloc.h>

#include "volume.h"

/**
 * hb_volume_open() - open a block device
 * @volume: zeroed
 * @path: its node
 *
 * Return: 0 or a negative error.
 */
int hb_volume_open(struct hb_volume *volume, const char *path)
{
	struct file *file = filp_open(path, O_RDWR | O_LARGEFILE, 0);

	if (IS_ERR(file)) {
		pr_err("%s cannot be opened: %ld\n", path, PTR_ERR(file));
		return PTR_ERR(file);
	}
	volume->file = file;
	if (!S_ISBLK(file_inode(file)->i_mode)) {
		pr_err("%s is no block device\n", path);
		return -ENOTBLK;
	}
	volume->bdev = I_BDEV(file->f_mapping->host);
	return 0;
}

/**
 * hb_volume_close() - undo hb_volume_open(), also one that failed
 * @volume: the volume
 */
void hb_volume_close(struct hb_volume *volume)
{
	if (volume->file)
		filp_close(volume->file, NULL);
}

/* One bio's worth; returns how much that was, or a negative error. */
static int hb_volume_rw_some(struct block_device *bdev, blk_opf_t op, sector_t sector, void *data,
			     unsigned int bytes)
{
	unsigned int pages = bio_max_segs(DIV_ROUND_UP(bytes, PAGE_SIZE)), i;
	struct bio *bio = bio_alloc(bdev, pages, op, GFP_KERNEL);
	int err;

	bytes = min_t(unsigned int, bytes, pages * PAGE_SIZE);
	bio->bi_iter.bi_sector = sector;
	for (i = 0; i < pages; i++)
		__bio_add_page(bio, vmalloc_to_page(data + i * PAGE_SIZE),
			       min_t(unsigned int, bytes - i * PAGE_SIZE, PAGE_SIZE), 0);
	err = submit_bio_wait(bio);
	bio_put(bio);
	return err ?: bytes;
}

/**
 * hb_volume_rw() - read or write in whole pages, and wait
 * @bdev: the device
 * @op: REQ_OP_READ or REQ_OP_WRITE
 * @sector: where
 * @data: from vmalloc(), on a page boundary
 * @bytes: how much
 *
 * Return: 0 or a negative error.
 */
int hb_volume_rw(struct block_device *bdev, blk_opf_t op, sector_t sector, void *data,
		 unsigned int bytes)
{
	while (bytes) {
		int done = hb_volume_rw_some(bdev, op, sector, data, bytes);

		if (done < 0)
			return done;
		sector += done >> SECTOR_SHIFT;
		data += done;
		bytes -= done;
	}
	return 0;
}
