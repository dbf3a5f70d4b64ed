// SPDX-License-Identifier: GPL-2.0
#include "dump/mount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The kernel writes blanks and backslashes in octal. */
static void unescape(char *text)
{
	char *to = text;
	unsigned code;

	for (; *text; text++) {
		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/root rw" */
static bool parse(const char *line, struct hc_mount *ret_mount)
{
	const char *rest = strstr(line, " - ");

	if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", ret_mount->root,
			    ret_mount->point) != 2 ||
	    sscanf(rest, " - %31s %4095s", ret_mount->type, ret_mount->source) != 2)
		return false;
	unescape(ret_mount->root);
	unescape(ret_mount->point);
	unescape(ret_mount->source);
	return true;
}

static bool is_below(const char *path, const char *point)
{
	size_t length = strlen(point);

	if (strcmp(point, "/") == 0)
		return true;
	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The deepest one, and of those at one place the last. */
int hc_mount_find(const char *path, struct hc_mount *ret_mount)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	static struct hc_mount mount;

	if (!file)
		return hc_fail_errno(errno, "/proc/self/mountinfo");
	while (getline(&line, &room, file) > 0)
		if (parse(line, &mount) && is_below(path, mount.point) &&
		    (!found || strlen(mount.point) >= strlen(ret_mount->point))) {
			*ret_mount = mount;
			found = true;
		}
	free(line);
	fclose(file);
	return found ? 0 : hc_fail(HC_E_DUMP_TARGET, "%s: on no file system", path);
}

int hc_mount_of(const char *device, struct hc_mount *ret_mount)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!file)
		return hc_fail_errno(errno, "/proc/self/mountinfo");
	while (!found && getline(&line, &room, file) > 0)
		found = parse(line, ret_mount) && strcmp(ret_mount->root, "/") == 0 &&
			strcmp(ret_mount->source, device) == 0;
	free(line);
	fclose(file);
	return found ? 0 : hc_fail(HC_E_DUMP_TARGET, "%s is not mounted", device);
}
