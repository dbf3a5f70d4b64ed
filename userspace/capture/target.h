/* SPDX-License-Identifier: GPL-2.0 */
/* The file system that takes the dump. */
#ifndef HC_CAPTURE_TARGET_H
#define HC_CAPTURE_TARGET_H

/* Mount @device on HC_CAPTURE_MOUNT. HC_E_DUMP_TARGET. */
int target_mount(const char *device, const char *type);

/* Everything to the disk, and nothing mounted. */
void target_unmount(void);

/* The line in the file @name of HC_CAPTURE_FOLDER. */
int target_setting(const char *name, char *ret_value, int size);

#endif
