// SPDX-License-Identifier: GPL-2.0
#include "base/config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/ini.h"
#include "base/voltab.h"

#define DEFAULT_PORT 5696

enum setting_kind {
	KIND_PATH,
	KIND_NAME,
	KIND_SERVER,
	KIND_SECONDS,
};

/* The settings of a provider other than its type. */
static const struct setting {
	const char *name;
	enum hc_provider_type type;
	enum setting_kind kind;
	size_t offset; /* in struct hc_provider_config; unused for KIND_SERVER */
	bool required;
} settings[] = {
#define FIELD(member) offsetof(struct hc_provider_config, member)
	{ "server", HC_PROVIDER_KMIP, KIND_SERVER, 0, true },
	{ "ca", HC_PROVIDER_KMIP, KIND_PATH, FIELD(ca), true },
	{ "certificate", HC_PROVIDER_KMIP, KIND_PATH, FIELD(certificate), true },
	{ "private-key", HC_PROVIDER_KMIP, KIND_PATH, FIELD(private_key), true },
	{ "server-name", HC_PROVIDER_KMIP, KIND_NAME, FIELD(server_name), false },
	{ "connect-timeout", HC_PROVIDER_KMIP, KIND_SECONDS, FIELD(connect_timeout_s), false },
	{ "timeout", HC_PROVIDER_KMIP, KIND_SECONDS, FIELD(timeout_s), false },
	{ "directory", HC_PROVIDER_LOCAL, KIND_PATH, FIELD(directory), false },
#undef FIELD
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const char *const type_names[] = {
	[HC_PROVIDER_LOCAL] = "local",
	[HC_PROVIDER_KMIP] = "kmip",
};
#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

enum section {
	SECTION_PROVIDER,
	SECTION_DEFAULTS,
};

/* Where each thing was said, for messages; 0: not said. */
struct lines {
	unsigned section;
	unsigned type;
	unsigned setting[N_SETTINGS];
};

struct reader {
	struct hc_ini ini; /* first: its callbacks find the reader by it */
	struct hc_config *config;
	struct lines *lines; /* one per provider */
	enum section section;
	unsigned defaults_line;
	unsigned default_provider_line;
	unsigned allow_slow_cipher_line;
};

static struct reader *reader_of(struct hc_ini *ini)
{
	return (struct reader *)ini;
}

#define FAIL(reader, line, ...) HC_INI_FAIL(&(reader)->ini, line, __VA_ARGS__)

static bool provider_name_valid(const char *name)
{
	return strlen(name) < HC_NAME_MAX && hc_volume_name_valid(name);
}

static void add_provider(struct reader *reader, const char *name)
{
	struct hc_config *config = reader->config;
	size_t n = config->n_providers;
	struct hc_provider_config *providers;
	struct lines *lines;

	for (size_t i = 0; i < n; i++)
		if (strcmp(config->providers[i].name, name) == 0) {
			FAIL(reader, reader->ini.line,
			     "provider \"%s\" is described a second time (first in line %u)", name,
			     reader->lines[i].section);
			return;
		}
	providers = reallocarray(config->providers, n + 1, sizeof(*providers));
	if (providers)
		config->providers = providers;
	lines = reallocarray(reader->lines, n + 1, sizeof(*lines));
	if (lines)
		reader->lines = lines;
	if (!providers || !lines) {
		HC_INI_FAIL_CODE(&reader->ini, HC_E_MEMORY, "out of memory");
		return;
	}
	providers[n] = (struct hc_provider_config){
		.port = DEFAULT_PORT,
		.connect_timeout_s = 5,
		.timeout_s = 15,
	};
	snprintf(providers[n].name, sizeof(providers[n].name), "%s", name);
	lines[n] = (struct lines){ .section = reader->ini.line };
	config->n_providers = n + 1;
}

static void on_section(struct hc_ini *ini, const char *kind, const char *name)
{
	struct reader *reader = reader_of(ini);

	if (strcmp(kind, "provider") == 0) {
		reader->section = SECTION_PROVIDER;
		if (!name || !provider_name_valid(name))
			FAIL(reader, ini->line,
			     "\"%s\" is no name for a provider: it takes letters, digits, \"-\", "
			     "\"_\" and \".\", 48 at most, as in [provider main]",
			     name ? name : "");
		else
			add_provider(reader, name);
	} else if (strcmp(kind, "defaults") == 0 && !name) {
		reader->section = SECTION_DEFAULTS;
		if (reader->defaults_line)
			FAIL(reader, ini->line, "a second [defaults] (first in line %u)",
			     reader->defaults_line);
		reader->defaults_line = ini->line;
	} else {
		FAIL(reader, ini->line,
		     "unknown section [%s%s%s]; there are [provider NAME] and [defaults]", kind,
		     name ? " " : "", name ? name : "");
	}
}

/* A whole number in decimal, or 0. */
static unsigned parse_number(const char *text)
{
	unsigned value = 0;

	if (!*text || strlen(text) > 6)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		value = value * 10 + (unsigned)(*text - '0');
	}
	return value;
}

