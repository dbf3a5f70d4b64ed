// SPDX-License-Identifier: GPL-2.0
#include "capture/setting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dump/environment.h"

int setting_read(const char *name, char *ret_value, int size)
{
	char path[256];
	FILE *file;
	char *got;

	snprintf(path, sizeof(path), HC_CAPTURE_FOLDER "/%s", name);
	file = fopen(path, "re");
	if (!file)
		return hc_fail_errno(errno, "%s", path);
	got = fgets(ret_value, size, file);
	fclose(file);
	if (!got)
		return hc_fail(HC_E_SYSTEM, "%s is empty", path);
	ret_value[strcspn(ret_value, "\n")] = '\0';
	return 0;
}
