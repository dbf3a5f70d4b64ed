// SPDX-License-Identifier: GPL-2.0
#include "dump/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define BLOCK 4096
#define TITLE "hostcrypt dump state 1"

static const char *const words[] = {
#define X(name, word) [HC_DUMP_##name] = (word),
	HC_DUMP_STATES(X)
#undef X
};

const char *hc_dump_state_word(enum hc_dump_state state)
{
	return words[state];
}

static enum hc_dump_state from_word(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return (enum hc_dump_state)i;
	return HC_DUMP_NONE;
}

/* The next line of @at, cut to @size; "" behind the end. */
static void take_line(const char **at, char *ret_line, size_t size)
{
	size_t length = strcspn(*at, "\n");

	snprintf(ret_line, size, "%.*s", (int)length, *at);
	*at += length;
	if (**at)
		(*at)++;
}

static void take_entry(const char **at, struct hc_dump_state_entry *entry)
{
	char word[16];

	take_line(at, word, sizeof(word));
	entry->state = from_word(word);
	take_line(at, entry->boot, sizeof(entry->boot));
	take_line(at, entry->time, sizeof(entry->time));
	take_line(at, entry->text, sizeof(entry->text));
}

void hc_dump_state_in(const char *directory, struct hc_dump_state_place *ret_place)
{
	*ret_place = (struct hc_dump_state_place){ .title = TITLE };
	snprintf(ret_place->path, sizeof(ret_place->path), "%s/" HC_DUMP_STATE_FILE, directory);
}

int hc_dump_state_read(const struct hc_dump_state_place *place,
		       struct hc_dump_state_file *ret_file)
{
	struct hc_dump_state_file file = { 0 };
	char block[BLOCK + 1] = "", title[80];
	const char *at = block;
	HC_FD fd = -1;
	ssize_t n;

	fd = open(place->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return hc_fail_errno(errno, "%s", place->path);
	n = fd < 0 ? 0 : pread(fd, block, BLOCK, (off_t)place->offset);
	if (n < 0)
		return hc_fail_errno(errno, "%s", place->path);
	take_line(&at, title, sizeof(title));
	if (strcmp(title, place->title) == 0) {
		take_entry(&at, &file.now);
		take_entry(&at, &file.last);
	}
	*ret_file = file;
	return 0;
}

/* Texts stand in one line each. */
static void put_line(char **at, const char *end, const char *text)
{
	while (*text && *at < end) {
		*(*at)++ = *text == '\n' ? ' ' : *text;
		text++;
	}
	if (*at < end)
		*(*at)++ = '\n';
}

static void put_entry(char **at, const char *end, const struct hc_dump_state_entry *entry)
{
	put_line(at, end, words[entry->state]);
	put_line(at, end, entry->boot);
	put_line(at, end, entry->time);
	put_line(at, end, entry->text);
}

int hc_dump_state_write(const struct hc_dump_state_place *place,
			const struct hc_dump_state_file *file)
{
	char block[BLOCK];
	char *at = block;
	HC_FD fd = -1;
	int r;

	if (!place->path[0])
		return 0;
	memset(block, '\n', sizeof(block));
	put_line(&at, block + BLOCK, place->title);
	put_entry(&at, block + BLOCK, &file->now);
	put_entry(&at, block + BLOCK, &file->last);
	fd = open(place->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hc_fail_errno(errno, "%s", place->path);
	r = hc_pwrite_all(fd, block, sizeof(block), place->offset);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r < 0 ? hc_fail_errno(-r, "%s", place->path) : 0;
}

void hc_dump_state_set(struct hc_dump_state_entry *entry, enum hc_dump_state state,
		       const char *text)
{
	time_t now = time(NULL);
	struct tm tm;

	entry->state = state;
	gmtime_r(&now, &tm);
	strftime(entry->time, sizeof(entry->time), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(entry->text, sizeof(entry->text), "%s", text ? text : "");
}

const struct hc_dump_state_entry *hc_dump_state_crash(const struct hc_dump_state_file *file,
						      const char *boot)
{
	enum hc_dump_state state = file->now.state;

	if (state == HC_DUMP_STARTED || state == HC_DUMP_FAILED || state == HC_DUMP_WRITTEN ||
	    (state == HC_DUMP_ARMED && strcmp(file->now.boot, boot) != 0))
		return &file->now;
	return file->last.state != HC_DUMP_NONE ? &file->last : NULL;
}

void hc_dump_state_arm(struct hc_dump_state_file *file, const char *boot)
{
	const struct hc_dump_state_entry *crash = hc_dump_state_crash(file, boot);

	if (crash && crash != &file->last)
		file->last = *crash;
	snprintf(file->now.boot, sizeof(file->now.boot), "%s", boot);
	hc_dump_state_set(&file->now, HC_DUMP_ARMED, NULL);
}

int hc_boot_id(char ret_boot[40])
{
	HC_FD fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	ssize_t n = fd < 0 ? -1 : read(fd, ret_boot, 36);

	if (n != 36)
		return hc_fail(HC_E_SYSTEM, "the kernel does not tell this boot's id");
	ret_boot[36] = '\0';
	return 0;
}
