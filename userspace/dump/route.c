// SPDX-License-Identifier: GPL-2.0
#include "dump/route.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/child.h"
#include "base/error.h"
#include "dump/kexec.h"

#define IP "/sbin/ip"

/* A member of the first object in what "ip -j" said, or "". */
static void take_member(struct json_object *array, const char *name, char *ret_text, size_t size)
{
	struct json_object *object = json_object_array_get_idx(array, 0), *member;

	ret_text[0] = '\0';
	if (object && json_object_object_get_ex(object, name, &member))
		snprintf(ret_text, size, "%s", json_object_get_string(member));
}

/* What "ip -j" says. */
static int ask_ip(const char *const *argv, struct json_object **ret_array)
{
	char output[4096];
	int r = hc_child_run(argv, NULL, output, sizeof(output));

	if (r < 0)
		return r;
	*ret_array = json_tokener_parse(output);
	if (json_object_is_type(*ret_array, json_type_array))
		return 0;
	json_object_put(*ret_array);
	return hc_fail(HC_E_DUMP_TARGET, IP " does not speak JSON");
}

/* What the kernel says of the way to @route->host. */
static int ask_kernel(struct hc_route *route)
{
	const char *const argv[] = { IP, "-j", "route", "get", route->host, NULL };
	struct json_object *array;
	int r = ask_ip(argv, &array);

	if (r < 0)
		return hc_fail(HC_E_DUMP_TARGET, "there is no way to %s: %s", route->host,
			       hc_error_message());
	take_member(array, "dev", route->interface, sizeof(route->interface));
	take_member(array, "gateway", route->gateway, sizeof(route->gateway));
	take_member(array, "prefsrc", route->source, sizeof(route->source));
	json_object_put(array);
	if (!route->interface[0] || !route->source[0])
		return hc_fail(HC_E_DUMP_TARGET, "there is no way to %s", route->host);
	return 0;
}

static const void *address_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET ?
		       (const void *)&((const struct sockaddr_in *)address)->sin_addr :
		       &((const struct sockaddr_in6 *)address)->sin6_addr;
}

static unsigned count_bits(const struct sockaddr *mask)
{
	const uint8_t *bytes = address_of(mask);
	size_t size = mask->sa_family == AF_INET ? 4 : 16;
	unsigned bits = 0;

	for (size_t i = 0; i < size; i++)
		bits += (unsigned)__builtin_popcount(bytes[i]);
	return bits;
}

/* The length of the prefix of our own address. */
static int find_prefix(struct hc_route *route)
{
	struct ifaddrs *all, *each;
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return hc_fail_errno(errno, "this host's addresses");
	for (each = all; each; each = each->ifa_next) {
		int family = each->ifa_addr ? each->ifa_addr->sa_family : AF_UNSPEC;

		if ((family != AF_INET && family != AF_INET6) || !each->ifa_netmask ||
		    !inet_ntop(family, address_of(each->ifa_addr), text, sizeof(text)) ||
		    strcmp(text, route->source) != 0)
			continue;
		route->prefix = count_bits(each->ifa_netmask);
		break;
	}
	freeifaddrs(all);
	return route->prefix > 0 ? 0 : hc_fail(HC_E_DUMP_TARGET, "%s is no address of this host",
					       route->source);
}

static bool is_hardware(const char *interface)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/device", interface);
	return access(path, F_OK) == 0;
}

/* Of a bridge's ports the one that is hardware; the others are virtual machines'. */
static bool find_port(const char *bridge, char ret_port[IF_NAMESIZE])
{
	char path[PATH_MAX];
	struct dirent *entry;
	unsigned found = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif", bridge);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.' && is_hardware(entry->d_name) && ++found == 1)
			snprintf(ret_port, IF_NAMESIZE, "%.15s", entry->d_name);
	if (folder)
		closedir(folder);
	return found == 1;
}

/* The address that the card has by itself: another that it was given does not outlive
 * this kernel. */
static int find_mac(struct hc_route *route)
{
	const char *const argv[] = { IP, "-j", "link", "show", "dev", route->interface, NULL };
	struct json_object *array;
	int r = ask_ip(argv, &array);

	if (r < 0)
		return hc_fail(HC_E_DUMP_TARGET, "the address of %s: %s", route->interface,
			       hc_error_message());
	take_member(array, "permaddr", route->mac, sizeof(route->mac));
	if (!route->mac[0])
		take_member(array, "address", route->mac, sizeof(route->mac));
	json_object_put(array);
	return 0;
}

static int find_hardware(struct hc_route *route)
{
	char path[PATH_MAX], port[IF_NAMESIZE], mtu[16];

	if (!is_hardware(route->interface)) {
		if (!find_port(route->interface, port))
			return hc_fail(HC_E_DUMP_TARGET,
				       "%s is reached through %s; the capture kernel knows how to "
				       "use a network card, and a bridge with one card in it",
				       route->host, route->interface);
		memcpy(route->interface, port, sizeof(port));
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s/mtu", route->interface);
	route->mtu = hc_read_line(path, mtu, sizeof(mtu)) ? (unsigned)atoi(mtu) : 1500;
	return find_mac(route);
}

int hc_route_find(const char *host, struct hc_route *ret_route)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all, *each;
	int r = getaddrinfo(host, NULL, &hints, &all);

	if (r != 0)
		return hc_fail(HC_E_DUMP_TARGET, "%s: %s", host, gai_strerror(r));
	for (each = all; each; each = each->ai_next) {
		struct hc_route route = { 0 };

		inet_ntop(each->ai_family, address_of(each->ai_addr), route.host,
			  sizeof(route.host));
		r = ask_kernel(&route);
		if (r == 0)
			r = find_hardware(&route);
		if (r == 0)
			r = find_prefix(&route);
		if (r < 0)
			continue;
		*ret_route = route;
		break;
	}
	freeaddrinfo(all);
	return r;
}
