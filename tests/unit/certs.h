/* SPDX-License-Identifier: GPL-2.0 */
/* Certificates made on the spot. */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};

static inline void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

/*
 * A certificate for @cn, valid from @from to @until seconds from now.
 * @issuer NULL: signed by itself, a CA. @san NULL: no alternative name.
 */
static inline struct identity make_identity(const char *cn, const struct identity *issuer,
					    const char *san, long from, long until)
{
	struct identity id = { X509_new(), EVP_EC_gen("P-256") };
	X509 *by = issuer ? issuer->certificate : id.certificate;
	X509_NAME *subject = X509_get_subject_name(id.certificate);

	X509_set_version(id.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(id.certificate), from);
	X509_gmtime_adj(X509_getm_notAfter(id.certificate), until);
	X509_set_pubkey(id.certificate, id.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1,
				   -1, 0);
	X509_set_issuer_name(id.certificate, X509_get_subject_name(by));
	add_extension(id.certificate, by, NID_basic_constraints,
		      issuer ? "critical,CA:false" : "critical,CA:true");
	if (san)
		add_extension(id.certificate, by, NID_subject_alt_name, san);
	X509_sign(id.certificate, issuer ? issuer->key : id.key, EVP_sha256());
	return id;
}

static inline void free_identity(struct identity *id)
{
	X509_free(id->certificate);
	EVP_PKEY_free(id->key);
}

/* Write certificate and, unless NULL, key; the key with @mode. */
static inline void write_identity(const struct identity *id, const char *certificate,
				  const char *key, mode_t mode)
{
	FILE *file = fopen(certificate, "w");

	PEM_write_X509(file, id->certificate);
	fclose(file);
	if (!key)
		return;
	unlink(key);
	file = fdopen(open(key, O_WRONLY | O_CREAT | O_EXCL, 0600), "w");
	PEM_write_PrivateKey(file, id->key, NULL, NULL, 0, NULL, NULL);
	fchmod(fileno(file), mode);
	fclose(file);
}

#endif
