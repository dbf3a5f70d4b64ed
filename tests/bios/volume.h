/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HB_VOLUME_H
#define HB_VOLUME_H

#include <linux/blk_types.h>

struct file;

/* A block device held open. */
struct hb_volume {
	struct file *file;
	struct block_device *bdev;
};

int hb_volume_open(struct hb_volume *volume, const char *path);
void hb_volume_close(struct hb_volume *volume);
int hb_volume_rw(struct block_device *bdev, blk_opf_t op, sector_t sector, void *data,
		 unsigned int bytes);

#endif
