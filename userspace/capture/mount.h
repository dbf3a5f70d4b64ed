/* SPDX-License-Identifier: GPL-2.0 */
/* The disks that the overlay names (HC_CAPTURE_DISKS). */
#ifndef HC_CAPTURE_MOUNT_H
#define HC_CAPTURE_MOUNT_H

/* Mount what belongs on @point. HC_E_DUMP_TARGET. */
int mount_at(const char *point);

/* Mount @device there. */
int mount_device(const char *device, const char *type, const char *point);

/* Everything to the disks, and nothing mounted. */
void mount_end(void);

#endif
