// SPDX-License-Identifier: GPL-2.0
/* What went wrong with TLS, in words for the administrator. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "kmip/text.h"
#include "kmip/tls_internal.h"

time_t hc_tls_time(const ASN1_TIME *asn1)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(asn1, &tm) != 1)
		return 0;
	return timegm(&tm);
}

const char *hc_tls_date(time_t when, char buffer[32])
{
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(buffer, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(buffer, "?");
	return buffer;
}

/* What @bio collected, cleaned. */
static void collect(BIO *bio, char *buffer, size_t size)
{
	char *text = NULL;
	long length = bio ? BIO_get_mem_data(bio, &text) : 0;

	hc_text_clean((const uint8_t *)text, length > 0 ? (size_t)length : 0, buffer, size);
	BIO_free(bio);
}

void hc_tls_name(const X509_NAME *name, char *buffer, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio)
		X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	collect(bio, buffer, size);
}

void hc_tls_alternative_names(X509 *certificate, char *buffer, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	BIO *bio = BIO_new(BIO_s_mem());

	for (int i = 0; bio && i < sk_GENERAL_NAME_num(names); i++) {
		BIO_puts(bio, i ? ", " : "");
		GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
	collect(bio, buffer, size);
	if (!buffer[0])
		snprintf(buffer, size, "no name at all");
}

const char *hc_tls_expected_name(const struct hc_provider_config *config)
{
	return config->server_name ? config->server_name : config->host;
}

static int judge_time(X509 *certificate, int error, char *text, size_t size)
{
	char name[128], day[32], now[32];
	bool late = error == X509_V_ERR_CERT_HAS_EXPIRED;

	hc_tls_name(X509_get_subject_name(certificate), name, sizeof(name));
	hc_tls_date(hc_tls_time(late ? X509_get0_notAfter(certificate) :
				       X509_get0_notBefore(certificate)), day);
	snprintf(text, size,
		 "the key server's certificate (%s) %s %s; have it renewed there, or set this "
		 "host's clock, which says %s",
		 name, late ? "expired on" : "is not valid before", day,
		 hc_tls_date(time(NULL), now));
	return HC_E_TLS_EXPIRED;
}

static int judge_name(X509 *certificate, const struct hc_provider_config *config, char *text,
		      size_t size)
{
	char names[200];

	hc_tls_alternative_names(certificate, names, sizeof(names));
	snprintf(text, size,
		 "the key server's certificate is for %s, not for %s; correct \"server\", set "
		 "\"server-name\" if this is the right server, or have the name put into its "
		 "certificate",
		 names, hc_tls_expected_name(config));
	return HC_E_TLS_HOSTNAME;
}

static int judge_trust(X509 *certificate, int error, const struct hc_provider_config *config,
		       char *text, size_t size)
{
	char name[128], issuer[128];

	hc_tls_name(X509_get_subject_name(certificate), name, sizeof(name));
	hc_tls_name(X509_get_issuer_name(certificate), issuer, sizeof(issuer));
	snprintf(text, size,
		 "the certificate %s, signed by %s, is not trusted (%s); if this is the right "
		 "server, put its CA certificate into %s",
		 name, issuer, X509_verify_cert_error_string(error), config->ca);
	return HC_E_TLS_UNTRUSTED;
}

int hc_tls_verify(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct hc_tls *tls = SSL_get_app_data(ssl);
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	char *text = tls->verdict_text;
	size_t size = sizeof(tls->verdict_text);

	if (good)
		return 1;
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		tls->verdict = judge_time(certificate, error, text, size);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		tls->verdict = judge_name(certificate, tls->context->config, text, size);
		break;
	default:
		tls->verdict = judge_trust(certificate, error, tls->context->config, text, size);
	}
	return 0;
}

/* The server sent an alert: it does not like us, or we have nothing in common. */
static int alert_failure(const struct hc_tls *tls, int alert)
{
	const struct hc_provider_config *config = tls->context->config;
	const char *words = SSL_alert_desc_string_long(alert);

	switch (alert) {
	case SSL_AD_CERTIFICATE_EXPIRED:
		return hc_fail(HC_E_TLS_EXPIRED,
			       "the key server says that this host's certificate, %s, is "
			       "expired; compare the two clocks, or have it renewed",
			       config->certificate);
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return hc_fail(HC_E_TLS_REFUSED,
			       "the key server does not accept this host's certificate, %s (TLS "
			       "alert \"%s\"); have the key server trust it",
			       config->certificate, words);
	case SSL_AD_PROTOCOL_VERSION:
	case SSL_AD_HANDSHAKE_FAILURE:
	case SSL_AD_INSUFFICIENT_SECURITY:
		return hc_fail(HC_E_TLS_REFUSED,
			       "the key server refused the handshake (TLS alert \"%s\"); it "
			       "must offer TLS 1.2 or 1.3 with an ECDHE AES-GCM or ChaCha20 "
			       "suite and accept this host's certificate, %s",
			       words, config->certificate);
	}
	return hc_fail(HC_E_TLS_REFUSED, "the key server ended the connection (TLS alert \"%s\")",
		       words);
}

static int closed(int code, const char *doing)
{
	return hc_fail((enum hc_error)code, "the key server closed the connection during %s",
		       doing);
}

static int protocol_failure(struct hc_tls *tls, int gone, const char *doing)
{
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
	const char *words = ERR_reason_error_string(error);

	if (tls->verdict)
		return hc_fail((enum hc_error)tls->verdict, "%s", tls->verdict_text);
	if (reason > SSL_AD_REASON_OFFSET)
		return alert_failure(tls, reason - SSL_AD_REASON_OFFSET);
	switch (reason) {
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return closed(gone, doing);
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_HTTP_REQUEST:
		return hc_fail(HC_E_TLS_REFUSED,
			       "the other side does not speak TLS; check the port in \"server\"");
	}
	return hc_fail(HC_E_TLS_REFUSED, "%s failed (%s)", doing,
		       words ? words : "no reason given");
}

int hc_tls_failure(struct hc_tls *tls, int ssl_error, int errnum, int gone, const char *doing)
{
	if (ssl_error == SSL_ERROR_SSL)
		return protocol_failure(tls, gone, doing);
	if (ssl_error == SSL_ERROR_SYSCALL && errnum != 0)
		return hc_fail((enum hc_error)gone, "the connection broke during %s (%s)", doing,
			       strerror(errnum));
	/* An end without an errno, with or without a close_notify. */
	return closed(gone, doing);
}
