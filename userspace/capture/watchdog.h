/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hardware watchdogs that were armed before the crash: they stay armed, and end a
 * capture kernel in which nobody feeds them any more.
 */
#ifndef HC_CAPTURE_WATCHDOG_H
#define HC_CAPTURE_WATCHDOG_H

/* Which there are is in the overlay; none where that is silent. */
void watchdog_begin(void);

/* Again and again, by the process whose end is the end of all. Those whose drivers come
 * later are armed then. */
void watchdog_feed(void);

#endif
