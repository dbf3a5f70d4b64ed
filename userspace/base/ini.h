/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the configuration files have in common: [section NAME] and name = value, read
 * strictly. Whoever reads one embeds struct hc_ini and says what a section and a
 * setting mean. The first error is the one that is told, with file and line.
 */
#ifndef HC_BASE_INI_H
#define HC_BASE_INI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct hc_ini {
	const char *path; /* for messages */
	/* [KIND NAME]; @name is NULL where the section has none. */
	void (*on_section)(struct hc_ini *ini, const char *kind, const char *name);
	/* In the section begun last; @value is not empty. Not called before any section. */
	void (*on_setting)(struct hc_ini *ini, const char *name, const char *value);

	/* Kept by hc_ini_read(): */
	FILE *file;
	unsigned line; /* the one being read, from 1 */
	bool in_section;
	int error; /* the first one */
};

/* Record an error unless one was found before. */
#define HC_INI_FAIL_CODE(ini, code, ...)                                                           \
	do {                                                                                       \
		if ((ini)->error == 0)                                                             \
			(ini)->error = hc_fail(code, __VA_ARGS__);                                 \
	} while (0)

/* The same, HC_E_CONFIG, for line @at of the file. */
#define HC_INI_FAIL(ini, at, format, ...)                                                          \
	HC_INI_FAIL_CODE(ini, HC_E_CONFIG, "%s:%u: " format, (ini)->path, at, ##__VA_ARGS__)

/* Read the whole of @file, which stays open. What went wrong is in @ini->error. */
void hc_ini_read(struct hc_ini *ini, FILE *file);

/* True when a thing is said for the first time; @line is where it was said, 0 before. */
bool hc_ini_first(struct hc_ini *ini, const char *name, unsigned *line);

/* Copy @value to *@field, in place of what was there. */
void hc_ini_set_text(struct hc_ini *ini, char **field, const char *value);

/* The same for setting @name, which takes an absolute path. */
void hc_ini_set_path(struct hc_ini *ini, const char *name, char **field, const char *value);

#endif
