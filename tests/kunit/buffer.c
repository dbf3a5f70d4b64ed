// SPDX-License-Identifier: GPL-2.0
/* What the cipher's and the job's suites share: bios, keys, a reference. */
#include <crypto/aes.h>
#include <kunit/resource.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "buffer.h"
#include "keystore.h"

struct hc_buffer *hc_buffer_alloc(struct kunit *test, unsigned int size, const unsigned int *cuts)
{
	unsigned int at = 0, cut = 0, part, max = cuts ? size / SZ_16 : 1;
	struct hc_buffer *buf = kunit_kzalloc(test, sizeof(*buf), GFP_KERNEL);
	struct bio_vec *table = kunit_kcalloc(test, max, sizeof(*table), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NOT_NULL(test, table);
	/* Page aligned, since it is a power of two or larger than a page. */
	buf->bytes = kunit_kzalloc(test, roundup_pow_of_two(size), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf->bytes);
	buf->size = size;

	bio_init(&buf->bio, NULL, table, max, REQ_OP_READ);
	while (at < size) {
		part = size - at;
		if (cuts) {
			part = min(part, cuts[cut]);
			if (!cuts[++cut])
				cut = 0;
		}
		__bio_add_page(&buf->bio, virt_to_page(buf->bytes + at), part,
			       offset_in_page(buf->bytes + at));
		at += part;
	}
	return buf;
}

struct hc_span hc_buffer_span(struct hc_buffer *src, struct hc_buffer *dst, u64 tweak)
{
	return (struct hc_span) {
		.src = &src->bio,
		.src_iter = src->bio.bi_iter,
		.dst = &dst->bio,
		.dst_iter = dst->bio.bi_iter,
		.tweak = tweak,
	};
}

static void hc_test_key_free(void *key)
{
	hc_key_free(key);
}

struct hc_key *hc_test_key(struct kunit *test, const u8 *bytes)
{
	struct hc_key *key;
	uuid_t uuid;

	generate_random_uuid(uuid.b);
	key = hc_key_alloc(&uuid);
	KUNIT_ASSERT_NOT_NULL(test, key);
	memcpy(hc_key_bytes(key), bytes, HOSTCRYPT_KEY_SIZE);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, hc_test_key_free, key), 0);
	return key;
}

static void hc_test_cipher_free(void *cipher)
{
	hc_cipher_free(cipher);
}

struct hc_cipher *hc_test_cipher(struct kunit *test, const u8 *key, unsigned int unit)
{
	struct hc_cipher *cipher = hc_cipher_alloc(hc_test_key(test, key), unit, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cipher);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, hc_test_cipher_free, cipher), 0);
	return cipher;
}

struct hc_keyed hc_test_keyed(struct kunit *test, unsigned int unit)
{
	struct hc_keyed keyed = { .unit = unit };

	get_random_bytes(keyed.key, sizeof(keyed.key));
	keyed.cipher = hc_test_cipher(test, keyed.key, unit);
	return keyed;
}

void hc_assert_same(struct kunit *test, const u8 *got, const u8 *want, unsigned int size,
		    const char *what)
{
	unsigned int i = 0;

	while (i < size && got[i] == want[i])
		i++;
	KUNIT_ASSERT_EQ_MSG(test, i, size, "%s differs from this byte on", what);
}

/* The tweak times x in GF(2^128), little endian. */
static void hc_reference_double(u8 t[AES_BLOCK_SIZE])
{
	u64 lo = get_unaligned_le64(t), hi = get_unaligned_le64(t + 8);

	put_unaligned_le64((lo << 1) ^ (hi >> 63 ? 0x87 : 0), t);
	put_unaligned_le64((hi << 1) | (lo >> 63), t + 8);
}

static void hc_reference_unit(const struct crypto_aes_ctx *data, const struct crypto_aes_ctx *tweak,
			      u64 n, const u8 *in, u8 *out, unsigned int unit)
{
	u8 t[AES_BLOCK_SIZE] = {}, block[AES_BLOCK_SIZE];
	unsigned int i, j;

	put_unaligned_le64(n, t);
	aes_encrypt(tweak, t, t);
	for (i = 0; i < unit; i += AES_BLOCK_SIZE) {
		for (j = 0; j < AES_BLOCK_SIZE; j++)
			block[j] = in[i + j] ^ t[j];
		aes_encrypt(data, block, block);
		for (j = 0; j < AES_BLOCK_SIZE; j++)
			out[i + j] = block[j] ^ t[j];
		hc_reference_double(t);
	}
}

void hc_reference_encrypt(struct kunit *test, const u8 *key, unsigned int unit, u64 tweak,
			  const u8 *in, u8 *out, unsigned int size)
{
	struct crypto_aes_ctx *ctx = kunit_kcalloc(test, 2, sizeof(*ctx), GFP_KERNEL);
	unsigned int at;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_EQ(test, aes_expandkey(&ctx[0], key, AES_KEYSIZE_256), 0);
	KUNIT_ASSERT_EQ(test, aes_expandkey(&ctx[1], key + AES_KEYSIZE_256, AES_KEYSIZE_256), 0);
	for (at = 0; at < size; at += unit)
		hc_reference_unit(&ctx[0], &ctx[1], tweak + (at >> SECTOR_SHIFT), in + at,
				  out + at, unit);
}
