/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_TEST_BUFFER_H
#define HC_TEST_BUFFER_H

#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/types.h>

#include "cipher.h"
#include "uapi/hostcrypt.h"

/**
 * struct hc_buffer - memory with a bio over it
 * @bytes: the memory, contiguous
 * @size: how much
 * @bio: a bio whose entries cover it in order
 */
struct hc_buffer {
	u8 *bytes;
	unsigned int size;
	struct bio bio;
};

/*
 * @cuts: the sizes of the bio's entries, in turn and over again; 0 ends the
 * list; NULL for one entry of all.
 */
struct hc_buffer *hc_buffer_alloc(struct kunit *test, unsigned int size,
				  const unsigned int *cuts);

/* From one buffer to another, or within one. */
struct hc_span hc_buffer_span(struct hc_buffer *src, struct hc_buffer *dst, u64 tweak);

/* A key that is not in the store; freed with the test. */
struct hc_key *hc_test_key(struct kunit *test, const u8 *bytes);

/* hc_cipher_alloc(), freed with the test. */
struct hc_cipher *hc_test_cipher(struct kunit *test, const u8 *key, unsigned int unit);

/**
 * struct hc_keyed - a cipher and what it was keyed with
 * @cipher: the cipher
 * @key: its key
 * @unit: its data unit
 */
struct hc_keyed {
	struct hc_cipher *cipher;
	u8 key[HOSTCRYPT_KEY_SIZE];
	unsigned int unit;
};

/* With a random key. */
struct hc_keyed hc_test_keyed(struct kunit *test, unsigned int unit);

/* Fails the case at the first byte that differs; does not print the bytes. */
void hc_assert_same(struct kunit *test, const u8 *got, const u8 *want, unsigned int size,
		    const char *what);

/* XTS-AES-256 from the AES block cipher alone; the reference. */
void hc_reference_encrypt(struct kunit *test, const u8 *key, unsigned int unit, u64 tweak,
			  const u8 *in, u8 *out, unsigned int size);

#endif
