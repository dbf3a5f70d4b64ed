// SPDX-License-Identifier: GPL-2.0
#include "dump/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/reader.h"
#include "dump/target.h"

/* ", which support, main can read" of the dump in @path; "" where it cannot be told. */
static void list_readers(const char *path, char *ret_text, size_t size)
{
	HC_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	struct hc_dump_reader *reader = NULL;
	const struct hc_dump_header *header;
	size_t used = 0;

	ret_text[0] = '\0';
	if (fd < 0 || hc_dump_reader_open(fd, &reader) < 0)
		return;
	header = hc_dump_reader_header(reader);
	for (size_t i = 0; i < header->n_entries && used < size; i++)
		used += (size_t)snprintf(ret_text + used, size - used, "%s%s",
					 i ? ", " : ", which ", header->entries[i].label);
	if (used < size)
		snprintf(ret_text + used, size - used, " can read");
	hc_dump_reader_close(reader);
}

/* Of a folder, here or elsewhere, the state has only the file's name. */
static void name_dump(const struct hc_dump_place *place, const char *text, char *ret_path,
		      size_t size)
{
	if (place->kind == HC_DUMP_TO_BLOCK)
		snprintf(ret_path, size, "%s", text);
	else
		snprintf(ret_path, size, "%s/%s",
			 place->kind == HC_DUMP_TO_FILE ? place->path : place->text, text);
}

static void describe_dump(const struct hc_dump_config *config, struct hc_dump_crash *crash)
{
	char path[PATH_MAX], readers[1024];

	name_dump(&config->target, crash->entry.text, path, sizeof(path));
	list_readers(path, readers, sizeof(readers));
	snprintf(crash->text, sizeof(crash->text), "left the dump %.900s%s", path, readers);
}

/* A part of a dump in a folder of this host is removed by the next load. Elsewhere it
 * stays: it is encrypted, and has the kernel's log at its start. */
static void describe_begun(const struct hc_dump_config *config, struct hc_dump_crash *crash)
{
	static const char died[] = "the capture kernel began and did not come to its end";
	char path[PATH_MAX];

	name_dump(&config->target, crash->entry.text, path, sizeof(path));
	if (!crash->entry.text[0] || config->target.kind == HC_DUMP_TO_FILE ||
	    config->target.kind == HC_DUMP_TO_VOLUME)
		snprintf(crash->text, sizeof(crash->text), "left no dump: %s", died);
	else if (config->target.kind == HC_DUMP_TO_BLOCK)
		snprintf(crash->text, sizeof(crash->text),
			 "left no whole dump: %s; \"hostcrypt dump fetch\" takes what there is from "
			 "%.900s, which can be read as far as it goes",
			 died, path);
	else
		snprintf(crash->text, sizeof(crash->text),
			 "left no whole dump: %s; what had been sent is %.900s.part, which can be "
			 "read as far as it goes",
			 died, path);
}

static void describe(const struct hc_dump_config *config, struct hc_dump_crash *crash)
{
	const char *why = crash->entry.text;

	switch (crash->entry.state) {
	case HC_DUMP_WRITTEN:
		describe_dump(config, crash);
		return;
	case HC_DUMP_ARMED:
		why = "the machine went down without the capture kernel being heard of";
		break;
	case HC_DUMP_STARTED:
		describe_begun(config, crash);
		return;
	default:
		break;
	}
	snprintf(crash->text, sizeof(crash->text), "left no dump: %s", why);
}

bool hc_dump_crash_find(const struct hc_dump_config *config, struct hc_dump_crash *ret_crash)
{
	static struct hc_dump_state_place place;
	static struct hc_dump_state_file state;
	const struct hc_dump_state_entry *entry;
	char boot[40];

	hc_dump_target_state(config, &place);
	if (!place.path[0] || hc_boot_id(boot) < 0 || hc_dump_state_read(&place, &state) < 0)
		return false;
	entry = hc_dump_state_crash(&state, boot);
	if (!entry)
		return false;
	ret_crash->entry = *entry;
	ret_crash->fresh = entry == &state.now;
	describe(config, ret_crash);
	return true;
}

int hc_dump_crash_leave(const struct hc_dump_crash *crash)
{
	FILE *file;

	if (mkdir("/run/hostcrypt", 0700) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, "/run/hostcrypt");
	/* Whole or not at all: the agent may look at any time. */
	file = fopen(HC_DUMP_CRASH_FILE ".new", "we");
	if (!file)
		return hc_fail_errno(errno, HC_DUMP_CRASH_FILE);
	fprintf(file, "the crash of %s %s\n", crash->entry.time, crash->text);
	if (fclose(file) != 0 || rename(HC_DUMP_CRASH_FILE ".new", HC_DUMP_CRASH_FILE) < 0)
		return hc_fail_errno(errno, HC_DUMP_CRASH_FILE);
	return 0;
}
