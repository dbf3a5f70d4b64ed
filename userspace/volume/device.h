/* SPDX-License-Identifier: GPL-2.0 */
/* Block devices: what one is, who uses it, what lies on it. */
#ifndef HC_VOLUME_DEVICE_H
#define HC_VOLUME_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct hc_device {
	dev_t number;
	uint64_t bytes;
	unsigned block_size; /* logical, in bytes */
	bool readonly;
};

#define HC_DEVICE_FOUND 128
#define HC_DEVICE_USERS 256

/* HC_E_DEVICE_MISSING, HC_E_DEVICE_UNFIT for what is no block device or of a
 * kind that dm-hostcrypt does not support (zoned, with integrity metadata). */
int hc_device_look(const char *path, struct hc_device *ret_device);

/*
 * HC_E_DEVICE_BUSY, with who it is, when the device is mounted, swapped to,
 * held by another device or opened exclusively. @strict: also when any process
 * has it open (a virtual machine that runs on it, say).
 */
int hc_device_check_unused(const char *path, bool strict);

/* Who uses a device: "mounted on /srv; used by /dev/mapper/x; open in
 * qemu (4711)"; "" when nobody is known. */
void hc_device_users(dev_t number, bool with_processes, char *ret_users, size_t size);

/* The path of a device: /dev/mapper/NAME or /dev/NAME. */
void hc_device_path(dev_t number, char *ret_path, size_t size);

/* What libblkid finds on it: "ext4 file system, gpt partition table"; "" for
 * nothing. */
int hc_device_signature(const char *path, char ret_found[HC_DEVICE_FOUND]);

/* Remove all that hc_device_signature() finds, zero the first @front bytes and
 * make the kernel forget partitions. */
int hc_device_wipe(const char *path, uint64_t front);

#endif
