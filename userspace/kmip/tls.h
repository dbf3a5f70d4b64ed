/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutual TLS to the key server: TLS 1.2 or 1.3, AEAD suites with forward
 * secrecy only, the server's certificate and name always verified against
 * the configured CA and nothing else.
 */
#ifndef HC_KMIP_TLS_H
#define HC_KMIP_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/config.h"
#include "kmip/deadline.h"

/* What the configured files hold; many connections can use it. */
struct hc_tls_context;

/*
 * Read CA, certificate and private key. HC_E_CERT_FILE for what cannot be
 * used, HC_E_KEYFILE_PERMS for a key that others can read or own,
 * HC_E_TLS_EXPIRED for a certificate of ours that is not valid now.
 */
int hc_tls_context_new(const struct hc_provider_config *config,
		       struct hc_tls_context **ret_context);
void hc_tls_context_free(struct hc_tls_context *context);

/* The end of our certificate's validity. */
time_t hc_tls_context_until(const struct hc_tls_context *context);

/* False when our certificate's extended key usage leaves clientAuth out. */
bool hc_tls_context_for_clients(const struct hc_tls_context *context);

struct hc_tls;

/*
 * Connect and shake hands: @deadline bounds all of it, the config's
 * connect-timeout the look-up, each address and the handshake.
 * HC_E_KMS_UNREACHABLE, _KMS_TIMEOUT and the HC_E_TLS_ codes.
 */
int hc_tls_connect(struct hc_tls_context *context, struct hc_deadline deadline,
		   struct hc_tls **ret_tls);

/* The same over a connected non-blocking socket, which it then owns. */
int hc_tls_start(struct hc_tls_context *context, int fd, struct hc_deadline deadline,
		 struct hc_tls **ret_tls);
void hc_tls_close(struct hc_tls *tls);

/*
 * All of @size bytes, or an error: HC_E_KMS_TIMEOUT, HC_E_KMIP_TRUNCATED when
 * the server went away, the HC_E_TLS_ codes when it said why.
 */
int hc_tls_write(struct hc_tls *tls, const void *data, size_t size, struct hc_deadline deadline);
int hc_tls_read(struct hc_tls *tls, void *data, size_t size, struct hc_deadline deadline);

/* Whether bytes have come in that nobody has read. */
bool hc_tls_pending(const struct hc_tls *tls);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384"; end of the server certificate's validity. */
void hc_tls_describe(const struct hc_tls *tls, char *buffer, size_t size);
time_t hc_tls_server_until(const struct hc_tls *tls);

/* "2026-11-24T22:05:00Z" */
const char *hc_tls_date(time_t when, char buffer[32]);

#endif
