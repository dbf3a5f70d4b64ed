// SPDX-License-Identifier: GPL-2.0
#include "base/voltab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <blkid/blkid.h>

#include "base/error.h"

#define NAME_LIMIT 48
#define LINE_LIMIT 8192
#define BLANK " \t\r\n"
#define UUID_TAG "UUID="

struct reader {
	const char *path;
	struct hc_voltab table;
	unsigned line;
};

#define FAIL(reader, format, ...)                                                                  \
	hc_fail(HC_E_CONFIG, "%s:%u: " format, (reader)->path, (reader)->line, ##__VA_ARGS__)

bool hc_volume_name_valid(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= NAME_LIMIT && name[0] != '.' && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_.") == length;
}

static bool uuid_valid(const char *text)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return text[36] == '\0';
}

static bool device_valid(const char *device)
{
	if (strncmp(device, UUID_TAG, strlen(UUID_TAG)) == 0)
		return uuid_valid(device + strlen(UUID_TAG));
	return device[0] == '/';
}

void hc_voltab_entry_free(struct hc_voltab_entry *entry)
{
	free(entry->name);
	free(entry->device);
	free(entry->provider);
	free(entry->header);
	*entry = (struct hc_voltab_entry){ 0 };
}

static int copy(char **field, const char *text)
{
	free(*field);
	*field = strdup(text);
	return *field ? 0 : hc_fail(HC_E_MEMORY, "out of memory");
}

static int parse_option(const struct reader *reader, struct hc_voltab_entry *entry,
			const char *option)
{
	static const char header[] = "header=";
	bool *flag = NULL;

	if (strncmp(option, header, strlen(header)) == 0) {
		const char *path = option + strlen(header);

		if (entry->header)
			return FAIL(reader, "option \"header\" is given twice");
		if (*path != '/')
			return FAIL(reader, "header=%s is no absolute path; start it with /", path);
		return copy(&entry->header, path);
	}
	if (strcmp(option, "discard") == 0)
		flag = &entry->discard;
	else if (strcmp(option, "noauto") == 0)
		flag = &entry->noauto;
	else if (strcmp(option, "allow-slow-cipher") == 0)
		flag = &entry->allow_slow_cipher;
	else
		return FAIL(reader,
			    "unknown option \"%s\"; there are header=PATH, discard, noauto and "
			    "allow-slow-cipher",
			    option);
	if (*flag)
		return FAIL(reader, "option \"%s\" is given twice", option);
	*flag = true;
	return 0;
}

static int parse_options(const struct reader *reader, struct hc_voltab_entry *entry, char *text)
{
	if (strcmp(text, "-") == 0)
		return 0;
	while (text) {
		int r = parse_option(reader, entry, strsep(&text, ","));

		if (r < 0)
			return r;
	}
	return 0;
}

/* Neither a name nor a device may stand for two volumes. */
static int check_unique(const struct reader *reader, const struct hc_voltab_entry *entry)
{
	for (size_t i = 0; i < reader->table.n_entries; i++) {
		const struct hc_voltab_entry *other = &reader->table.entries[i];

		if (strcmp(other->name, entry->name) == 0)
			return FAIL(reader, "a second volume \"%s\" (first in line %u)",
				    entry->name, other->line);
		if (strcmp(other->device, entry->device) == 0)
			return FAIL(reader, "%s is already volume \"%s\" (line %u)", entry->device,
				    other->name, other->line);
	}
	return 0;
}

/* Take @text apart. Fields: name, device, provider, options; two at least. */
static int parse_fields(const struct reader *reader, struct hc_voltab_entry *entry, char *text)
{
	char *save;
	char *name = strtok_r(text, BLANK, &save);
	char *device = strtok_r(NULL, BLANK, &save);
	char *provider = strtok_r(NULL, BLANK, &save);
	char *options = strtok_r(NULL, BLANK, &save);
	char *more = strtok_r(NULL, BLANK, &save);
	int r;

	if (!hc_volume_name_valid(name))
		return FAIL(
			reader,
			"\"%s\" is no name for a volume: it takes letters, digits, \"-\", \"_\" "
			"and \".\", %d at most, the first a letter, a digit or \"_\"",
			name, NAME_LIMIT);
	if (!device)
		return FAIL(reader,
			    "volume \"%s\" has no device; a line is NAME DEVICE [PROVIDER "
			    "[OPTIONS]]",
			    name);
	if (!device_valid(device))
		return FAIL(reader,
			    "\"%s\" is no device; write a path that starts with / or "
			    "UUID= and the UUID of the volume",
			    device);
	if (more)
		return FAIL(reader,
			    "\"%s\" is a field too many; options are separated by commas "
			    "without blanks",
			    more);
	r = copy(&entry->name, name);
	if (r == 0)
		r = copy(&entry->device, device);
	if (r == 0 && provider && strcmp(provider, "-") != 0) {
		if (!hc_volume_name_valid(provider))
			return FAIL(reader,
				    "\"%s\" is no name of a provider; \"-\" takes the one "
				    "that the volume names",
				    provider);
		r = copy(&entry->provider, provider);
	}
	if (r == 0 && options)
		r = parse_options(reader, entry, options);
	return r;
}

