// SPDX-License-Identifier: GPL-2.0
#include "dump/stale.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "dump/arm.h"
#include "dump/image.h"

static char sentence[1200];

static bool changed_since(const char *path, int64_t time)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_mtime > time;
}

/* The first file of @list that is not in @other as it is, without its folder; "" for none. */
static void find_other(const char *list, const char *other, char *ret_name, size_t size)
{
	ret_name[0] = '\0';
	while (*list) {
		size_t length = strcspn(list, "\n") + 1;
		char line[512];

		snprintf(line, sizeof(line), "%.*s", (int)length, list);
		if (!strstr(other, line)) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(ret_name, size, "%s", strrchr(line, '/') + 1);
			return;
		}
		list += length;
	}
}

/* What the loaded one was told, and what it would be told now. */
static const char *compare_told(const struct hc_dump_marker *marker, const struct hc_dump_plan *now)
{
	char name[300];

	find_other(now->told, marker->told, name, sizeof(name));
	if (!name[0])
		find_other(marker->told, now->told, name, sizeof(name));
	if (!name[0])
		return NULL;
	snprintf(sentence, sizeof(sentence),
		 "what the capture kernel is to know has changed since (%s)", name);
	return sentence;
}

static const char *judge_files(const struct hc_dump_marker *marker, const struct hc_dump_plan *now)
{
	static struct hc_dump_image image;
	char path[192];

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", marker->release);
	if (changed_since(path, marker->time))
		return "the kernel's file has changed since";
	snprintf(path, sizeof(path), HC_DUMP_IMAGE_FOLDER "/%s.img", marker->release);
	if (changed_since(path, marker->time))
		return "the capture environment was made anew since";
	if (!hc_dump_image_current(&now->config, marker->release, &now->target, &image))
		return "the capture environment is not of now";
	return NULL;
}

const char *hc_dump_stale(const char *path, const char *providers_path)
{
	static struct hc_dump_marker marker;
	HC_DUMP_PLAN now = { 0 };
	const char *why;
	char registry[32];

	if (!hc_dump_marker_read(&marker))
		return "its mark in /run cannot be read";
	if (!hc_dump_registry(registry))
		return "dm-hostcrypt has been unloaded since, so no dump would be taken";
	if (strcmp(registry, marker.registry) != 0)
		return "dm-hostcrypt has been loaded anew since, so no dump would be taken";
	if (hc_dump_plan_look(path, providers_path, &now) < 0) {
		snprintf(sentence, sizeof(sentence), "%s", hc_error_message());
		return sentence;
	}
	why = compare_told(&marker, &now);
	return why ? why : judge_files(&marker, &now);
}
