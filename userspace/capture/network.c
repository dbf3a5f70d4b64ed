// SPDX-License-Identifier: GPL-2.0
#include "capture/network.h"

#include <dirent.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "capture/log.h"
#include "capture/setting.h"
#include "dump/environment.h"
#include "dump/kexec.h"

#define IP "/sbin/ip"

/* For how many tenths of a second a card, and then its link, is waited for. */
#define PATIENCE 300

struct network {
	char mac[32], address[64], gateway[48], host[48], mtu[16];
	char interface[IF_NAMESIZE];
};

static const struct timespec breath = { .tv_nsec = 100 * 1000 * 1000 };

/* The first line of the interface's file @name in /sys. */
static bool look(const char *interface, const char *name, char *ret_line, int size)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/%s", interface, name);
	return hc_read_line(path, ret_line, size);
}

static bool find_card(struct network *network)
{
	DIR *folder = opendir("/sys/class/net");
	struct dirent *entry;
	char mac[32];
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		found = entry->d_name[0] != '.' &&
			look(entry->d_name, "address", mac, sizeof(mac)) &&
			strcasecmp(mac, network->mac) == 0;
		if (found)
			snprintf(network->interface, IF_NAMESIZE, "%.15s", entry->d_name);
	}
	if (folder)
		closedir(folder);
	return found;
}

static int run_ip(const char *const *argv)
{
	char output[1024];
	int r = hc_child_run(argv, NULL, output, sizeof(output));

	return r < 0 ? hc_fail(HC_E_DUMP_TARGET, "the network: %s", hc_error_message()) : 0;
}

static bool has_link(const struct network *network)
{
	char carrier[8];

	return look(network->interface, "carrier", carrier, sizeof(carrier)) && carrier[0] == '1';
}

static int wait_for_card(struct network *network)
{
	for (int i = 0; !find_card(network); i++) {
		if (i == PATIENCE)
			return hc_fail(HC_E_DUMP_TARGET,
				       "the network card with address %s is not there",
				       network->mac);
		nanosleep(&breath, NULL);
	}
	return 0;
}

static int wait_for_link(const struct network *network)
{
	for (int i = 0; !has_link(network); i++) {
		if (i == PATIENCE)
			return hc_fail(HC_E_DUMP_TARGET, "the network card %s has no link",
				       network->interface);
		nanosleep(&breath, NULL);
	}
	return 0;
}

/* Nobody else has the address: IPv6 need not ask around. */
static int set_address(const struct network *network)
{
	bool v6 = strchr(network->address, ':');
	const char *const argv[] = { IP,    "addr", "add",	      network->address,
				     "dev", network->interface, v6 ? "nodad" : NULL, NULL };

	return run_ip(argv);
}

static int set_route(const struct network *network)
{
	bool direct = strcmp(network->gateway, "-") == 0;
	const char *const near[] = { IP,	 "route", "replace", network->host,
				     "dev", network->interface, NULL };
	const char *const far[] = { IP,	   "route", "replace", network->host, "via",
				    network->gateway, "dev", network->interface, "onlink", NULL };

	return run_ip(direct ? near : far);
}

static int read_network(struct network *network)
{
	char line[256];
	int r = setting_read(HC_CAPTURE_NETWORK, line, sizeof(line));

	if (r < 0)
		return r;
	if (sscanf(line, "%31s %63s %47s %47s %15s", network->mac, network->address,
		   network->gateway, network->host, network->mtu) != 5)
		return hc_fail(HC_E_INTERNAL, "the network's settings are not understood");
	return 0;
}

int network_try(void)
{
	struct network network;
	const char *const show[] = { IP, "link", "show", "dev", network.interface, NULL };
	int r = read_network(&network);

	if (r == 0)
		r = wait_for_card(&network);
	return r == 0 ? run_ip(show) : r;
}

int network_up(void)
{
	struct network network;
	const char *const up[] = { IP,	  "link", "set", "dev", network.interface, "mtu",
				   network.mtu, "up", NULL };
	int r = read_network(&network);

	if (r == 0)
		r = wait_for_card(&network);
	if (r == 0)
		r = run_ip(up);
	if (r == 0)
		r = wait_for_link(&network);
	if (r == 0)
		r = set_address(&network);
	if (r == 0)
		r = set_route(&network);
	if (r == 0)
		log_say("network: %s as %s, to %s", network.interface, network.address,
			network.host);
	return r;
}
