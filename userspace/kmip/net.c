// SPDX-License-Identifier: GPL-2.0
#include "kmip/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

const char *hc_net_endpoint(const char *host, unsigned port, char *buffer, size_t size)
{
	snprintf(buffer, size, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	return buffer;
}

/* What a look-up needs; it must outlive a resolver thread that hangs. */
struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char service[8];
	char host[];
};

static struct lookup *lookup_new(const char *host, unsigned port)
{
	size_t size = strlen(host) + 1;
	struct lookup *lookup = calloc(1, sizeof(*lookup) + size);

	if (!lookup)
		return NULL;
	memcpy(lookup->host, host, size);
	snprintf(lookup->service, sizeof(lookup->service), "%u", port);
	lookup->hints = (struct addrinfo){
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	lookup->request = (struct gaicb){
		.ar_name = lookup->host,
		.ar_service = lookup->service,
		.ar_request = &lookup->hints,
	};
	return lookup;
}

/* Wait for the look-up: 0, or the EAI_ code; EAI_INPROGRESS when time is over. */
static int lookup_wait(struct lookup *lookup, struct hc_deadline deadline)
{
	const struct gaicb *const list[] = { &lookup->request };
	struct timespec left;
	int ms;

	while (gai_error(&lookup->request) == EAI_INPROGRESS) {
		ms = hc_deadline_left_ms(deadline);
		if (ms == 0)
			return EAI_INPROGRESS;
		left = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
		gai_suspend(list, 1, &left);
	}
	return gai_error(&lookup->request);
}

/* An address needs no look-up and no thread. */
static bool resolve_address(const char *host, unsigned port, struct addrinfo **ret_addresses)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST,
	};
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	return getaddrinfo(host, service, &hints, ret_addresses) == 0;
}

/*
 * getaddrinfo() has no time limit of its own, so a thread of libc's does it;
 * what has not come back in time is left to that thread, memory and all.
 */
static int resolve(const char *host, unsigned port, struct hc_deadline deadline,
		   struct addrinfo **ret_addresses)
{
	struct lookup *lookup;
	struct gaicb *list[1];
	int e;

	if (resolve_address(host, port, ret_addresses))
		return 0;
	lookup = lookup_new(host, port);
	if (!lookup)
		return hc_fail(HC_E_MEMORY, "no memory to look %s up", host);
	list[0] = &lookup->request;
	e = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (e == 0)
		e = lookup_wait(lookup, deadline);
	if (e == EAI_INPROGRESS) {
		if (gai_cancel(&lookup->request) == EAI_CANCELED)
			free(lookup);
		return hc_fail(HC_E_KMS_UNREACHABLE,
			       "the name %s was not resolved in time; check the name servers",
			       host);
	}
	*ret_addresses = lookup->request.ar_result;
	free(lookup);
	if (e != 0)
		return hc_fail(HC_E_KMS_UNREACHABLE,
			       "the name %s is not to be resolved (%s); check \"server\" and "
			       "the name servers",
			       host, gai_strerror(e));
	return 0;
}

/* errno of one try, 0 when connected. */
static int connect_one(const struct addrinfo *address, struct hc_deadline deadline, int *ret_fd)
{
	const int on = 1;
	socklen_t size = sizeof(int);
	int e = 0;
	int fd;

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		if (errno != EINPROGRESS)
			e = errno;
		else if (hc_deadline_wait(deadline, fd, POLLOUT) <= 0)
			e = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) < 0)
			e = errno;
	}
	if (e != 0) {
		close(fd);
		return e;
	}
	/* Requests are small and waited for; a failure only costs milliseconds. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*ret_fd = fd;
	return 0;
}

/* Add "address: what happened" to the list of failures. */
static void note(char *failures, size_t size, const struct addrinfo *address, int e)
{
	size_t used = strlen(failures);
	char name[64]; /* an IPv6 address with its scope */

	if (getnameinfo(address->ai_addr, address->ai_addrlen, name, sizeof(name), NULL, 0,
			NI_NUMERICHOST) != 0)
		strcpy(name, "?");
	snprintf(failures + used, size - used, "%s%s: %s", used ? "; " : "", name,
		 e == ETIMEDOUT ? "no answer in time" : strerror(e));
}

int hc_net_connect(const char *host, unsigned port, unsigned address_seconds,
		   struct hc_deadline deadline, int *ret_fd)
{
	char failures[400] = "";
	struct addrinfo *addresses = NULL;
	int r, e = -1;

	r = resolve(host, port, hc_deadline_sooner(hc_deadline_in(address_seconds), deadline),
		    &addresses);
	if (r < 0)
		return r;
	for (struct addrinfo *a = addresses; a && e != 0; a = a->ai_next) {
		e = connect_one(a, hc_deadline_sooner(hc_deadline_in(address_seconds), deadline),
				ret_fd);
		if (e != 0)
			note(failures, sizeof(failures), a, e);
	}
	freeaddrinfo(addresses);
	if (e == 0)
		return 0;
	return hc_fail(HC_E_KMS_UNREACHABLE,
		       "cannot connect (%s); check that the key server runs, \"server\", and "
		       "firewalls",
		       failures);
}
