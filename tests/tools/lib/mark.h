/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOOL_MARK_H
#define TOOL_MARK_H

/* A mark fits into the entry's sector of the log, behind the entry. */
#define MARK_MAX 400

void mark(const char *device, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
