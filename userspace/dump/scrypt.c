// SPDX-License-Identifier: GPL-2.0
#include "dump/scrypt.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/error.h"
#include "dump/gcm.h"

#define COST_N (1 << 17)
#define COST_R 8
#define COST_P 1

/* What is read: not cheaper than 16 MiB, and at most 256 MiB, four times over. */
#define N_MIN (1 << 14)
#define N_MAX (1 << 20)
#define R_MIN 8
#define R_MAX 32
#define P_MAX 4
#define BYTES_MAX (256U << 20)

int hc_dump_scrypt_new(struct hc_dump_scrypt *ret_scrypt)
{
	struct hc_dump_scrypt scrypt = { .n = COST_N, .r = COST_R, .p = COST_P };

	if (getrandom(scrypt.salt, sizeof(scrypt.salt), 0) != (ssize_t)sizeof(scrypt.salt))
		return hc_fail_errno(errno, "no random bytes from the kernel");
	*ret_scrypt = scrypt;
	return 0;
}

bool hc_dump_scrypt_affordable(const struct hc_dump_scrypt *scrypt)
{
	return scrypt->n >= N_MIN && scrypt->n <= N_MAX && (scrypt->n & (scrypt->n - 1)) == 0 &&
	       scrypt->r >= R_MIN && scrypt->r <= R_MAX && scrypt->p >= 1 && scrypt->p <= P_MAX &&
	       128 * scrypt->n * scrypt->r <= BYTES_MAX;
}

static int derive(const struct hc_dump_scrypt *scrypt, const struct hc_secret *passphrase,
		  struct hc_secret *ret_kek)
{
	uint64_t n = scrypt->n, most = 2ULL * BYTES_MAX;
	uint32_t block = scrypt->r, lanes = scrypt->p;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	/* OpenSSL does not write through these; OSSL_PARAM merely lacks const. */
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, passphrase->data,
						  passphrase->size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
						  (void *)(uintptr_t)scrypt->salt,
						  sizeof(scrypt->salt)),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &block),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &lanes),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
		OSSL_PARAM_construct_end(),
	};
	HC_SECRET kek = { 0 };
	int r = hc_secret_alloc(HC_DUMP_KEY_SIZE, &kek);

	if (r == 0 && (!context || EVP_KDF_derive(context, kek.data, kek.size, params) != 1))
		r = hc_fail(HC_E_MEMORY, "no %llu MiB of memory for the passphrase's scrypt",
			    (unsigned long long)(128 * n * block >> 20));
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	if (r < 0)
		return r;
	*ret_kek = kek;
	kek = (struct hc_secret){ 0 };
	return 0;
}

int hc_dump_scrypt_wrap(const struct hc_dump_scrypt *scrypt, const struct hc_secret *passphrase,
			const struct hc_secret *dump_key,
			uint8_t ret_wrapped[HC_DUMP_SCRYPT_WRAPPED])
{
	HC_SECRET kek = { 0 };
	int r = derive(scrypt, passphrase, &kek);

	return r < 0 ? r : hc_dump_gcm_wrap_key(&kek, dump_key, ret_wrapped);
}

int hc_dump_scrypt_unwrap(const struct hc_dump_scrypt *scrypt, const struct hc_secret *passphrase,
			  const uint8_t *wrapped, size_t size, struct hc_secret *ret_dump_key)
{
	HC_SECRET kek = { 0 };
	int r;

	if (size != HC_DUMP_SCRYPT_WRAPPED)
		return hc_fail(HC_E_DUMP_DAMAGED, "the wrapped key has a wrong length");
	r = derive(scrypt, passphrase, &kek);
	if (r == 0)
		r = hc_dump_gcm_unwrap_key(&kek, wrapped, ret_dump_key);
	return r == HC_E_DUMP_DAMAGED ? hc_fail(HC_E_DUMP_RECIPIENT, "the passphrase is wrong") : r;
}
