/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_POWER_H
#define HC_POWER_H

int hc_power_register(void);
void hc_power_unregister(void);

#endif