static int parse_line(struct reader *reader, char *text)
{
	struct hc_voltab *table = &reader->table;
	struct hc_voltab_entry entry = { .line = reader->line };
	struct hc_voltab_entry *entries;
	int r;

	text += strspn(text, BLANK);
	if (*text == '\0' || *text == '#')
		return 0;
	if (strlen(text) > LINE_LIMIT)
		return FAIL(reader, "the line is longer than %d characters", LINE_LIMIT);
	r = parse_fields(reader, &entry, text);
	if (r == 0)
		r = check_unique(reader, &entry);
	if (r == 0) {
		entries = reallocarray(table->entries, table->n_entries + 1, sizeof(*entries));
		if (entries) {
			table->entries = entries;
			entries[table->n_entries++] = entry;
			return 0;
		}
		r = hc_fail(HC_E_MEMORY, "out of memory");
	}
	hc_voltab_entry_free(&entry);
	return r;
}

/* Parse all lines; stop at the first bad one unless @on_bad wants it. */
static int parse_file(struct reader *reader, FILE *file, hc_voltab_on_bad on_bad, void *userdata)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	int r = 0;

	while (r == 0 && (length = getline(&text, &size, file)) >= 0) {
		reader->line++;
		if (strlen(text) != (size_t)length)
			r = FAIL(reader, "the line holds a NUL");
		else
			r = parse_line(reader, text);
		if (r == HC_E_CONFIG && on_bad) {
			on_bad(userdata, hc_error_message());
			r = 0;
		}
	}
	if (r == 0 && ferror(file))
		r = hc_fail(HC_E_CONFIG, "%s: %s", reader->path, strerror(errno));
	free(text);
	return r;
}

int hc_voltab_load_good(const char *path, hc_voltab_on_bad on_bad, void *userdata,
			struct hc_voltab *ret_table)
{
	struct reader reader = { .path = path };
	FILE *file = fopen(path, "re");
	int r;

	if (!file && errno == ENOENT) {
		*ret_table = (struct hc_voltab){ 0 };
		return 0;
	}
	if (!file)
		return hc_fail(HC_E_CONFIG, "%s: %s", path, strerror(errno));
	r = parse_file(&reader, file, on_bad, userdata);
	fclose(file);
	if (r < 0)
		hc_voltab_free(&reader.table);
	else
		*ret_table = reader.table;
	return r;
}

int hc_voltab_load(const char *path, struct hc_voltab *ret_table)
{
	return hc_voltab_load_good(path, NULL, NULL, ret_table);
}

void hc_voltab_free(struct hc_voltab *table)
{
	for (size_t i = 0; i < table->n_entries; i++)
		hc_voltab_entry_free(&table->entries[i]);
	free(table->entries);
	*table = (struct hc_voltab){ 0 };
}

const struct hc_voltab_entry *hc_voltab_find(const struct hc_voltab *table, const char *name)
{
	for (size_t i = 0; i < table->n_entries; i++)
		if (strcmp(table->entries[i].name, name) == 0)
			return &table->entries[i];
	return NULL;
}

int hc_voltab_resolve(const char *device, char **ret_path)
{
	struct stat st;
	char *path;

	if (strncmp(device, UUID_TAG, strlen(UUID_TAG)) == 0) {
		path = blkid_evaluate_tag("UUID", device + strlen(UUID_TAG), NULL);
		if (!path)
			return hc_fail(HC_E_DEVICE_MISSING,
				       "no device carries a header with %s; look with \"blkid\"",
				       device);
		*ret_path = path;
		return 0;
	}
	if (stat(device, &st) < 0)
		return hc_fail(HC_E_DEVICE_MISSING, "%s: %s", device, strerror(errno));
	path = strdup(device);
	if (!path)
		return hc_fail(HC_E_MEMORY, "out of memory");
	*ret_path = path;
	return 0;
}
