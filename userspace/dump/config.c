// SPDX-License-Identifier: GPL-2.0
#include "dump/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "base/error.h"
#include "base/voltab.h"

#define LINE_LIMIT 2048
#define TARGET_FILE "file:"

enum setting_kind {
	KIND_PATH,
	KIND_TEXT,
	KIND_TARGET,
	KIND_MODULES,
};

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset; /* in the section's struct */
};

static const struct setting dump_settings[] = {
#define FIELD(member) offsetof(struct hc_dump_config, member)
	{ "target", KIND_TARGET, FIELD(directory) },
	{ "modules", KIND_MODULES, FIELD(all_modules) },
	{ "makedumpfile", KIND_PATH, FIELD(makedumpfile) },
#undef FIELD
};

static const struct setting recipient_settings[] = {
#define FIELD(member) offsetof(struct hc_dump_recipient_config, member)
	{ "public-key", KIND_PATH, FIELD(public_key) },
	{ "provider", KIND_TEXT, FIELD(provider) },
	{ "endpoint", KIND_TEXT, FIELD(endpoint) },
	{ "private-id", KIND_TEXT, FIELD(private_id) },
	{ "public-id", KIND_TEXT, FIELD(public_id) },
#undef FIELD
};

#define SETTINGS_MAX 5

/* Where a section and its settings were said, for messages; 0: not said. */
struct lines {
	unsigned section;
	unsigned setting[SETTINGS_MAX];
};

enum section {
	SECTION_NONE,
	SECTION_DUMP,
	SECTION_RECIPIENT,
};

struct reader {
	const char *path;
	FILE *file;
	struct hc_dump_config *config;
	enum section section;
	struct lines dump;
	struct lines *recipients;
	unsigned line;
	int error; /* the first one */
};

/* Record an error unless one was found before: the first one is told. */
#define FAIL_CODE(reader, code, ...)                                                               \
	do {                                                                                       \
		if ((reader)->error == 0)                                                          \
			(reader)->error = hc_fail(code, __VA_ARGS__);                              \
	} while (0)
#define FAIL(reader, line, format, ...)                                                            \
	FAIL_CODE(reader, HC_E_CONFIG, "%s:%u: " format, (reader)->path, line, ##__VA_ARGS__)

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		end--;
	*end = '\0';
	return text;
}

static void add_recipient(struct reader *reader, const char *name)
{
	struct hc_dump_config *config = reader->config;
	size_t n = config->n_recipients;
	struct hc_dump_recipient_config *recipients;
	struct lines *lines;

	for (size_t i = 0; i < n; i++)
		if (strcmp(config->recipients[i].name, name) == 0) {
			FAIL(reader, reader->line,
			     "recipient \"%s\" is described a second time (first in line %u)", name,
			     reader->recipients[i].section);
			return;
		}
	recipients = reallocarray(config->recipients, n + 1, sizeof(*recipients));
	if (recipients)
		config->recipients = recipients;
	lines = reallocarray(reader->recipients, n + 1, sizeof(*lines));
	if (lines)
		reader->recipients = lines;
	if (!recipients || !lines) {
		FAIL_CODE(reader, HC_E_MEMORY, "out of memory");
		return;
	}
	recipients[n] = (struct hc_dump_recipient_config){ 0 };
	snprintf(recipients[n].name, sizeof(recipients[n].name), "%s", name);
	lines[n] = (struct lines){ .section = reader->line };
	config->n_recipients = n + 1;
}

