// SPDX-License-Identifier: GPL-2.0
#include "base/secret.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/error.h"

/*
 * OpenSSL's own buffers (a TLS record with a KEK in it, HMAC contexts) are
 * ordinary heap that libssl frees without wiping. A size in front of each
 * block lets us wipe all of it whoever frees it.
 */
union block {
	size_t size;
	max_align_t align;
};

static void *wiping_malloc(size_t size, const char *file, int line)
{
	union block *block;

	(void)file;
	(void)line;
	if (size == 0 || size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	return block + 1;
}

static void wiping_free(void *data, const char *file, int line)
{
	union block *block = data;

	(void)file;
	(void)line;
	if (!data)
		return;
	block--;
	explicit_bzero(block, sizeof(*block) + block->size);
	free(block);
}

static void *wiping_realloc(void *data, size_t size, const char *file, int line)
{
	union block *old = data;
	void *bigger;

	if (!data)
		return wiping_malloc(size, file, line);
	if (size == 0) {
		wiping_free(data, file, line);
		return NULL;
	}
	bigger = wiping_malloc(size, file, line);
	if (!bigger)
		return NULL;
	old--;
	memcpy(bigger, data, old->size < size ? old->size : size);
	wiping_free(data, file, line);
	return bigger;
}

int hc_process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return hc_fail_errno(errno, "cannot turn core dumps off");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return hc_fail_errno(errno, "cannot turn core dumps and tracing off");
	if (!CRYPTO_set_mem_functions(wiping_malloc, wiping_realloc, wiping_free))
		return hc_fail(HC_E_INTERNAL, "OpenSSL was used before the process was hardened");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		return hc_fail(HC_E_MEMORY,
			       "cannot lock memory (%s); run as root, or raise LimitMEMLOCK",
			       strerror(errno));
	return 0;
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Bytes of the mapping without its two guard pages. */
static size_t body_size(size_t size)
{
	size_t page = page_size();

	return (size + page - 1) / page * page;
}

int hc_secret_alloc(size_t size, struct hc_secret *ret_secret)
{
	size_t page = page_size();
	size_t body = body_size(size);
	uint8_t *map;

	if (size == 0 || size > 1 << 20)
		return hc_fail(HC_E_INTERNAL, "a secret of %zu bytes was asked for", size);
	map = mmap(NULL, body + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return hc_fail(HC_E_MEMORY, "no memory for a key: %s", strerror(errno));
	if (mprotect(map + page, body, PROT_READ | PROT_WRITE) < 0 ||
	    mlock(map + page, body) < 0 ||
	    madvise(map + page, body, MADV_DONTDUMP) < 0 ||
	    madvise(map + page, body, MADV_WIPEONFORK) < 0) {
		int e = errno;

		munmap(map, body + 2 * page);
		return hc_fail(HC_E_MEMORY,
			       "cannot lock memory for a key (%s); raise LimitMEMLOCK",
			       strerror(e));
	}
	ret_secret->data = map + page;
	ret_secret->size = size;
	return 0;
}

void hc_secret_free(struct hc_secret *secret)
{
	size_t page = page_size();

	if (!secret || !secret->data)
		return;
	explicit_bzero(secret->data, secret->size);
	munmap(secret->data - page, body_size(secret->size) + 2 * page);
	secret->data = NULL;
	secret->size = 0;
}

int hc_secret_random(struct hc_secret *secret)
{
	size_t done = 0;

	while (done < secret->size) {
		ssize_t n = getrandom(secret->data + done, secret->size - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hc_fail_errno(errno, "no random bytes from the kernel");
		done += (size_t)n;
	}
	return 0;
}

int hc_secret_hkdf(const struct hc_secret *key, const char *salt, const char *info,
		   size_t size, struct hc_secret *ret_out)
{
	return hc_secret_hkdf_bytes(key, salt, strlen(salt), info, size, ret_out);
}

int hc_secret_hkdf_bytes(const struct hc_secret *key, const void *salt, size_t salt_size,
			 const char *info, size_t size, struct hc_secret *ret_out)
{
	HC_SECRET out = { 0 };
	OSSL_PARAM params[5];
	EVP_KDF *kdf = NULL;
	EVP_KDF_CTX *ctx = NULL;
	int r;

	r = hc_secret_alloc(size, &out);
	if (r < 0)
		return r;
	/* OpenSSL does not write through these; OSSL_PARAM merely lacks const. */
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){ "SHA256" }, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key->data, key->size);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt,
						      salt_size);
	params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info,
						      strlen(info));
	params[4] = OSSL_PARAM_construct_end();
	r = hc_fail(HC_E_INTERNAL, "OpenSSL refused to compute HKDF-SHA256");
	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	if (ctx && EVP_KDF_derive(ctx, out.data, out.size, params) == 1) {
		*ret_out = out;
		out = (struct hc_secret){ 0 };
		r = 0;
	}
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return r;
}

int hc_secret_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}
