/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A KMIP client: one server, one request at a time (KMIP 1.0 to 1.4).
 *
 * Every function fails with HC_E_KMS_UNREACHABLE, _KMS_TIMEOUT, the HC_E_TLS_
 * codes (see tls.h), HC_E_KMIP_TRUNCATED, _KMIP_MALFORMED, _KMIP_TOO_LARGE, or
 * with what the server's refusal means: HC_E_KEK_NOT_FOUND, _KEK_DENIED,
 * _KEK_NOT_ACTIVE, _KEK_UNFIT, _KMIP_AUTH, _KMIP_VERSION, _KMIP_REFUSED. The
 * sentence names server, operation, key and the server's own words.
 *
 * A connection that failed is dropped and made anew by the next call.
 */
#ifndef HC_KMIP_CLIENT_H
#define HC_KMIP_CLIENT_H

#include <stdbool.h>
#include <time.h>

#include "base/config.h"
#include "kmip/message.h"

struct hc_kmip_client;

/* Read the certificates, connect, agree on a version. The config must outlive the client. */
int hc_kmip_open(const struct hc_provider_config *config, struct hc_kmip_client **ret_client);
void hc_kmip_close(struct hc_kmip_client *client);

/* Start the clock: what follows must be over within the config's timeout. */
void hc_kmip_begin(struct hc_kmip_client *client);

/* Close and open the connection and agree on a version again. */
int hc_kmip_reconnect(struct hc_kmip_client *client);

/*
 * Whether the last call failed in such a way that the server may have done
 * what was asked: the request went out, and no usable answer came.
 */
bool hc_kmip_lost(const struct hc_kmip_client *client);

/* An AES-256 key called @name; its state is the server's choice. */
int hc_kmip_create(struct hc_kmip_client *client, const char *name, char ret_id[HC_KMIP_ID_MAX]);

/* An RSA key pair with a name for each half; the states are the server's choice. */
int hc_kmip_create_pair(struct hc_kmip_client *client, const char *private_name,
			const char *public_name, unsigned bits,
			char ret_private_id[HC_KMIP_ID_MAX], char ret_public_id[HC_KMIP_ID_MAX]);

/* Objects of @type called @name: 0, 1 or 2 (for more); the first one's id. */
int hc_kmip_locate(struct hc_kmip_client *client, enum hc_kmip_object type, const char *name,
		   char ret_id[HC_KMIP_ID_MAX], unsigned *ret_found);
int hc_kmip_get_attributes(struct hc_kmip_client *client, const char *id,
			   struct hc_kmip_attributes *ret_attributes);

/* The key's bytes whatever its state: servers do not look at it, the caller must. */
int hc_kmip_get(struct hc_kmip_client *client, const char *id, enum hc_kmip_object type,
		struct hc_kmip_key *ret_key);

/* Have the server decrypt @data with the private key @id: RSA-OAEP, SHA-256, no label. */
int hc_kmip_decrypt(struct hc_kmip_client *client, const char *id, const void *data, size_t size,
		    struct hc_secret *ret_data);
int hc_kmip_activate(struct hc_kmip_client *client, const char *id);
int hc_kmip_revoke(struct hc_kmip_client *client, const char *id, const char *why);
int hc_kmip_destroy(struct hc_kmip_client *client, const char *id);
int hc_kmip_query(struct hc_kmip_client *client, struct hc_kmip_server_info *ret_info);

/* About the connection as it is now. */
struct hc_kmip_connection {
	unsigned minor;			/* KMIP 1.x */
	char tls[96];
	time_t own_until;		/* ends of the certificates' validity */
	time_t server_until;		/* 0 when not connected */
	bool own_for_clients;		/* our certificate allows clientAuth */
};

void hc_kmip_describe(const struct hc_kmip_client *client, struct hc_kmip_connection *ret);

#endif
