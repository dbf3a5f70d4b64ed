/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for keys: own pages between guard pages, locked, left out of core
 * dumps, not inherited by a child, wiped before they go back to the system.
 */
#ifndef HC_BASE_SECRET_H
#define HC_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

struct hc_secret {
	uint8_t *data;
	size_t size;
};

/*
 * Make the whole process fit to touch keys: no core, no ptrace by the same
 * user, all pages present and future locked, the same for OpenSSL's
 * allocations: wiped when freed. Call it first in main(), before OpenSSL is
 * used. Fails with HC_E_MEMORY where memory cannot be locked.
 */
int hc_process_harden(void);

/* Fill @ret_secret with @size zero bytes. HC_E_MEMORY. */
int hc_secret_alloc(size_t size, struct hc_secret *ret_secret);

/* Wipe and free; an empty secret is left alone. Safe to call twice. */
void hc_secret_free(struct hc_secret *secret);

/* Fill with random bytes of the kernel. */
int hc_secret_random(struct hc_secret *secret);

/*
 * HKDF-SHA256 (RFC 5869): @ret_out gets @size bytes made from @key, @salt
 * and @info. Both texts are taken without their terminating NUL.
 */
int hc_secret_hkdf(const struct hc_secret *key, const char *salt, const char *info,
		   size_t size, struct hc_secret *ret_out);

/* The same with a salt of any bytes; @salt_size may be 0. */
int hc_secret_hkdf_bytes(const struct hc_secret *key, const void *salt, size_t salt_size,
			 const char *info, size_t size, struct hc_secret *ret_out);

/* 1 when equal, 0 when not; the time taken does not tell where they differ. */
int hc_secret_equal(const void *a, const void *b, size_t size);

#define HC_SECRET __attribute__((cleanup(hc_secret_free))) struct hc_secret

#endif
