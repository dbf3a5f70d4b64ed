// SPDX-License-Identifier: GPL-2.0
#include "kernel/kdump.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

#define CRASH_LOADED_FILE "/sys/kernel/kexec_crash_loaded"

static bool crash_loaded(const char *root)
{
	char path[4096], loaded = '0';
	HC_FD fd = -1;

	snprintf(path, sizeof(path), "%s%s", root, CRASH_LOADED_FILE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &loaded, 1) == 1 && loaded == '1';
}

enum hc_kdump hc_kdump_state(const char *root)
{
	char path[4096];

	if (!crash_loaded(root))
		return HC_KDUMP_OFF;
	snprintf(path, sizeof(path), "%s%s", root, HC_KDUMP_LOADED_FILE);
	return access(path, F_OK) == 0 ? HC_KDUMP_ENCRYPTED : HC_KDUMP_CLEAR;
}
