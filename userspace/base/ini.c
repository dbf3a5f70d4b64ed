// SPDX-License-Identifier: GPL-2.0
#include "base/ini.h"

#include <stdlib.h>
#include <string.h>

#include <ini.h>

#define LINE_LIMIT 2048

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

/* @text is what follows "[". */
static void begin_section(struct hc_ini *ini, char *text)
{
	char *end = strchr(text, ']');
	char *kind, *name;

	if (!end) {
		HC_INI_FAIL(ini, ini->line, "\"]\" is missing");
		return;
	}
	*end = '\0';
	kind = strtok_r(text, " \t", &name);
	name = name ? trim(name) : NULL;
	ini->in_section = true;
	ini->on_section(ini, kind ? kind : "", name && *name ? name : NULL);
}

/*
 * inih tells neither the line nor an empty section, cuts long section names,
 * and wraps long lines without a word. So each line is looked at on its way
 * in.
 */
static char *read_line(char *buffer, int size, void *userdata)
{
	struct hc_ini *ini = userdata;
	char copy[LINE_LIMIT + 1];
	char *start;

	if (ini->error || !fgets(buffer, size, ini->file))
		return NULL;
	ini->line++;
	if (!strchr(buffer, '\n') && !feof(ini->file)) {
		HC_INI_FAIL(ini, ini->line, "the line is longer than %d characters or holds a NUL",
			    LINE_LIMIT - 2);
		return NULL;
	}
	snprintf(copy, sizeof(copy), "%s", buffer);
	start = trim(copy);
	if (*start == '[')
		begin_section(ini, start + 1);
	return buffer;
}

static int on_setting(void *userdata, const char *section, const char *name, const char *value)
{
	struct hc_ini *ini = userdata;

	(void)section;
	if (ini->error)
		return 0;
	if (!*value)
		HC_INI_FAIL(ini, ini->line, "\"%s\" has no value", name);
	else if (!ini->in_section)
		HC_INI_FAIL(ini, ini->line, "\"%s\" stands before the first section", name);
	else
		ini->on_setting(ini, name, value);
	return ini->error == 0;
}

void hc_ini_read(struct hc_ini *ini, FILE *file)
{
	int line;

	ini->file = file;
	ini_use_stack = false;
	ini_initial_alloc = LINE_LIMIT;
	ini_allow_multiline = false;
	ini_allow_bom = false;
	ini_stop_on_first_error = true;
	line = ini_parse_stream(read_line, ini, on_setting, ini);
	if (ferror(file))
		HC_INI_FAIL_CODE(ini, HC_E_CONFIG, "%s: cannot be read", ini->path);
	if (line > 0)
		HC_INI_FAIL(ini, (unsigned)line, "neither [section] nor name = value");
	else if (line < 0)
		HC_INI_FAIL_CODE(ini, HC_E_MEMORY, "out of memory");
}

bool hc_ini_first(struct hc_ini *ini, const char *name, unsigned *line)
{
	if (*line) {
		HC_INI_FAIL(ini, ini->line, "\"%s\" is set a second time (first in line %u)", name,
			    *line);
		return false;
	}
	*line = ini->line;
	return true;
}

void hc_ini_set_text(struct hc_ini *ini, char **field, const char *value)
{
	free(*field);
	*field = strdup(value);
	if (!*field)
		HC_INI_FAIL_CODE(ini, HC_E_MEMORY, "out of memory");
}

void hc_ini_set_path(struct hc_ini *ini, const char *name, char **field, const char *value)
{
	if (*value != '/')
		HC_INI_FAIL(ini, ini->line, "%s = %s is no absolute path; start it with /", name,
			    value);
	else
		hc_ini_set_text(ini, field, value);
}
