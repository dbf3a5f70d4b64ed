// SPDX-License-Identifier: GPL-2.0
/*
 * The TLS client against a server of our own at the other end of a socket
 * pair: whom it trusts, what it refuses, how it reads and waits.
 */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/error.h"
#include "certs.h"
#include "kmip/tls.h"

#define DAY (24L * 60 * 60)

static char folder[] = "/tmp/kmip-tls-XXXXXX";
static char ca_path[64], certificate_path[64], key_path[64];
static struct identity ca, other_ca, client;
static struct hc_provider_config config;
static struct hc_tls_context *context;	/* of the connection made last */
static char name[] = "kms.example", address[] = "10.0.0.1", address6[] = "fd00::1";

/* What the server does once the handshake is done; the default is nothing. */
typedef void (*server_part)(SSL *ssl);

struct server {
	struct identity *identity;
	int version;		/* TLS1_3_VERSION... */
	const char *suites;	/* of TLS 1.2, or NULL */
	server_part part;
	struct identity *signer; /* sent along, or NULL */
};

static void serve(const struct server *server, int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, server->version);
	SSL_CTX_set_max_proto_version(ctx, server->version);
	if (server->suites)
		SSL_CTX_set_cipher_list(ctx, server->suites);
	SSL_CTX_use_certificate(ctx, server->identity->certificate);
	SSL_CTX_use_PrivateKey(ctx, server->identity->key);
	if (server->signer)
		SSL_CTX_add1_chain_cert(ctx, server->signer->certificate);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca.certificate);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && server->part)
		server->part(ssl);
	/* No shutdown: close_notify is left out, as many servers do. */
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static pid_t start_server(const struct server *server, int *ret_fd)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		serve(server, fds[1]);
		close(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*ret_fd = fds[0];
	return pid;
}

/* Connect to @server; @ret_tls only on success. The server's pid in @ret_pid. */
static int connect_to(const struct server *server, pid_t *ret_pid, struct hc_tls **ret_tls)
{
	int r, fd = -1;

	hc_tls_context_free(context);
	context = NULL;
	r = hc_tls_context_new(&config, &context);
	if (r < 0)
		return r;
	*ret_pid = start_server(server, &fd);
	return hc_tls_start(context, fd, hc_deadline_in(5), ret_tls);
}

/* Only the handshake. */
static int shake_hands_with(const struct server *server)
{
	struct hc_tls *tls = NULL;
	pid_t pid = -1;
	int r = connect_to(server, &pid, &tls);

	if (r == 0)
		hc_tls_close(tls);
	waitpid(pid, NULL, 0);
	return r;
}

static int shake_hands(struct identity *identity, int version, const char *suites)
{
	const struct server server = {
		.identity = identity, .version = version, .suites = suites,
	};

	return shake_hands_with(&server);
}

static bool says(const char *words)
{
	return strstr(hc_error_message(), words);
}

static void both_versions_work(void)
{
	struct identity server = make_identity("kms", &ca, "DNS:kms.example", -DAY, DAY);

	EXPECT(shake_hands(&server, TLS1_3_VERSION, NULL) == 0);
	EXPECT(shake_hands(&server, TLS1_2_VERSION, NULL) == 0);
	free_identity(&server);
}

static void old_versions_are_refused(void)
{
	struct identity server = make_identity("kms", &ca, "DNS:kms.example", -DAY, DAY);

	EXPECT(shake_hands(&server, TLS1_1_VERSION, "DEFAULT:@SECLEVEL=0") == HC_E_TLS_REFUSED);
	EXPECT(shake_hands(&server, TLS1_VERSION, "DEFAULT:@SECLEVEL=0") == HC_E_TLS_REFUSED);
	free_identity(&server);
}

