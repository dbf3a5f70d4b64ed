/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /etc/hostcrypt/dump.conf: where dumps of this host go, and who can read them.
 *
 *	[dump]
 *	target = file:/var/crash
 *	state = /var/lib/hostcrypt
 *	ssh-key = /etc/hostcrypt/dump-ssh-key
 *	ssh-known-hosts = /etc/ssh/ssh_known_hosts
 *	modules = dep
 *	makedumpfile = /usr/bin/makedumpfile
 *	lock = no
 *	stall-limit = 600
 *
 *	[recipient support]
 *	public-key = /etc/hostcrypt/support.pem
 *
 *	[recipient main]
 *	public-key = /etc/hostcrypt/main.pem
 *	provider = main
 *	private-id = 5b0c...
 *	public-id = 5b0d...
 *
 * A recipient with a provider has its private key at that key server; all three of
 * its settings are needed then. "endpoint" says where the provider is; unless
 * said, that is what hostcrypt.conf knows.
 *
 * An unknown section, an unknown or doubled name and a value that nobody takes are
 * errors that name file and line. The file must be there, with a target and one
 * recipient at least: a dump that nobody can read is not taken.
 */
#ifndef HC_DUMP_CONFIG_H
#define HC_DUMP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "dump/place.h"

#define HC_DUMP_CONFIG_FILE "/etc/hostcrypt/dump.conf"
#define HC_DUMP_STALL_LIMIT 600
#define HC_DUMP_SSH_KEY "/etc/hostcrypt/dump-ssh-key"

struct hc_dump_recipient_config {
	char name[HC_NAME_MAX];
	char *public_key; /* PEM */
	/* NULL where the private key is not at a key server */
	char *provider;
	char *endpoint;
	char *private_id;
	char *public_id;
};

struct hc_dump_config {
	struct hc_dump_place target;
	/* Where the state is kept, for targets of which the next boot sees nothing: a
	 * folder, or "" for nowhere; NULL where that is not said. */
	char *state;
	char *ssh_key;	       /* unless said, HC_DUMP_SSH_KEY */
	char *ssh_known_hosts; /* NULL for the system's own */
	bool all_modules;   /* modules = most: each driver there is, not only the target's */
	bool lock;	    /* once loaded, nobody can load another kernel until the next boot */
	/* After how many seconds without progress a capture is given up. */
	unsigned stall_limit;
	char *makedumpfile; /* the first of /usr/local/bin and /usr/bin, unless said */
	struct hc_dump_recipient_config *recipients;
	size_t n_recipients;
};

/* Read @path. HC_E_CONFIG with file and line. */
int hc_dump_config_load(const char *path, struct hc_dump_config *ret_config);
void hc_dump_config_free(struct hc_dump_config *config);

#define HC_DUMP_CONFIG __attribute__((cleanup(hc_dump_config_free))) struct hc_dump_config

#endif
