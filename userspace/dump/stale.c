// SPDX-License-Identifier: GPL-2.0
#include "dump/stale.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/arm.h"

static bool changed_since(const char *path, int64_t time)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_mtime > time;
}

const char *hc_dump_stale(const char *path)
{
	struct hc_dump_marker marker;
	char registry[32], file[192];

	if (!hc_dump_marker_read(&marker))
		return "its mark in /run cannot be read";
	if (!hc_dump_registry(registry))
		return "dm-hostcrypt has been unloaded since, so no dump would be taken";
	if (strcmp(registry, marker.registry) != 0)
		return "dm-hostcrypt has been loaded anew since, so no dump would be taken";
	if (changed_since(path, marker.time))
		return "dump.conf has changed since";
	snprintf(file, sizeof(file), "/boot/vmlinuz-%s", marker.release);
	if (changed_since(file, marker.time))
		return "the kernel's file has changed since";
	snprintf(file, sizeof(file), HC_DUMP_IMAGE_FOLDER "/%s.img", marker.release);
	if (changed_since(file, marker.time))
		return "the capture environment was made anew since";
	return NULL;
}
