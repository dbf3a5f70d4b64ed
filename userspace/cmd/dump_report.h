/* SPDX-License-Identifier: GPL-2.0 */
/* What "status" and "dump status" say of dumps. */
#ifndef HC_CMD_DUMP_REPORT_H
#define HC_CMD_DUMP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "dump/config.h"
#include "dump/crash.h"

struct dump_report {
	struct hc_dump_config config; /* target.text is NULL where it cannot be read */
	bool configured;	      /* there is a dump.conf */
	const char *loaded;	      /* "yes", "no", "foreign" */
	const char *stale;	      /* why what is loaded should be loaded again, or NULL */
	bool crashed;
	struct hc_dump_crash crash;
	char problem[1024]; /* why a panic would leave no dump whatever is loaded; "" */
};

/* @path is dump.conf, @providers_path hostcrypt.conf. */
void dump_report_collect(const char *path, const char *providers_path,
			 struct dump_report *ret_report);
void dump_report_free(struct dump_report *report);

/* null, or state, time, text of the last crash. */
struct json_object *dump_report_crash(const struct dump_report *report);

/* The line of "status", and the same for programs; null without a dump.conf. */
void dump_report_line(const struct dump_report *report);
struct json_object *dump_report_to_json(const struct dump_report *report);

#endif
