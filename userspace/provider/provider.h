/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key providers: who makes, keeps and gives out KEKs.
 *
 * A KEK is 32 bytes of AES-256 key, known by an identifier that the provider
 * chooses. Two providers: "kmip" (a key server) and "local" (files that only
 * root can read).
 */
#ifndef HC_PROVIDER_PROVIDER_H
#define HC_PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "base/config.h"
#include "base/secret.h"

#define HC_KEK_SIZE 32
#define HC_KEK_ID_MAX 256 /* with the NUL */

/* The states of KMIP 1.1, 3.22. A local key is Active while its file is there. */
enum hc_kek_state {
	HC_KEK_PRE_ACTIVE = 1,
	HC_KEK_ACTIVE,
	HC_KEK_DEACTIVATED,
	HC_KEK_COMPROMISED,
	HC_KEK_DESTROYED,
	HC_KEK_DESTROYED_COMPROMISED,
};

/* What "kms check" shows. Strings are "" where there is nothing to say. */
struct hc_provider_report {
	char endpoint[320];	/* host:port, or the directory */
	char protocol[32];	/* "KMIP 1.4" */
	char tls[96];		/* "TLSv1.3 TLS_AES_256_GCM_SHA384" */
	char server[256];	/* the server's own words about itself */
	char certificate_until[32]; /* end of validity of OUR certificate, ISO 8601 UTC */
	char server_certificate_until[32];
	unsigned round_trip_ms;	/* connect to last answer */
	bool can_create;	/* Query lists Create, Get and Activate */
	char warning[256];
};

struct hc_provider; /* one open connection */
struct hc_key_pair;

struct hc_provider_ops {
	/* see the functions below, which call these */
	int (*create)(struct hc_provider *provider, const char *label, char ret_id[HC_KEK_ID_MAX]);
	int (*get)(struct hc_provider *provider, const char *id, bool for_new_use,
		   struct hc_secret *ret_kek);
	int (*state)(struct hc_provider *provider, const char *id, enum hc_kek_state *ret_state);
	int (*destroy)(struct hc_provider *provider, const char *id);
	/* NULL where there are no key pairs; see pair.h */
	int (*create_pair)(struct hc_provider *provider, const char *label, unsigned bits,
			   struct hc_key_pair *ret_pair);
	int (*public_key)(struct hc_provider *provider, const char *public_id, EVP_PKEY **ret_key);
	int (*decrypt)(struct hc_provider *provider, const char *private_id, const void *data,
		       size_t size, struct hc_secret *ret_plain);
	int (*check)(struct hc_provider *provider, struct hc_provider_report *ret_report);
	void (*close)(struct hc_provider *provider);
};

/* Each provider embeds this as its first member. */
struct hc_provider {
	const struct hc_provider_ops *ops;
	const struct hc_provider_config *config;
};

/* Connect. The config must outlive the provider. */
int hc_provider_open(const struct hc_provider_config *config, struct hc_provider **ret_provider);
void hc_provider_close(struct hc_provider *provider);

/*
 * Make a KEK, Active from the start. @label is a unique name for people and
 * for finding the key again after an answer was lost.
 */
int hc_provider_create(struct hc_provider *provider, const char *label,
		       char ret_id[HC_KEK_ID_MAX]);

/*
 * Fetch a KEK. @for_new_use: the key will protect something new, so it must be
 * Active; otherwise Deactivated is allowed too (existing data stays readable).
 * HC_E_KEK_NOT_FOUND, _DENIED, _NOT_ACTIVE, _UNFIT and the connection's errors.
 */
int hc_provider_get(struct hc_provider *provider, const char *id, bool for_new_use,
		    struct hc_secret *ret_kek);

int hc_provider_state(struct hc_provider *provider, const char *id,
		      enum hc_kek_state *ret_state);
const char *hc_kek_state_name(enum hc_kek_state state);

/* Revoke where needed, then destroy: what it protected is lost. */
int hc_provider_destroy(struct hc_provider *provider, const char *id);

int hc_provider_check(struct hc_provider *provider, struct hc_provider_report *ret_report);

/* "host:port" or the directory, for messages. */
const char *hc_provider_endpoint(const struct hc_provider_config *config, char *buffer,
				 size_t size);

int hc_provider_kmip_open(const struct hc_provider_config *config,
			  struct hc_provider **ret_provider);
int hc_provider_local_open(const struct hc_provider_config *config,
			   struct hc_provider **ret_provider);

static inline void hc_provider_closep(struct hc_provider **provider)
{
	hc_provider_close(*provider);
}

#define HC_PROVIDER __attribute__((cleanup(hc_provider_closep))) struct hc_provider *

#endif
