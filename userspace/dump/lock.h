/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One at a time: who makes a capture environment, loads or unloads the capture kernel,
 * or tries it.
 */
#ifndef HC_DUMP_LOCK_H
#define HC_DUMP_LOCK_H

/*
 * Wait until nobody else has the lock; @on_wait is called once where that takes more than
 * a moment. It is held until the descriptor is closed, which programs that are started do
 * not get: none of them may be one that takes it, too.
 */
int hc_dump_lock(void (*on_wait)(void), int *ret_lock);

#endif