/* @text is what follows "[". */
static void begin_section(struct reader *reader, char *text)
{
	char *end = strchr(text, ']');
	char *kind, *name;

	if (!end) {
		FAIL(reader, reader->line, "\"]\" is missing");
		return;
	}
	*end = '\0';
	kind = strtok_r(text, " \t", &name);
	name = name ? trim(name) : NULL;
	if (kind && strcmp(kind, "recipient") == 0) {
		reader->section = SECTION_RECIPIENT;
		if (!name || !hc_volume_name_valid(name))
			FAIL(reader, reader->line,
			     "\"%s\" is no name for a recipient: it takes letters, digits, \"-\", "
			     "\"_\" and \".\", 48 at most, as in [recipient support]",
			     name ? name : "");
		else
			add_recipient(reader, name);
	} else if (kind && strcmp(kind, "dump") == 0 && (!name || !*name)) {
		reader->section = SECTION_DUMP;
		if (reader->dump.section)
			FAIL(reader, reader->line, "a second [dump] (first in line %u)",
			     reader->dump.section);
		reader->dump.section = reader->line;
	} else {
		reader->section = SECTION_NONE;
		FAIL(reader, reader->line,
		     "unknown section [%s%s%s]; there are [dump] and [recipient NAME]",
		     kind ? kind : "", name && *name ? " " : "", name ? name : "");
	}
}

/* inih tells neither the line nor an empty section, and wraps long lines without
 * a word: each line is looked at on its way in. */
static char *read_line(char *buffer, int size, void *userdata)
{
	struct reader *reader = userdata;
	char copy[LINE_LIMIT + 1];
	char *start;

	if (reader->error || !fgets(buffer, size, reader->file))
		return NULL;
	reader->line++;
	if (!strchr(buffer, '\n') && !feof(reader->file)) {
		FAIL(reader, reader->line, "the line is longer than %d characters or holds a NUL",
		     LINE_LIMIT - 2);
		return NULL;
	}
	snprintf(copy, sizeof(copy), "%s", buffer);
	start = trim(copy);
	if (*start == '[')
		begin_section(reader, start + 1);
	return buffer;
}

static void set_text(struct reader *reader, char **field, const char *value)
{
	free(*field);
	*field = strdup(value);
	if (!*field)
		FAIL_CODE(reader, HC_E_MEMORY, "out of memory");
}

static void set_path(struct reader *reader, const char *name, char **field, const char *value)
{
	if (*value != '/')
		FAIL(reader, reader->line, "%s = %s is no absolute path; start it with /", name,
		     value);
	else
		set_text(reader, field, value);
}

static void set_target(struct reader *reader, char **field, const char *value)
{
	if (strncmp(value, TARGET_FILE, strlen(TARGET_FILE)) == 0)
		set_path(reader, "target", field, value + strlen(TARGET_FILE));
	else
		FAIL(reader, reader->line,
		     "target = %s is of no kind that dumps are written to; write file: and the "
		     "path of a folder, as in file:/var/crash",
		     value);
}

static void set_modules(struct reader *reader, bool *field, const char *value)
{
	if (strcmp(value, "dep") != 0 && strcmp(value, "most") != 0)
		FAIL(reader, reader->line, "modules = %s; it takes \"dep\" or \"most\"", value);
	*field = strcmp(value, "most") == 0;
}

static void set(struct reader *reader, void *section, const struct setting *setting,
		const char *value)
{
	void *field = (char *)section + setting->offset;

	switch (setting->kind) {
	case KIND_PATH:
		set_path(reader, setting->name, field, value);
		break;
	case KIND_TEXT:
		set_text(reader, field, value);
		break;
	case KIND_TARGET:
		set_target(reader, field, value);
		break;
	case KIND_MODULES:
		set_modules(reader, field, value);
		break;
	}
}

/* One setting of @section, whose settings are @settings. */
static void set_in(struct reader *reader, void *section, struct lines *lines,
		   const struct setting *settings, size_t n, const char *name, const char *value)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		if (lines->setting[i])
			FAIL(reader, reader->line, "\"%s\" is set a second time (first in line %u)",
			     name, lines->setting[i]);
		lines->setting[i] = reader->line;
		if (reader->error == 0)
			set(reader, section, &settings[i], value);
		return;
	}
	FAIL(reader, reader->line, "unknown setting \"%s\"", name);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int on_setting(void *userdata, const char *section, const char *name, const char *value)
{
	struct reader *reader = userdata;
	size_t last = reader->config->n_recipients - 1;

	(void)section;
	if (reader->error)
		return 0;
	if (!*value)
		FAIL(reader, reader->line, "\"%s\" has no value", name);
	else if (reader->section == SECTION_DUMP)
		set_in(reader, reader->config, &reader->dump, dump_settings, COUNT(dump_settings),
		       name, value);
	else if (reader->section == SECTION_RECIPIENT)
		set_in(reader, &reader->config->recipients[last], &reader->recipients[last],
		       recipient_settings, COUNT(recipient_settings), name, value);
	else
		FAIL(reader, reader->line, "\"%s\" stands before the first section", name);
	return reader->error == 0;
}

