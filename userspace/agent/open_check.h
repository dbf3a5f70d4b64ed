/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_AGENT_OPEN_CHECK_H
#define HC_AGENT_OPEN_CHECK_H

#include <stdbool.h>

/*
 * Whether /dev/mapper/@name is an open hostcrypt volume. Reads sysfs only:
 * unlike a question to device-mapper it never waits for a suspended device.
 */
bool open_check(const char *name);

#endif