/* CBC modes and suites without authentication. */
static void old_suites_are_refused(void)
{
	struct identity server = make_identity("kms", &ca, "DNS:kms.example", -DAY, DAY);

	EXPECT(shake_hands(&server, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256") ==
	       HC_E_TLS_REFUSED);
	EXPECT(shake_hands(&server, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA") == HC_E_TLS_REFUSED);
	EXPECT(shake_hands(&server, TLS1_2_VERSION, "AECDH-AES256-SHA:@SECLEVEL=0") ==
	       HC_E_TLS_REFUSED);
	EXPECT(shake_hands(&server, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384") == 0);
	EXPECT(shake_hands(&server, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305") == 0);
	free_identity(&server);
}

static void foreign_certificates_are_refused(void)
{
	struct identity other = make_identity("kms", &other_ca, "DNS:kms.example", -DAY, DAY);
	struct identity self = make_identity("kms", NULL, "DNS:kms.example", -DAY, DAY);

	EXPECT(shake_hands(&other, TLS1_3_VERSION, NULL) == HC_E_TLS_UNTRUSTED);
	EXPECT(says(ca_path) && says("CN=kms") && says("CN=other CA"));
	EXPECT(shake_hands(&other, TLS1_2_VERSION, NULL) == HC_E_TLS_UNTRUSTED);
	EXPECT(shake_hands(&self, TLS1_3_VERSION, NULL) == HC_E_TLS_UNTRUSTED);
	free_identity(&other);
	free_identity(&self);
}

/* The CA file may hold an intermediate CA alone. */
static void intermediate_is_enough(void)
{
	struct identity root = make_identity("root", NULL, NULL, -DAY, DAY);
	struct identity middle = make_identity("middle", &root, NULL, -DAY, DAY);
	struct identity server;

	/* make_identity() makes no CA that another one signed, so do it here. */
	X509_delete_ext(middle.certificate,
			X509_get_ext_by_NID(middle.certificate, NID_basic_constraints, -1));
	add_extension(middle.certificate, root.certificate, NID_basic_constraints,
		      "critical,CA:true");
	X509_sign(middle.certificate, root.key, EVP_sha256());
	server = make_identity("kms", &middle, "DNS:kms.example", -DAY, DAY);
	EXPECT(shake_hands(&server, TLS1_3_VERSION, NULL) == HC_E_TLS_UNTRUSTED);
	write_identity(&middle, ca_path, NULL, 0);
	/* Our own certificate is from another CA, which is no matter of ours. */
	EXPECT(shake_hands(&server, TLS1_3_VERSION, NULL) == 0);
	write_identity(&ca, ca_path, NULL, 0);
	free_identity(&server);
	free_identity(&middle);
	free_identity(&root);
}

/* One who only has a certificate of our CA is no CA. */
static void clients_cannot_sign(void)
{
	struct identity server = make_identity("kms", &client, "DNS:kms.example", -DAY, DAY);
	const struct server s = {
		.identity = &server, .version = TLS1_3_VERSION, .signer = &client,
	};

	EXPECT(shake_hands_with(&s) == HC_E_TLS_UNTRUSTED && says("invalid CA certificate"));
	free_identity(&server);
}

static int shake_hands_as(const char *san)
{
	struct identity server = make_identity("kms.example", &ca, san, -DAY, DAY);
	int r = shake_hands(&server, TLS1_3_VERSION, NULL);

	free_identity(&server);
	return r;
}

static void name_must_be_in_the_certificate(void)
{
	EXPECT(shake_hands_as("DNS:kms.example") == 0);
	EXPECT(shake_hands_as("DNS:other.example,DNS:KMS.example") == 0);
	EXPECT(shake_hands_as("DNS:*.example") == HC_E_TLS_HOSTNAME); /* a top-level one */
	EXPECT(shake_hands_as("DNS:other.example") == HC_E_TLS_HOSTNAME);
	EXPECT(says("DNS:other.example") && says("not for kms.example"));
	EXPECT(shake_hands_as("DNS:kms.example.org") == HC_E_TLS_HOSTNAME);
	EXPECT(shake_hands_as("DNS:kms*.example") == HC_E_TLS_HOSTNAME);
	EXPECT(shake_hands_as("IP:10.0.0.1") == HC_E_TLS_HOSTNAME);
	/* The subject's CN is no host name. */
	EXPECT(shake_hands_as(NULL) == HC_E_TLS_HOSTNAME && says("no name at all"));
}

static void address_must_be_in_the_certificate(void)
{
	config.host = address;
	EXPECT(shake_hands_as("IP:10.0.0.1") == 0);
	EXPECT(shake_hands_as("IP:10.0.0.2") == HC_E_TLS_HOSTNAME);
	EXPECT(shake_hands_as("DNS:10.0.0.1") == HC_E_TLS_HOSTNAME);
	config.host = address6;
	EXPECT(shake_hands_as("IP:fd00::1") == 0);
	EXPECT(shake_hands_as("IP:fd00::2") == HC_E_TLS_HOSTNAME);
	/* "server-name" goes before the address. */
	config.host = address;
	config.server_name = name;
	EXPECT(shake_hands_as("DNS:kms.example") == 0);
	EXPECT(shake_hands_as("IP:10.0.0.1") == HC_E_TLS_HOSTNAME);
	config.server_name = NULL;
	config.host = name;
}

static void validity_is_checked(void)
{
	struct identity old = make_identity("kms", &ca, "DNS:kms.example", -9 * DAY, -DAY);
	struct identity early = make_identity("kms", &ca, "DNS:kms.example", DAY, 9 * DAY);

	EXPECT(shake_hands(&old, TLS1_3_VERSION, NULL) == HC_E_TLS_EXPIRED);
	EXPECT(says("expired on 20") && says("CN=kms"));
	EXPECT(shake_hands(&early, TLS1_3_VERSION, NULL) == HC_E_TLS_EXPIRED);
	EXPECT(says("not valid before 20"));
	free_identity(&old);
	free_identity(&early);
}

static void our_certificate_must_be_valid(void)
{
	struct identity old = make_identity("host", &ca, NULL, -9 * DAY, -DAY);
	struct identity early = make_identity("host", &ca, NULL, DAY, 9 * DAY);
	struct hc_tls_context *fresh = NULL;

	write_identity(&old, certificate_path, key_path, 0600);
	EXPECT(hc_tls_context_new(&config, &fresh) == HC_E_TLS_EXPIRED);
	EXPECT(says(certificate_path) && says("expired on"));
	write_identity(&early, certificate_path, key_path, 0600);
	EXPECT(hc_tls_context_new(&config, &fresh) == HC_E_TLS_EXPIRED);
	EXPECT(says("not valid before") && !fresh);
	write_identity(&client, certificate_path, key_path, 0600);
	free_identity(&old);
	free_identity(&early);
}

static void our_key_must_be_private(void)
{
	static const mode_t open_modes[] = { 0640, 0620, 0610, 0604, 0602, 0601, 0666 };
	struct hc_tls_context *fresh = NULL;

	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		chmod(key_path, open_modes[i]);
		EXPECT(hc_tls_context_new(&config, &fresh) == HC_E_KEYFILE_PERMS);
		EXPECT(says(key_path) && says("chmod 600") && !fresh);
	}
	chmod(key_path, 0400);
	EXPECT(hc_tls_context_new(&config, &fresh) == 0);
	hc_tls_context_free(fresh);
	chmod(key_path, 0600);
}

static void our_key_must_fit(void)
{
	struct hc_tls_context *fresh = NULL;

	write_identity(&ca, ca_path, key_path, 0600);
	EXPECT(hc_tls_context_new(&config, &fresh) == HC_E_CERT_FILE && says("does not belong"));
	write_identity(&client, certificate_path, key_path, 0600);
}

/* A server that refuses us says so after a handshake of TLS 1.3. */
static void refused_client_learns_why(void)
{
	struct identity server = make_identity("kms", &ca, "DNS:kms.example", -DAY, DAY);
	struct identity foreign = make_identity("host", &other_ca, NULL, -DAY, DAY);
	const struct server s = { .identity = &server, .version = TLS1_3_VERSION };
	struct hc_tls *tls = NULL;
	pid_t pid = -1;
	char byte;
	int r;

	write_identity(&foreign, certificate_path, key_path, 0600);
	r = connect_to(&s, &pid, &tls);
	waitpid(pid, NULL, 0);
	/* By now the server is gone: writing must neither kill us nor hide the alert. */
	if (EXPECT(r == 0)) {
		r = hc_tls_write(tls, "request", 7, hc_deadline_in(5));
		if (r == 0)
			r = hc_tls_read(tls, &byte, 1, hc_deadline_in(5));
		EXPECT(r == HC_E_TLS_REFUSED && says("unknown CA") && says(certificate_path));
		hc_tls_close(tls);
	}
	EXPECT(shake_hands(&server, TLS1_2_VERSION, NULL) == HC_E_TLS_REFUSED);
	EXPECT(says("unknown CA"));
	write_identity(&client, certificate_path, key_path, 0600);
	free_identity(&server);
	free_identity(&foreign);
}

static struct hc_tls *talk_to(server_part part, pid_t *ret_pid)
{
	struct identity server = make_identity("kms", &ca, "DNS:kms.example", -DAY, DAY);
	const struct server s = { .identity = &server, .version = TLS1_3_VERSION, .part = part };
	struct hc_tls *tls = NULL;

	EXPECT(connect_to(&s, ret_pid, &tls) == 0);
	free_identity(&server);
	return tls;
}

static void echo_slowly(SSL *ssl)
{
	char text[16];

	if (SSL_read(ssl, text, sizeof(text)) != 16)
		return;
	for (int i = 0; i < 16; i++) {
		SSL_write(ssl, text + i, 1);
		usleep(2000);
	}
}

/* Many small pieces are one read; the end without close_notify comes after it. */
static void pieces_are_put_together(void)
{
	char text[17] = "";
	pid_t pid = -1;
	struct hc_tls *tls = talk_to(echo_slowly, &pid);

	if (!tls)
		return;
	EXPECT(hc_tls_write(tls, "0123456789abcdef", 16, hc_deadline_in(5)) == 0);
	EXPECT(hc_tls_read(tls, text, 8, hc_deadline_in(5)) == 0);
	EXPECT(hc_tls_read(tls, text + 8, 8, hc_deadline_in(5)) == 0);
	EXPECT(strcmp(text, "0123456789abcdef") == 0 && !hc_tls_pending(tls));
	EXPECT(hc_tls_read(tls, text, 1, hc_deadline_in(5)) == HC_E_KMIP_TRUNCATED);
	EXPECT(says("closed the connection"));
	hc_tls_close(tls);
	waitpid(pid, NULL, 0);
}

static void write_half(SSL *ssl)
{
	SSL_write(ssl, "01234567", 8);
}

static void end_in_the_middle_is_noticed(void)
{
	char text[16];
	pid_t pid = -1;
	struct hc_tls *tls = talk_to(write_half, &pid);

	if (!tls)
		return;
	EXPECT(hc_tls_read(tls, text, 16, hc_deadline_in(5)) == HC_E_KMIP_TRUNCATED);
	hc_tls_close(tls);
	waitpid(pid, NULL, 0);
}

static void sleep_long(SSL *ssl)
{
	(void)ssl;
	pause();
}

static void drip_forever(SSL *ssl)
{
	while (SSL_write(ssl, "x", 1) == 1)
		usleep(50000);
}

/* The time limit is for the whole, not for each byte. */
static void waiting_ends(void)
{
	static const server_part parts[] = { sleep_long, drip_forever };
	char text[1024];

	for (size_t i = 0; i < 2; i++) {
		int64_t start = hc_now_ms();
		pid_t pid = -1;
		struct hc_tls *tls = talk_to(parts[i], &pid);

		if (!tls)
			return;
		EXPECT(hc_tls_read(tls, text, sizeof(text), hc_deadline_in(1)) ==
		       HC_E_KMS_TIMEOUT);
		EXPECT(hc_now_ms() - start >= 900 && hc_now_ms() - start < 3000);
		hc_tls_close(tls);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void handshake_that_hangs_ends(void)
{
	struct hc_tls_context *fresh = NULL;
	struct hc_tls *tls = NULL;
	int fds[2];

	if (!EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0 &&
		    hc_tls_context_new(&config, &fresh) == 0))
		return;
	EXPECT(hc_tls_start(fresh, fds[0], hc_deadline_in(1), &tls) == HC_E_KMS_TIMEOUT);
	EXPECT(says("handshake") && !tls);
	close(fds[1]);
	hc_tls_context_free(fresh);
}

static void prepare(void)
{
	if (!mkdtemp(folder))
		abort();
	snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", folder);
	snprintf(certificate_path, sizeof(certificate_path), "%s/client.pem", folder);
	snprintf(key_path, sizeof(key_path), "%s/client.key", folder);
	ca = make_identity("CA", NULL, NULL, -DAY, 9 * DAY);
	other_ca = make_identity("other CA", NULL, NULL, -DAY, 9 * DAY);
	client = make_identity("host", &ca, NULL, -DAY, 9 * DAY);
	write_identity(&ca, ca_path, NULL, 0);
	write_identity(&client, certificate_path, key_path, 0600);
	config = (struct hc_provider_config){
		.host = name,
		.port = 5696,
		.ca = ca_path,
		.certificate = certificate_path,
		.private_key = key_path,
		.connect_timeout_s = 1,
		.timeout_s = 5,
	};
}

static void clean_up(void)
{
	hc_tls_context_free(context);
	unlink(ca_path);
	unlink(certificate_path);
	unlink(key_path);
	rmdir(folder);
	free_identity(&ca);
	free_identity(&other_ca);
	free_identity(&client);
}

int main(void)
{
	prepare();
	RUN(both_versions_work);
	RUN(old_versions_are_refused);
	RUN(old_suites_are_refused);
	RUN(foreign_certificates_are_refused);
	RUN(intermediate_is_enough);
	RUN(clients_cannot_sign);
	RUN(name_must_be_in_the_certificate);
	RUN(address_must_be_in_the_certificate);
	RUN(validity_is_checked);
	RUN(our_certificate_must_be_valid);
	RUN(our_key_must_be_private);
	RUN(our_key_must_fit);
	RUN(refused_client_learns_why);
	RUN(pieces_are_put_together);
	RUN(end_in_the_middle_is_noticed);
	RUN(waiting_ends);
	RUN(handshake_that_hangs_ends);
	clean_up();
	return unit_result();
}
