/* SPDX-License-Identifier: GPL-2.0 */
/* A TCP connection by a deadline. */
#ifndef HC_KMIP_NET_H
#define HC_KMIP_NET_H

#include <stddef.h>

#include "kmip/deadline.h"

/* "host:port", "[address]:port" for IPv6; for messages. Returns @buffer. */
const char *hc_net_endpoint(const char *host, unsigned port, char *buffer, size_t size);

/*
 * Resolve @host and try its addresses in turn, each for at most
 * @address_seconds, all of it until @deadline. The socket is non-blocking.
 * HC_E_KMS_UNREACHABLE with what each address answered.
 */
int hc_net_connect(const char *host, unsigned port, unsigned address_seconds,
		   struct hc_deadline deadline, int *ret_fd);

#endif
