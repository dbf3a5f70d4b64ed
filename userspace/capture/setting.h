/* SPDX-License-Identifier: GPL-2.0 */
/* What the overlay says in one line (dump/environment.h). */
#ifndef HC_CAPTURE_SETTING_H
#define HC_CAPTURE_SETTING_H

/* The line in the file @name of HC_CAPTURE_FOLDER. */
int setting_read(const char *name, char *ret_value, int size);

#endif
