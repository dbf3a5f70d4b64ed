/* SPDX-License-Identifier: GPL-2.0 */
/* What hostcrypt-capture says: on the console, and kept for the dump itself. No
 * memory of the crashed kernel is ever in it. */
#ifndef HC_CAPTURE_LOG_H
#define HC_CAPTURE_LOG_H

#include <stddef.h>

void log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The lines that a file of descriptor @fd holds, each as of @name. */
void log_lines(const char *name, int fd);

/* All that was said. */
const char *log_text(size_t *ret_size);

#endif
