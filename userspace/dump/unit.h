/* SPDX-License-Identifier: GPL-2.0 */
/* The unit that keeps the capture kernel loaded, through systemctl. */
#ifndef HC_DUMP_UNIT_H
#define HC_DUMP_UNIT_H

#include <stdbool.h>

#define HC_DUMP_UNIT "hostcrypt-dump.service"

/* Does systemd run this system? */
bool hc_dump_unit_systemd(void);

/* "enabled", "disabled", "not-found"; "" where systemd does not run. */
const char *hc_dump_unit_state(void);

/* At each boot, and now: what runs is loaded again. */
int hc_dump_unit_enable(void);
int hc_dump_unit_disable(void);

#endif
