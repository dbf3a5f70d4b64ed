/* SPDX-License-Identifier: GPL-2.0 */
/* An archive in cpio's "newc" form, as the kernel unpacks it, written to a file
 * descriptor, and a list of what is in it. 0 or a negative errno. */
#ifndef HC_DUMP_CPIO_H
#define HC_DUMP_CPIO_H

#include <stddef.h>
#include <stdio.h>

struct hc_cpio {
	int fd;	    /* -1: only the list is wanted */
	FILE *list; /* a line "SHA-256 NAME" for each file; NULL: not wanted */
	unsigned entries;
	size_t written;
};

/* Folders come before what is in them; @name without a slash at its start. */
int hc_cpio_folder(struct hc_cpio *cpio, const char *name);
int hc_cpio_file(struct hc_cpio *cpio, const char *name, const void *data, size_t size);
int hc_cpio_end(struct hc_cpio *cpio);

#endif