static void parse(struct reader *reader)
{
	int line;

	ini_use_stack = false;
	ini_initial_alloc = LINE_LIMIT;
	ini_allow_multiline = false;
	ini_allow_bom = false;
	ini_stop_on_first_error = true;
	line = ini_parse_stream(read_line, reader, on_setting, reader);
	if (ferror(reader->file))
		FAIL_CODE(reader, HC_E_CONFIG, "%s: cannot be read", reader->path);
	if (line > 0)
		FAIL(reader, (unsigned)line, "neither [section] nor name = value");
	else if (line < 0)
		FAIL_CODE(reader, HC_E_MEMORY, "out of memory");
}

/* What can only be judged once the whole section was seen. */
static void finish_recipient(struct reader *reader, size_t i)
{
	const struct hc_dump_recipient_config *recipient = &reader->config->recipients[i];
	unsigned line = reader->recipients[i].section;
	bool any = recipient->provider || recipient->private_id || recipient->public_id ||
		   recipient->endpoint;

	if (!recipient->public_key)
		FAIL(reader, line, "recipient \"%s\" needs \"public-key\"", recipient->name);
	else if (any && !(recipient->provider && recipient->private_id && recipient->public_id))
		FAIL(reader, line,
		     "recipient \"%s\" has its private key at a key server, so it needs "
		     "\"provider\", \"private-id\" and \"public-id\"",
		     recipient->name);
}

static void finish(struct reader *reader)
{
	struct hc_dump_config *config = reader->config;

	for (size_t i = 0; i < config->n_recipients; i++)
		finish_recipient(reader, i);
	if (!config->directory)
		FAIL(reader, reader->dump.section ? reader->dump.section : 1,
		     "no target; write \"target = file:/var/crash\" under [dump]");
	if (config->n_recipients == 0)
		FAIL(reader, reader->line ? reader->line : 1,
		     "no recipient: nobody could read a dump; add [recipient NAME] with a "
		     "public-key");
	if (reader->error == 0 && !config->makedumpfile)
		set_text(reader, &config->makedumpfile,
			 access("/usr/local/bin/makedumpfile", X_OK) == 0
				 ? "/usr/local/bin/makedumpfile"
				 : "/usr/bin/makedumpfile");
}

int hc_dump_config_load(const char *path, struct hc_dump_config *ret_config)
{
	HC_DUMP_CONFIG config = { 0 };
	struct reader reader = { .path = path, .config = &config };

	reader.file = fopen(path, "re");
	if (!reader.file)
		return hc_fail(HC_E_CONFIG, "%s: %s%s", path, strerror(errno),
			       errno == ENOENT ? "; it says where dumps go and who can read them"
					       : "");
	parse(&reader);
	fclose(reader.file);
	if (reader.error == 0)
		finish(&reader);
	free(reader.recipients);
	if (reader.error)
		return reader.error;
	*ret_config = config;
	config = (struct hc_dump_config){ 0 };
	return 0;
}

void hc_dump_config_free(struct hc_dump_config *config)
{
	for (size_t i = 0; i < config->n_recipients; i++) {
		struct hc_dump_recipient_config *recipient = &config->recipients[i];

		free(recipient->public_key);
		free(recipient->provider);
		free(recipient->endpoint);
		free(recipient->private_id);
		free(recipient->public_id);
	}
	free(config->recipients);
	free(config->directory);
	free(config->makedumpfile);
	*config = (struct hc_dump_config){ 0 };
}
