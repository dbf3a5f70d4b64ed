/* SPDX-License-Identifier: GPL-2.0 */
/* File systems, partition tables, LUKS and LVM on a device, through libblkid. */
#ifndef HC_VOLUME_SIGNATURE_H
#define HC_VOLUME_SIGNATURE_H

#include <stddef.h>

/* "ext4 file system, gpt partition table"; "" for nothing. @path for messages. */
int hc_signature_find(int fd, const char *path, char *ret_found, size_t size);

/* Remove all of them. @fd must be open for writing. */
int hc_signature_wipe(int fd, const char *path);

#endif
