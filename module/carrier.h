/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_CARRIER_H
#define HC_CARRIER_H

#include <linux/llist.h>

void hc_carrier_init(void (*fn)(struct llist_node *node));
void hc_carrier_exit(void);
void hc_carrier_add(struct llist_node *node);

#endif
