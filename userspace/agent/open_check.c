// SPDX-License-Identifier: GPL-2.0
#include "agent/open_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define UUID_PREFIX "HOSTCRYPT-"

bool open_check(const char *name)
{
	char path[256], uuid[256] = "";
	struct stat st;
	FILE *file;

	snprintf(path, sizeof(path), "/dev/mapper/%s", name);
	if (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/uuid", major(st.st_rdev),
		 minor(st.st_rdev));
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(uuid, sizeof(uuid), file))
		uuid[0] = '\0';
	fclose(file);
	return strncmp(uuid, UUID_PREFIX, strlen(UUID_PREFIX)) == 0;
}
