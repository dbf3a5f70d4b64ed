/* SPDX-License-Identifier: GPL-2.0 */
/* How this system reaches another host: what a kernel has to be told that shall
 * reach it without any of this system's programs. */
#ifndef HC_DUMP_ROUTE_H
#define HC_DUMP_ROUTE_H

#include <net/if.h>
#include <netinet/in.h>

struct hc_route {
	char host[INET6_ADDRSTRLEN];	/* the other host's address */
	char source[INET6_ADDRSTRLEN];	/* ours */
	unsigned prefix;		/* length of our network's */
	char gateway[INET6_ADDRSTRLEN]; /* "" where the host is in our network */
	char interface[IF_NAMESIZE];	/* a piece of hardware */
	char mac[32];			/* its own address, by which it is found again */
	unsigned mtu;
};

/* Of @host's addresses the first that is reached through hardware. HC_E_DUMP_TARGET. */
int hc_route_find(const char *host, struct hc_route *ret_route);

#endif
