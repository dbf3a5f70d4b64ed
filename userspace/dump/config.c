// SPDX-License-Identifier: GPL-2.0
#include "dump/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/ini.h"
#include "base/voltab.h"

enum setting_kind {
	KIND_PATH,
	KIND_TEXT,
	KIND_TARGET,
	KIND_MODULES,
	KIND_YES,
	KIND_STATE,
	KIND_SECONDS,
};

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset; /* in the section's struct */
};

static const struct setting dump_settings[] = {
#define FIELD(member) offsetof(struct hc_dump_config, member)
	{ "target", KIND_TARGET, FIELD(target) },
	{ "state", KIND_STATE, FIELD(state) },
	{ "ssh-key", KIND_PATH, FIELD(ssh_key) },
	{ "ssh-known-hosts", KIND_PATH, FIELD(ssh_known_hosts) },
	{ "modules", KIND_MODULES, FIELD(all_modules) },
	{ "makedumpfile", KIND_PATH, FIELD(makedumpfile) },
	{ "lock", KIND_YES, FIELD(lock) },
	{ "stall-limit", KIND_SECONDS, FIELD(stall_limit) },
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

#define SETTINGS_MAX 8

#define SECONDS_MIN 10
#define SECONDS_MAX (24 * 60 * 60)

/* Where a section and its settings were said, for messages; 0: not said. */
struct lines {
	unsigned section;
	unsigned setting[SETTINGS_MAX];
};

enum section {
	SECTION_DUMP,
	SECTION_RECIPIENT,
};

struct reader {
	struct hc_ini ini; /* first: its callbacks find the reader by it */
	struct hc_dump_config *config;
	enum section section;
	struct lines dump;
	struct lines *recipients;
};

static struct reader *reader_of(struct hc_ini *ini)
{
	return (struct reader *)ini;
}

#define FAIL(reader, line, ...) HC_INI_FAIL(&(reader)->ini, line, __VA_ARGS__)

static void add_recipient(struct reader *reader, const char *name)
{
	struct hc_dump_config *config = reader->config;
	size_t n = config->n_recipients;
	struct hc_dump_recipient_config *recipients;
	struct lines *lines;

	for (size_t i = 0; i < n; i++)
		if (strcmp(config->recipients[i].name, name) == 0) {
			FAIL(reader, reader->ini.line,
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
		HC_INI_FAIL_CODE(&reader->ini, HC_E_MEMORY, "out of memory");
		return;
	}
	recipients[n] = (struct hc_dump_recipient_config){ 0 };
	snprintf(recipients[n].name, sizeof(recipients[n].name), "%s", name);
	lines[n] = (struct lines){ .section = reader->ini.line };
	config->n_recipients = n + 1;
}

static void on_section(struct hc_ini *ini, const char *kind, const char *name)
{
	struct reader *reader = reader_of(ini);

	if (strcmp(kind, "recipient") == 0) {
		reader->section = SECTION_RECIPIENT;
		if (!name || !hc_volume_name_valid(name))
			FAIL(reader, ini->line,
			     "\"%s\" is no name for a recipient: it takes letters, digits, \"-\", "
			     "\"_\" and \".\", 48 at most, as in [recipient support]",
			     name ? name : "");
		else
			add_recipient(reader, name);
	} else if (strcmp(kind, "dump") == 0 && !name) {
		reader->section = SECTION_DUMP;
		if (reader->dump.section)
			FAIL(reader, ini->line, "a second [dump] (first in line %u)",
			     reader->dump.section);
		reader->dump.section = ini->line;
	} else {
		FAIL(reader, ini->line,
		     "unknown section [%s%s%s]; there are [dump] and [recipient NAME]", kind,
		     name ? " " : "", name ? name : "");
	}
}

static void set_target(struct reader *reader, struct hc_dump_place *field, const char *value)
{
	char why[256];

	if (hc_dump_place_parse(value, field, why, sizeof(why)) < 0)
		FAIL(reader, reader->ini.line, "target = %s: %s", value, why);
}

static void set_modules(struct reader *reader, bool *field, const char *value)
{
	if (strcmp(value, "dep") != 0 && strcmp(value, "most") != 0)
		FAIL(reader, reader->ini.line, "modules = %s; it takes \"dep\" or \"most\"", value);
	*field = strcmp(value, "most") == 0;
}

static void set_yes(struct reader *reader, const char *name, bool *field, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		FAIL(reader, reader->ini.line, "%s = %s; it takes \"yes\" or \"no\"", name, value);
	*field = strcmp(value, "yes") == 0;
}

static void set_seconds(struct reader *reader, const char *name, unsigned *field,
			const char *value)
{
	char *end;
	unsigned long seconds = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end || seconds < SECONDS_MIN ||
	    seconds > SECONDS_MAX)
		FAIL(reader, reader->ini.line, "%s = %s; it takes a number of seconds, %d to %d",
		     name, value, SECONDS_MIN, SECONDS_MAX);
	*field = (unsigned)seconds;
}

static void set(struct reader *reader, void *section, const struct setting *setting,
		const char *value)
{
	void *field = (char *)section + setting->offset;

	switch (setting->kind) {
	case KIND_PATH:
		hc_ini_set_path(&reader->ini, setting->name, field, value);
		break;
	case KIND_TEXT:
		hc_ini_set_text(&reader->ini, field, value);
		break;
	case KIND_TARGET:
		set_target(reader, field, value);
		break;
	case KIND_STATE:
		if (strcmp(value, "none") == 0)
			hc_ini_set_text(&reader->ini, field, "");
		else
			hc_ini_set_path(&reader->ini, setting->name, field, value);
		break;
	case KIND_MODULES:
		set_modules(reader, field, value);
		break;
	case KIND_YES:
		set_yes(reader, setting->name, field, value);
		break;
	case KIND_SECONDS:
		set_seconds(reader, setting->name, field, value);
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
		if (hc_ini_first(&reader->ini, name, &lines->setting[i]))
			set(reader, section, &settings[i], value);
		return;
	}
	FAIL(reader, reader->ini.line, "unknown setting \"%s\"", name);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void on_setting(struct hc_ini *ini, const char *name, const char *value)
{
	struct reader *reader = reader_of(ini);
	size_t last = reader->config->n_recipients - 1;

	if (reader->section == SECTION_DUMP)
		set_in(reader, reader->config, &reader->dump, dump_settings, COUNT(dump_settings),
		       name, value);
	else
		set_in(reader, &reader->config->recipients[last], &reader->recipients[last],
		       recipient_settings, COUNT(recipient_settings), name, value);
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
	if (!config->target.text)
		FAIL(reader, reader->dump.section ? reader->dump.section : 1,
		     "no target; write \"target = file:/var/crash\" under [dump]");
	if (config->n_recipients == 0)
		FAIL(reader, reader->ini.line ? reader->ini.line : 1,
		     "no recipient: nobody could read a dump; add [recipient NAME] with a "
		     "public-key");
	if (config->stall_limit == 0)
		config->stall_limit = HC_DUMP_STALL_LIMIT;
	if (reader->ini.error == 0 && !config->ssh_key)
		hc_ini_set_text(&reader->ini, &config->ssh_key, HC_DUMP_SSH_KEY);
	if (reader->ini.error == 0 && !config->makedumpfile)
		hc_ini_set_text(&reader->ini, &config->makedumpfile,
				access("/usr/local/bin/makedumpfile", X_OK) == 0
					? "/usr/local/bin/makedumpfile"
					: "/usr/bin/makedumpfile");
}

int hc_dump_config_load(const char *path, struct hc_dump_config *ret_config)
{
	HC_DUMP_CONFIG config = { 0 };
	struct reader reader = {
		.ini = { .path = path, .on_section = on_section, .on_setting = on_setting },
		.config = &config,
	};
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return hc_fail(HC_E_CONFIG, "%s: %s%s", path, strerror(errno),
			       errno == ENOENT ? "; it says where dumps go and who can read them"
					       : "");
	hc_ini_read(&reader.ini, file);
	fclose(file);
	if (reader.ini.error == 0)
		finish(&reader);
	free(reader.recipients);
	if (reader.ini.error)
		return reader.ini.error;
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
	hc_dump_place_free(&config->target);
	free(config->state);
	free(config->ssh_key);
	free(config->ssh_known_hosts);
	free(config->makedumpfile);
	*config = (struct hc_dump_config){ 0 };
}
