/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /etc/hostcrypt/hostcrypt.conf: the key providers.
 *
 *	[provider main]
 *	type = kmip
 *	server = kms.example.org:5696
 *	ca = /etc/hostcrypt/ca.pem
 *	certificate = /etc/hostcrypt/host.pem
 *	private-key = /etc/hostcrypt/host.key
 *	connect-timeout = 5
 *	timeout = 15
 *
 *	[provider local]
 *	type = local
 *	directory = /var/lib/hostcrypt/local
 *
 *	[defaults]
 *	provider = main
 *	allow-slow-cipher = no
 *
 * An unknown section, an unknown or doubled name and a value out of range
 * are errors that name file and line. A missing file is an empty one: then
 * there is one provider "local" of type local.
 */
#ifndef HC_BASE_CONFIG_H
#define HC_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define HC_CONFIG_FILE "/etc/hostcrypt/hostcrypt.conf"
#define HC_VOLUMES_FILE "/etc/hostcrypt/volumes"
#define HC_LOCAL_DIRECTORY "/var/lib/hostcrypt/local"
#define HC_STATE_FILE "/run/hostcrypt/state.json"

#define HC_NAME_MAX 64 /* provider names, with the NUL */

enum hc_provider_type {
	HC_PROVIDER_LOCAL,
	HC_PROVIDER_KMIP,
};

struct hc_provider_config {
	char name[HC_NAME_MAX];
	enum hc_provider_type type;
	/* kmip */
	char *host;		    /* name or address, without brackets */
	unsigned port;		    /* 5696 unless said */
	char *ca;		    /* PEM: who may sign the server's certificate */
	char *certificate;	    /* PEM: ours, chain behind it */
	char *private_key;	    /* PEM: readable by its owner only */
	char *server_name;	    /* name in the server's certificate; @host unless said */
	unsigned connect_timeout_s; /* 1..300; 5 unless said */
	unsigned timeout_s;	    /* for one whole operation, 1..300; 15 unless said */
	/* local */
	char *directory;
};

struct hc_config {
	struct hc_provider_config *providers;
	size_t n_providers;
	char default_provider[HC_NAME_MAX]; /* the only one, unless said */
	bool allow_slow_cipher;
};

/* Read @path. HC_E_CONFIG with file and line. */
int hc_config_load(const char *path, struct hc_config *ret_config);
void hc_config_free(struct hc_config *config);

/* The provider called @name, or the default one for NULL. HC_E_PROVIDER_UNKNOWN. */
int hc_config_provider(const struct hc_config *config, const char *name,
		       const struct hc_provider_config **ret_provider);

#define HC_CONFIG __attribute__((cleanup(hc_config_free))) struct hc_config

#endif
