/* SPDX-License-Identifier: GPL-2.0 */
/* The network as the running system had it (HC_CAPTURE_NETWORK), for one host. */
#ifndef HC_CAPTURE_NETWORK_H
#define HC_CAPTURE_NETWORK_H

/* HC_E_DUMP_TARGET. */
int network_up(void);

/* Of a network that is up: is the card there, and the program that sets it? */
int network_try(void);

#endif
