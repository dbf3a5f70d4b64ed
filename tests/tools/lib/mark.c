// SPDX-License-Identifier: GPL-2.0
/*
 * Marks in the log of dm-log-writes.
 */
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mark.h"

/* Put a text without blanks into the log of @device, here and now. */
void mark(const char *device, const char *format, ...)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_TARGET_MSG);
	char text[MARK_MAX + 8] = "mark ";
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text + 5, MARK_MAX, format, list);
	va_end(list);
	if (length < 0 || length >= MARK_MAX || !task || !dm_task_set_name(task, device) ||
	    !dm_task_set_sector(task, 0) || !dm_task_set_message(task, text) ||
	    !dm_task_run(task)) {
		printf("no mark can be put into the log of %s\n", device);
		exit(2);
	}
	dm_task_destroy(task);
}