/* "host", "host:port", "[address]", "[address]:port" or a bare IPv6 address */
static void set_server(struct reader *reader, struct hc_provider_config *provider,
		       const char *value)
{
	char host[NI_MAXHOST];
	const char *port = NULL;
	const char *start = value;
	size_t length = strlen(value);

	if (*value == '[') {
		const char *end = strchr(value, ']');

		start = value + 1;
		length = end ? (size_t)(end - start) : 0;
		if (end && end[1] == ':')
			port = end + 2;
		else if (!end || end[1])
			length = 0;
	} else if (strchr(value, ':') == strrchr(value, ':') && strchr(value, ':')) {
		port = strchr(value, ':') + 1;
		length = (size_t)(port - 1 - value);
	}
	if (port) {
		provider->port = parse_number(port);
		if (provider->port < 1 || provider->port > 65535) {
			FAIL(reader, reader->ini.line, "\"%s\" is no port; it goes from 1 to 65535",
			     port);
			return;
		}
	}
	if (length == 0 || length >= sizeof(host) || strcspn(start, " \t/@") < length) {
		FAIL(reader, reader->ini.line,
		     "\"%s\" is no server; write NAME, NAME:PORT, ADDRESS or [ADDRESS]:PORT",
		     value);
		return;
	}
	snprintf(host, sizeof(host), "%.*s", (int)length, start);
	hc_ini_set_text(&reader->ini, &provider->host, host);
}

static void set_seconds(struct reader *reader, const struct setting *setting, unsigned *field,
			const char *value)
{
	unsigned seconds = parse_number(value);

	if (seconds < 1 || seconds > 300)
		FAIL(reader, reader->ini.line,
		     "%s = %s is out of range; it takes whole seconds from 1 to 300", setting->name,
		     value);
	else
		*field = seconds;
}

static void set(struct reader *reader, struct hc_provider_config *provider,
		const struct setting *setting, const char *value)
{
	void *field = (char *)provider + setting->offset;

	switch (setting->kind) {
	case KIND_PATH:
		hc_ini_set_path(&reader->ini, setting->name, field, value);
		break;
	case KIND_NAME:
		hc_ini_set_text(&reader->ini, field, value);
		break;
	case KIND_SERVER:
		set_server(reader, provider, value);
		break;
	case KIND_SECONDS:
		set_seconds(reader, setting, field, value);
		break;
	}
}

static void set_type(struct reader *reader, struct hc_provider_config *provider, const char *value)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (strcmp(type_names[i], value) == 0) {
			provider->type = (enum hc_provider_type)i;
			return;
		}
	FAIL(reader, reader->ini.line, "unknown type \"%s\"; there are \"kmip\" and \"local\"",
	     value);
}

static void set_in_provider(struct reader *reader, const char *name, const char *value)
{
	struct hc_provider_config *provider =
		&reader->config->providers[reader->config->n_providers - 1];
	struct lines *lines = &reader->lines[reader->config->n_providers - 1];

	if (strcmp(name, "type") == 0) {
		if (hc_ini_first(&reader->ini, name, &lines->type))
			set_type(reader, provider, value);
		return;
	}
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0) {
			if (hc_ini_first(&reader->ini, name, &lines->setting[i]))
				set(reader, provider, &settings[i], value);
			return;
		}
	FAIL(reader, reader->ini.line, "unknown setting \"%s\" of a provider", name);
}

static void set_in_defaults(struct reader *reader, const char *name, const char *value)
{
	struct hc_config *config = reader->config;

	if (strcmp(name, "provider") == 0) {
		if (!hc_ini_first(&reader->ini, name, &reader->default_provider_line))
			return;
		if (!provider_name_valid(value))
			FAIL(reader, reader->ini.line, "\"%s\" is no name of a provider", value);
		else
			snprintf(config->default_provider, sizeof(config->default_provider), "%s",
				 value);
	} else if (strcmp(name, "allow-slow-cipher") == 0) {
		if (!hc_ini_first(&reader->ini, name, &reader->allow_slow_cipher_line))
			return;
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			FAIL(reader, reader->ini.line, "%s = %s; it takes \"yes\" or \"no\"", name,
			     value);
		config->allow_slow_cipher = strcmp(value, "yes") == 0;
	} else {
		FAIL(reader, reader->ini.line, "unknown setting \"%s\" in [defaults]", name);
	}
}

