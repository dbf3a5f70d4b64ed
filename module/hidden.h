/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_HIDDEN_H
#define HC_HIDDEN_H

void *hc_hidden_alloc(void);
void hc_hidden_free(void *address);

#endif
