/* SPDX-License-Identifier: GPL-2.0 */
/* Whole reads and writes. These return 0 or a negative errno: only the caller
 * knows what to call the file. */
#ifndef HC_BASE_FILE_H
#define HC_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

int hc_write_all(int fd, const void *data, size_t size);
/* -EIO where the file ends early. */
int hc_read_all(int fd, void *data, size_t size);
/* These leave the place of the next read or write alone. */
int hc_pwrite_all(int fd, const void *data, size_t size, uint64_t offset);
int hc_pread_all(int fd, void *data, size_t size, uint64_t offset);

/* Size of a block device or a regular file. */
int hc_fd_bytes(int fd, uint64_t *ret_bytes);

void hc_closep(int *fd);

#define HC_FD __attribute__((cleanup(hc_closep))) int

#endif
