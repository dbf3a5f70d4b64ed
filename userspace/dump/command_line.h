/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of the capture kernel, made of the running kernel's. */
#ifndef HC_DUMP_COMMAND_LINE_H
#define HC_DUMP_COMMAND_LINE_H

#include <stddef.h>

/*
 * @running without what is about this system (its root, its memory for a capture
 * kernel and for huge pages, its units), and with what a capture kernel needs;
 * @registry is where the keys are. HC_E_DUMP_LOAD when it is too long.
 */
int hc_dump_command_line(const char *running, const char *registry, char *ret_line,
			 size_t size);

#endif
