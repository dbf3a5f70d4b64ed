/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An output file that only its owner reads and that is there when all of it is: until
 * then it has no name, or on file systems that cannot do that (NFS, FAT), another one.
 */
#ifndef HC_CMD_NEW_FILE_H
#define HC_CMD_NEW_FILE_H

#include <limits.h>

struct cmd_new_file {
	int fd;
	const char *path;
	char part[PATH_MAX]; /* the other name, or "" */
};

/* HC_E_USAGE where @path is there already. One at a time. */
int cmd_new_file_open(const char *path, struct cmd_new_file *ret_file);

/* Bring it to the disk under its name, where nothing is written over. */
int cmd_new_file_keep(struct cmd_new_file *file);

/* Close it; what was not kept is gone. */
void cmd_new_file_close(struct cmd_new_file *file);

#endif