static void on_setting(struct hc_ini *ini, const char *name, const char *value)
{
	struct reader *reader = reader_of(ini);

	if (reader->section == SECTION_PROVIDER)
		set_in_provider(reader, name, value);
	else
		set_in_defaults(reader, name, value);
}

/* What can only be judged once the whole section was seen. */
static void finish_provider(struct reader *reader, size_t i)
{
	struct hc_provider_config *provider = &reader->config->providers[i];
	const struct lines *lines = &reader->lines[i];

	if (!lines->type) {
		FAIL(reader, lines->section,
		     "provider \"%s\" has no type; add \"type = kmip\" or \"type = local\"",
		     provider->name);
		return;
	}
	for (size_t s = 0; s < N_SETTINGS && reader->ini.error == 0; s++) {
		bool mine = settings[s].type == provider->type;

		if (!mine && lines->setting[s])
			FAIL(reader, lines->setting[s], "a %s provider takes no \"%s\"",
			     type_names[provider->type], settings[s].name);
		if (mine && settings[s].required && !lines->setting[s])
			FAIL(reader, lines->section, "provider \"%s\" needs \"%s\"", provider->name,
			     settings[s].name);
	}
	if (provider->type == HC_PROVIDER_KMIP && !provider->server_name && provider->host)
		hc_ini_set_text(&reader->ini, &provider->server_name, provider->host);
	if (provider->type == HC_PROVIDER_LOCAL && !provider->directory)
		hc_ini_set_text(&reader->ini, &provider->directory, HC_LOCAL_DIRECTORY);
}

static void finish_defaults(struct reader *reader)
{
	struct hc_config *config = reader->config;

	if (config->n_providers == 0) {
		add_provider(reader, "local");
		if (reader->ini.error)
			return;
		config->providers[0].type = HC_PROVIDER_LOCAL;
		hc_ini_set_text(&reader->ini, &config->providers[0].directory, HC_LOCAL_DIRECTORY);
	}
	if (reader->default_provider_line) {
		const struct hc_provider_config *found;

		if (hc_config_provider(config, config->default_provider, &found) < 0)
			FAIL(reader, reader->default_provider_line,
			     "the default provider \"%s\" is not described; add [provider %s]",
			     config->default_provider, config->default_provider);
	} else if (config->n_providers == 1) {
		memcpy(config->default_provider, config->providers[0].name, HC_NAME_MAX);
	}
}

int hc_config_load(const char *path, struct hc_config *ret_config)
{
	HC_CONFIG config = { 0 };
	struct reader reader = {
		.ini = { .path = path, .on_section = on_section, .on_setting = on_setting },
		.config = &config,
	};
	FILE *file;

	file = fopen(path, "re");
	if (!file && errno != ENOENT)
		return hc_fail(HC_E_CONFIG, "%s: %s", path, strerror(errno));
	if (file) {
		hc_ini_read(&reader.ini, file);
		fclose(file);
	}
	for (size_t i = 0; i < config.n_providers && reader.ini.error == 0; i++)
		finish_provider(&reader, i);
	if (reader.ini.error == 0)
		finish_defaults(&reader);
	free(reader.lines);
	if (reader.ini.error)
		return reader.ini.error;
	*ret_config = config;
	config = (struct hc_config){ 0 };
	return 0;
}

void hc_config_free(struct hc_config *config)
{
	for (size_t i = 0; i < config->n_providers; i++) {
		struct hc_provider_config *provider = &config->providers[i];

		free(provider->host);
		free(provider->ca);
		free(provider->certificate);
		free(provider->private_key);
		free(provider->server_name);
		free(provider->directory);
	}
	free(config->providers);
	*config = (struct hc_config){ 0 };
}

int hc_config_provider(const struct hc_config *config, const char *name,
		       const struct hc_provider_config **ret_provider)
{
	char known[512] = "";
	size_t used = 0;

	if (!name)
		name = config->default_provider;
	for (size_t i = 0; i < config->n_providers; i++) {
		const struct hc_provider_config *provider = &config->providers[i];

		if (strcmp(provider->name, name) == 0) {
			*ret_provider = provider;
			return 0;
		}
		if (used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 i ? ", " : "", provider->name);
	}
	if (!*name)
		return hc_fail(
			HC_E_PROVIDER_UNKNOWN,
			"which provider? There are %s; name one, or set \"provider =\" under "
			"[defaults] in the configuration file",
			known);
	return hc_fail(HC_E_PROVIDER_UNKNOWN,
		       "no provider \"%s\" in the configuration file; there are: %s", name, known);
}
