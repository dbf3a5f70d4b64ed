// SPDX-License-Identifier: GPL-2.0
#include "kmip/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "kmip/net.h"
#include "kmip/tls_internal.h"

static bool is_address(const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* Which name the certificate must carry; an address is not sent as SNI. */
static bool set_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_address(name))
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

/*
 * After an SSL call returned @n: 1 when it only wants the socket to become
 * ready and that came in time, 0 when time is over, or the failure.
 */
static int wait_for_tls(struct hc_tls *tls, int n, struct hc_deadline deadline, int gone,
			const char *doing)
{
	int errnum = errno;
	int error = SSL_get_error(tls->ssl, n);

	if (error == SSL_ERROR_WANT_READ)
		return hc_deadline_wait(deadline, tls->fd, POLLIN);
	if (error == SSL_ERROR_WANT_WRITE)
		return hc_deadline_wait(deadline, tls->fd, POLLOUT);
	return hc_tls_failure(tls, error, errnum, gone, doing);
}

/* Each SSL call starts from a clean slate, or it is blamed for old errors. */
static void forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}

static int shake_hands(struct hc_tls *tls, struct hc_deadline deadline)
{
	int n, r;

	for (;;) {
		forget_errors();
		n = SSL_do_handshake(tls->ssl);
		if (n == 1)
			break;
		r = wait_for_tls(tls, n, deadline, HC_E_TLS_REFUSED, "the TLS handshake");
		if (r < 0)
			return r;
		if (r == 0)
			return hc_fail(HC_E_KMS_TIMEOUT,
				       "the key server accepted the connection but did not "
				       "finish the TLS handshake in time");
	}
	/* The callback has refused anything else; this must stay true. */
	if (SSL_get_verify_result(tls->ssl) != X509_V_OK || !SSL_get0_peer_certificate(tls->ssl))
		return hc_fail(HC_E_TLS_UNTRUSTED, "the key server showed no valid certificate");
	return 0;
}

int hc_tls_start(struct hc_tls_context *context, int fd, struct hc_deadline deadline,
		 struct hc_tls **ret_tls)
{
	struct hc_tls *tls = calloc(1, sizeof(*tls));
	BIO *bio = NULL;
	int r;

	if (!tls) {
		close(fd);
		return hc_fail(HC_E_MEMORY, "no memory for TLS");
	}
	tls->fd = fd;
	tls->context = context;
	tls->ssl = SSL_new(context->ctx);
	if (tls->ssl)
		bio = hc_tls_bio(&tls->fd);
	if (bio) {
		SSL_set_bio(tls->ssl, bio, bio);
		SSL_set_app_data(tls->ssl, tls);
		SSL_set_connect_state(tls->ssl);
	}
	if (!bio || !set_name(tls->ssl, hc_tls_expected_name(context->config)))
		r = hc_fail(HC_E_INTERNAL, "OpenSSL refused to make a connection");
	else
		r = shake_hands(tls, deadline);
	if (r < 0) {
		hc_tls_close(tls);
		return r;
	}
	*ret_tls = tls;
	return 0;
}

int hc_tls_connect(struct hc_tls_context *context, struct hc_deadline deadline,
		   struct hc_tls **ret_tls)
{
	const struct hc_provider_config *config = context->config;
	unsigned seconds = config->connect_timeout_s;
	int r, fd;

	r = hc_net_connect(config->host, config->port, seconds, deadline, &fd);
	if (r < 0)
		return r;
	return hc_tls_start(context, fd, hc_deadline_sooner(hc_deadline_in(seconds), deadline),
			    ret_tls);
}

void hc_tls_close(struct hc_tls *tls)
{
	if (!tls)
		return;
	/* Our close_notify if it can go at once; theirs is not waited for. */
	if (tls->ssl && SSL_is_init_finished(tls->ssl)) {
		forget_errors();
		(void)SSL_shutdown(tls->ssl);
	}
	SSL_free(tls->ssl);
	ERR_clear_error();
	close(tls->fd);
	free(tls);
}

/*
 * A TLS 1.3 server that refuses our certificate says so after the handshake
 * and closes; a write may then fail before the alert was read.
 */
static int write_failure(struct hc_tls *tls, int failure)
{
	char byte;
	int n;

	if (failure != HC_E_KMIP_TRUNCATED)
		return failure;
	forget_errors();
	n = SSL_read(tls->ssl, &byte, 1);
	if (n <= 0 && SSL_get_error(tls->ssl, n) == SSL_ERROR_SSL)
		return hc_tls_failure(tls, SSL_ERROR_SSL, 0, HC_E_KMIP_TRUNCATED, "the request");
	return failure;
}

int hc_tls_write(struct hc_tls *tls, const void *data, size_t size, struct hc_deadline deadline)
{
	const char *at = data;
	size_t done = 0, n;
	int r;

	while (done < size) {
		forget_errors();
		r = SSL_write_ex(tls->ssl, at + done, size - done, &n);
		if (r == 1) {
			done += n;
			continue;
		}
		r = wait_for_tls(tls, r, deadline, HC_E_KMIP_TRUNCATED, "the request");
		if (r < 0)
			return write_failure(tls, r);
		if (r == 0)
			return hc_fail(HC_E_KMS_TIMEOUT,
				       "the key server did not take the request in time");
	}
	return 0;
}

int hc_tls_read(struct hc_tls *tls, void *data, size_t size, struct hc_deadline deadline)
{
	char *at = data;
	size_t done = 0, n;
	int r;

	while (done < size) {
		forget_errors();
		r = SSL_read_ex(tls->ssl, at + done, size - done, &n);
		if (r == 1) {
			done += n;
			continue;
		}
		r = wait_for_tls(tls, r, deadline, HC_E_KMIP_TRUNCATED, "the answer");
		if (r < 0)
			return r;
		if (r == 0)
			return hc_fail(HC_E_KMS_TIMEOUT, "the key server did not answer in time");
	}
	return 0;
}

bool hc_tls_pending(const struct hc_tls *tls)
{
	return SSL_pending(tls->ssl) > 0;
}

void hc_tls_describe(const struct hc_tls *tls, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s %s", SSL_get_version(tls->ssl), SSL_get_cipher_name(tls->ssl));
}

time_t hc_tls_server_until(const struct hc_tls *tls)
{
	return hc_tls_time(X509_get0_notAfter(SSL_get0_peer_certificate(tls->ssl)));
}
