/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the TLS client share. */
#ifndef HC_KMIP_TLS_INTERNAL_H
#define HC_KMIP_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "kmip/tls.h"

struct hc_tls_context {
	SSL_CTX *ctx;
	const struct hc_provider_config *config;
	time_t until;
	bool for_clients;
};

struct hc_tls {
	SSL *ssl;
	int fd;
	const struct hc_tls_context *context;
	/* Why the server's certificate was refused: code and sentence; 0 if it was not. */
	int verdict;
	char verdict_text[512];
};

/* A certificate's subject, issuer or names for people, cleaned. */
void hc_tls_name(const X509_NAME *name, char *buffer, size_t size);
void hc_tls_alternative_names(X509 *certificate, char *buffer, size_t size);
time_t hc_tls_time(const ASN1_TIME *time);

/* The verify callback: records code and sentence for a bad certificate. */
int hc_tls_verify(int good, X509_STORE_CTX *store);

/* The name the server's certificate must carry. */
const char *hc_tls_expected_name(const struct hc_provider_config *config);

/*
 * The failure of an SSL call as code and sentence. @doing is "the TLS
 * handshake" or the like; @gone is the code when the server just went away.
 */
int hc_tls_failure(struct hc_tls *tls, int ssl_error, int errnum, int gone, const char *doing);

/* A BIO over @fd that never raises SIGPIPE; the fd stays the caller's. */
BIO *hc_tls_bio(const int *fd);

#endif
