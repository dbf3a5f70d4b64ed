// SPDX-License-Identifier: GPL-2.0
/* The files behind a connection: CA, our certificate, our private key. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "kmip/tls_internal.h"

#define SUITES_12 \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#define SUITES_13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"

static const char *openssl_says(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ? reason : "no reason given";
}

/* Files that are read by OpenSSL itself: say plainly when they cannot be. */
static int check_readable(const char *what, const char *option, const char *path)
{
	if (!path)
		return hc_fail(HC_E_CONFIG, "the provider has no \"%s\": the %s must be named",
			       option, what);
	if (access(path, R_OK) < 0)
		return hc_fail(HC_E_CERT_FILE, "cannot read %s, the %s: %s", path, what,
			       strerror(errno));
	return 0;
}

static int load_ca(SSL_CTX *ctx, const char *path)
{
	int r = check_readable("CA certificate", "ca", path);

	if (r < 0)
		return r;
	ERR_clear_error();
	if (SSL_CTX_load_verify_file(ctx, path) != 1)
		return hc_fail(HC_E_CERT_FILE,
			       "%s holds no CA certificate in PEM form (%s)", path,
			       openssl_says());
	return 0;
}

static int load_certificate(SSL_CTX *ctx, const char *path)
{
	int r = check_readable("certificate of this host", "certificate", path);

	if (r < 0)
		return r;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1)
		return hc_fail(HC_E_CERT_FILE, "%s holds no usable certificate in PEM form (%s)",
			       path, openssl_says());
	return 0;
}

/* Whoever may read the key is this host to the key server. */
static int check_private(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hc_fail_errno(errno, "cannot look at %s", path);
	if (!S_ISREG(st.st_mode))
		return hc_fail(HC_E_CERT_FILE, "%s, the private key, is no file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "%s, the private key, belongs to user %u, who could read and "
			       "replace it; chown it to root",
			       path, st.st_uid);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "%s, the private key, is open to others (mode %03o); do "
			       "\"chmod 600 %s\", and have a new key made if others were on "
			       "this host",
			       path, st.st_mode & 0777, path);
	return 0;
}

/* Never ask on a terminal: the agent has none. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int read_key(int fd, const char *path, EVP_PKEY **ret_key)
{
	bool asked = false;
	BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
	EVP_PKEY *key;

	ERR_clear_error();
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked) : NULL;
	BIO_free(bio);
	if (!key && asked)
		return hc_fail(HC_E_CERT_FILE,
			       "%s, the private key, is encrypted with a passphrase; store it "
			       "without (\"openssl pkey\")",
			       path);
	if (!key)
		return hc_fail(HC_E_CERT_FILE, "%s holds no private key in PEM form (%s)", path,
			       openssl_says());
	*ret_key = key;
	return 0;
}

static int load_key(SSL_CTX *ctx, const struct hc_provider_config *config)
{
	const char *path = config->private_key;
	EVP_PKEY *key = NULL;
	int r, fd;

	if (!path)
		return hc_fail(HC_E_CONFIG, "the provider has no \"private-key\"");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return hc_fail(HC_E_CERT_FILE, "cannot read %s, the private key: %s", path,
			       strerror(errno));
	/* Checked and read through one descriptor: it cannot be swapped in between. */
	r = check_private(fd, path);
	if (r == 0)
		r = read_key(fd, path, &key);
	close(fd);
	if (r < 0)
		return r;
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		r = hc_fail(HC_E_CERT_FILE,
			    "the private key %s does not belong to the certificate %s", path,
			    config->certificate);
	EVP_PKEY_free(key);
	return r;
}

static int check_validity(const X509 *certificate, const char *path)
{
	time_t from = hc_tls_time(X509_get0_notBefore(certificate));
	time_t until = hc_tls_time(X509_get0_notAfter(certificate));
	time_t now = time(NULL);
	char day[32], today[32];

	if (now > until)
		return hc_fail(HC_E_TLS_EXPIRED,
			       "the certificate of this host, %s, expired on %s; have it "
			       "renewed (this host's clock says %s)",
			       path, hc_tls_date(until, day), hc_tls_date(now, today));
	if (now < from)
		return hc_fail(HC_E_TLS_EXPIRED,
			       "the certificate of this host, %s, is not valid before %s; check "
			       "the clock, which says %s",
			       path, hc_tls_date(from, day), hc_tls_date(now, today));
	return 0;
}

static bool serves_clients(X509 *certificate)
{
	/* UINT32_MAX stands for "no such extension", which allows everything. */
	return X509_get_extended_key_usage(certificate) & XKU_SSL_CLIENT;
}

static int load_files(struct hc_tls_context *context)
{
	const struct hc_provider_config *config = context->config;
	X509 *certificate;
	int r;

	r = load_ca(context->ctx, config->ca);
	if (r < 0)
		return r;
	r = load_certificate(context->ctx, config->certificate);
	if (r < 0)
		return r;
	r = load_key(context->ctx, config);
	if (r < 0)
		return r;
	certificate = SSL_CTX_get0_certificate(context->ctx);
	context->until = hc_tls_time(X509_get0_notAfter(certificate));
	context->for_clients = serves_clients(certificate);
	return check_validity(certificate, config->certificate);
}

static bool set_rules(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
				 SSL_OP_NO_TICKET | SSL_OP_CLEANSE_PLAINTEXT);
	/* Buffers that held a key do not wait for the end of the connection. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(ctx, 2);
	/* Whatever stands in the CA file is trusted, also an intermediate CA alone. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, hc_tls_verify);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1;
}

int hc_tls_context_new(const struct hc_provider_config *config,
		       struct hc_tls_context **ret_context)
{
	struct hc_tls_context *context = calloc(1, sizeof(*context));
	int r;

	if (!context)
		return hc_fail(HC_E_MEMORY, "no memory for TLS");
	context->config = config;
	context->ctx = SSL_CTX_new(TLS_client_method());
	if (!context->ctx || !set_rules(context->ctx))
		r = hc_fail(HC_E_INTERNAL, "OpenSSL refused the TLS settings (%s)",
			    openssl_says());
	else
		r = load_files(context);
	if (r < 0) {
		hc_tls_context_free(context);
		return r;
	}
	*ret_context = context;
	return 0;
}

void hc_tls_context_free(struct hc_tls_context *context)
{
	if (!context)
		return;
	SSL_CTX_free(context->ctx);
	free(context);
}

time_t hc_tls_context_until(const struct hc_tls_context *context)
{
	return context->until;
}

bool hc_tls_context_for_clients(const struct hc_tls_context *context)
{
	return context->for_clients;
}
