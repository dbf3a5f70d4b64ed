/* SPDX-License-Identifier: GPL-2.0 */
/* "good  memory  512 MiB are set aside": a list of what was looked at. */
#ifndef HC_CMD_DUMP_TELL_H
#define HC_CMD_DUMP_TELL_H

#include "dump/check.h"

void dump_tell(const struct hc_dump_finding *finding);

void dump_tell_good(const char *subject, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void dump_tell_note(const char *subject, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
