// SPDX-License-Identifier: GPL-2.0
#include "dump/list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/mark.h"
#include "dump/part.h"
#include "dump/reader.h"
#include "dump/replace.h"
#include "dump/state.h"

static void take_problem(struct hc_dump_found *found, const char *why)
{
	snprintf(found->problem, sizeof(found->problem), "%s", why);
}

static int read_header(int fd, struct hc_dump_found *found)
{
	struct hc_dump_reader *reader = NULL;
	int r = hc_dump_reader_open(fd, &reader);

	if (r < 0)
		return r;
	found->header = malloc(sizeof(*found->header));
	if (found->header)
		*found->header = *hc_dump_reader_header(reader);
	else
		r = hc_fail(HC_E_MEMORY, "no memory for the dump's header");
	hc_dump_reader_close(reader);
	return r;
}

/* @room and @more are as for hc_dump_shape(). */
static void look(int fd, uint64_t room, bool more, struct hc_dump_found *found)
{
	int r;

	if (read_header(fd, found) < 0) {
		take_problem(found, hc_error_message());
		return;
	}
	r = hc_dump_shape(fd, room, more, &found->shape, &found->bytes);
	if (r == 0)
		return;
	free(found->header);
	found->header = NULL;
	take_problem(found, strerror(-r));
}

/* Opened so that no pipe or device of that name keeps us waiting. */
static void look_at_file(int folder, struct hc_dump_found *found)
{
	HC_FD fd = openat(folder, found->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		take_problem(found, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		take_problem(found, "a folder");
	} else if (!S_ISREG(st.st_mode)) {
		take_problem(found, "no file");
	} else if (hc_dump_name_ends(found->name, HC_DUMP_OLD_SUFFIX)) {
		take_problem(found, "the old header of a dump whose rewrap was interrupted; the "
				    "next rewrap puts that right");
	} else {
		found->part = hc_dump_name_ends(found->name, HC_DUMP_PART_SUFFIX);
		look(fd, (uint64_t)st.st_size, false, found);
		/* What is not whole takes its room, too. */
		found->bytes = (uint64_t)st.st_size;
	}
}

static struct hc_dump_found *add(struct hc_dump_list *list, const char *name)
{
	struct hc_dump_found *all =
		reallocarray(list->all, list->n + 1, sizeof(*list->all));

	if (!all)
		return NULL;
	list->all = all;
	all[list->n] = (struct hc_dump_found){ 0 };
	snprintf(all[list->n].name, sizeof(all[list->n].name), "%s", name);
	return &all[list->n++];
}

/* What is always there, in a folder that is in use for dumps. */
static bool is_furniture(const char *name)
{
	static const char *const names[] = { ".", "..", "lost+found", HC_DUMP_STATE_FILE };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int list_folder(const char *path, struct hc_dump_list *list)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!folder)
		return hc_fail_errno(errno, "cannot open %s", path);
	while (r == 0 && (errno = 0, entry = readdir(folder))) {
		struct hc_dump_found *found;

		if (is_furniture(entry->d_name))
			continue;
		found = add(list, entry->d_name);
		if (found)
			look_at_file(dirfd(folder), found);
		else
			r = hc_fail(HC_E_MEMORY, "no memory for a list of dumps");
	}
	if (r == 0 && errno)
		r = hc_fail_errno(errno, "cannot read %s", path);
	closedir(folder);
	return r;
}

static int list_device(const char *path, struct hc_dump_list *list)
{
	static struct hc_dump_mark mark;
	struct hc_dump_found *found;
	HC_FD fd = -1;
	int r = hc_dump_mark_read(path, &mark);

	if (r < 0 || !mark.occupied)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", path);
	found = add(list, basename(path));
	if (!found)
		return hc_fail(HC_E_MEMORY, "no memory for a list of dumps");
	look(fd, mark.room, true, found);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct hc_dump_found *one = a, *other = b;
	int order = !one->header - !other->header;

	if (order == 0 && one->header)
		order = strcmp(one->header->info.time, other->header->info.time);
	return order ? order : strcmp(one->name, other->name);
}

int hc_dump_list(const char *path, struct hc_dump_list *ret_list)
{
	HC_DUMP_LIST list = { 0 };
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return hc_fail_errno(errno, "cannot open %s", path);
	if (S_ISDIR(st.st_mode))
		r = list_folder(path, &list);
	else if (S_ISBLK(st.st_mode))
		r = list_device(path, &list);
	else
		r = hc_fail(HC_E_USAGE, "%s is no folder; \"dump describe\" says what a file is",
			    path);
	if (r < 0)
		return r;
	if (list.n)
		qsort(list.all, list.n, sizeof(*list.all), compare);
	*ret_list = list;
	list = (struct hc_dump_list){ 0 };
	return 0;
}

void hc_dump_list_free(struct hc_dump_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->all[i].header);
	free(list->all);
	*list = (struct hc_dump_list){ 0 };
}
