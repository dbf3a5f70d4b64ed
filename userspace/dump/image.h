/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The capture kernel's initial RAM disk, made by Debian's mkinitramfs with our own
 * hook and boot script. It holds programs and modules, nothing of the host's
 * settings, so that it is made again only when those change.
 */
#ifndef HC_DUMP_IMAGE_H
#define HC_DUMP_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "dump/config.h"
#include "dump/target.h"

#define HC_MKINITRAMFS "/usr/sbin/mkinitramfs"
#define HC_DUMP_IMAGE_FOLDER "/var/lib/hostcrypt/dump"

struct hc_dump_image {
	char path[PATH_MAX];
	uint64_t size, unpacked;
};

/* Where the image for the kernel @release is; true when it is there and made of
 * what is there now. @target may be NULL where @config asks for all modules. */
bool hc_dump_image_current(const struct hc_dump_config *config, const char *release,
			   const struct hc_dump_target *target, struct hc_dump_image *ret_image);

/* Make it. HC_E_DUMP_IMAGE. */
int hc_dump_image_make(const struct hc_dump_config *config, const char *release,
		       const struct hc_dump_target *target, struct hc_dump_image *ret_image);

/* The file of our module for the kernel @release. HC_E_DUMP_IMAGE where there is none. */
int hc_dump_image_module(const char *release, char *ret_path, size_t size);

#endif
