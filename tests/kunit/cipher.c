// SPDX-License-Identifier: GPL-2.0
/* The cipher: published vectors, unit sizes, tweaks, memory in pieces. */
#include <linux/err.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "buffer.h"
#include "ieee1619.h"
#include "keystore.h"
#include "suites.h"

static const unsigned int hc_units[] = { 512, 1024, 2048, 4096 };

static void hc_unit_name(const unsigned int *unit, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%u bytes", *unit);
}

KUNIT_ARRAY_PARAM(hc_units, hc_units, hc_unit_name);

static void hc_vector_name(const struct hc_ieee1619 *vector, char *name)
{
	strscpy(name, vector->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hc_vectors, hc_ieee1619, hc_vector_name);

static void hc_plaintext(u8 *bytes, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		bytes[i] = i;
}

static void hc_test_vector(struct kunit *test)
{
	const struct hc_ieee1619 *v = test->param_value;
	struct hc_cipher *cipher = hc_test_cipher(test, hc_ieee1619_key, 512);
	struct hc_buffer *buf = hc_buffer_alloc(test, 512, NULL);
	struct hc_span span = hc_buffer_span(buf, buf, v->tweak);
	u8 *plain = kunit_kzalloc(test, 512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, plain);
	hc_plaintext(plain, 512);
	memcpy(buf->bytes, plain, 512);
	KUNIT_ASSERT_EQ(test, hc_cipher_crypt(cipher, HC_ENCRYPT, &span), 0);
	KUNIT_EXPECT_MEMEQ(test, buf->bytes, v->ciphertext, 512);
	KUNIT_ASSERT_EQ(test, hc_cipher_crypt(cipher, HC_DECRYPT, &span), 0);
	KUNIT_EXPECT_MEMEQ(test, buf->bytes, plain, 512);
}

/* The reference that the other cases lean on must itself be right. */
static void hc_test_reference(struct kunit *test)
{
	const struct hc_ieee1619 *v = test->param_value;
	u8 *bytes = kunit_kzalloc(test, 512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	hc_plaintext(bytes, 512);
	hc_reference_encrypt(test, hc_ieee1619_key, 512, v->tweak, bytes, bytes, 512);
	KUNIT_EXPECT_MEMEQ(test, bytes, v->ciphertext, 512);
}

/* Encrypt @src to @dst, compare with the reference, and decrypt in place. */
static void hc_check(struct kunit *test, const struct hc_keyed *keyed, struct hc_buffer *src,
		     struct hc_buffer *dst, u64 tweak)
{
	u8 *plain = kunit_kzalloc(test, src->size, GFP_KERNEL);
	u8 *want = kunit_kzalloc(test, src->size, GFP_KERNEL);
	struct hc_span there = hc_buffer_span(src, dst, tweak);
	struct hc_span back = hc_buffer_span(dst, dst, tweak);

	KUNIT_ASSERT_NOT_NULL(test, plain);
	KUNIT_ASSERT_NOT_NULL(test, want);
	get_random_bytes(plain, src->size);
	memcpy(src->bytes, plain, src->size);
	hc_reference_encrypt(test, keyed->key, keyed->unit, tweak, plain, want, src->size);

	KUNIT_ASSERT_EQ(test, hc_cipher_crypt(keyed->cipher, HC_ENCRYPT, &there), 0);
	hc_assert_same(test, dst->bytes, want, src->size, "ciphertext");
	if (src != dst)
		hc_assert_same(test, src->bytes, plain, src->size, "the source");
	KUNIT_ASSERT_EQ(test, hc_cipher_crypt(keyed->cipher, HC_DECRYPT, &back), 0);
	hc_assert_same(test, dst->bytes, plain, src->size, "plaintext");
}

/* The case's cipher, with the unit that is its parameter. */
static struct hc_keyed hc_keyed_of(struct kunit *test)
{
	return hc_test_keyed(test, *(const unsigned int *)test->param_value);
}

static void hc_test_unit(struct kunit *test)
{
	struct hc_keyed keyed = hc_keyed_of(test);
	struct hc_buffer *src = hc_buffer_alloc(test, 8 * 4096, NULL);
	struct hc_buffer *dst = hc_buffer_alloc(test, 8 * 4096, NULL);

	hc_check(test, &keyed, src, dst, 0);
	hc_check(test, &keyed, src, src, 8 * 12345);
}

/* A run of units whose sector numbers go past 32 bits, and up to the last. */
static void hc_test_tweak(struct kunit *test)
{
	struct hc_keyed keyed = hc_keyed_of(test);
	struct hc_buffer *buf = hc_buffer_alloc(test, 2 * 4096, NULL);
	const u64 ends[] = { BIT_ULL(8), BIT_ULL(16), BIT_ULL(31), BIT_ULL(32), BIT_ULL(33),
			     BIT_ULL(40), BIT_ULL(48), BIT_ULL(56), BIT_ULL(63), 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		hc_check(test, &keyed, buf, buf, ends[i] - (ends[i] ? 8 : 16));
}

/* Sizes of a bio's entries that no data unit fits into, or that cut across. */
static void hc_test_pieces(struct kunit *test)
{
	static const unsigned int cuts[][5] = {
		{ 16, 0 }, { 48, 464, 0 }, { 100, 412, 3000, 0 }, { 511, 1, 512, 0 },
		{ 4095, 1, 0 }, { 256, 4096, 3840, 0 }, { 2000, 8192, 200, 33, 0 },
	};
	struct hc_keyed keyed = hc_keyed_of(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct hc_buffer *src = hc_buffer_alloc(test, 4 * 4096, cuts[i]);
		struct hc_buffer *same = hc_buffer_alloc(test, 4 * 4096, cuts[i]);
		struct hc_buffer *whole = hc_buffer_alloc(test, 4 * 4096, NULL);

		hc_check(test, &keyed, src, src, i * 8);
		hc_check(test, &keyed, src, same, i * 8);
		hc_check(test, &keyed, src, whole, i * 8);
		hc_check(test, &keyed, whole, src, i * 8);
	}
}

static void hc_test_random_pieces(struct kunit *test)
{
	struct hc_keyed keyed = hc_keyed_of(test);
	unsigned int round, i, cuts[9];

	for (round = 0; round < 40; round++) {
		struct hc_buffer *src, *dst;

		for (i = 0; i < 8; i++)
			cuts[i] = 16 + get_random_u32() % (i % 2 ? 64 : 6000);
		cuts[8] = 0;
		src = hc_buffer_alloc(test, 4 * 4096, cuts);
		for (i = 0; i < 8; i++)
			cuts[i] = 16 + get_random_u32() % 6000;
		dst = hc_buffer_alloc(test, 4 * 4096, cuts);
		hc_check(test, &keyed, src, dst, (u64)round << 30);
	}
}

/* Another unit size, tweak or key is another ciphertext. */
static void hc_test_differs(struct kunit *test)
{
	u8 key[HOSTCRYPT_KEY_SIZE];
	struct hc_buffer *buf[4];
	struct hc_span span;
	unsigned int i;

	memcpy(key, hc_ieee1619_key, sizeof(key));
	for (i = 0; i < ARRAY_SIZE(buf); i++) {
		key[63] ^= i == 3;
		buf[i] = hc_buffer_alloc(test, 4096, NULL);
		span = hc_buffer_span(buf[i], buf[i], i == 1 ? 8 : 0);
		KUNIT_ASSERT_EQ(test, hc_cipher_crypt(hc_test_cipher(test, key,
								     i == 2 ? 4096 : 512),
						      HC_ENCRYPT, &span), 0);
	}
	KUNIT_EXPECT_MEMNEQ(test, buf[0]->bytes, buf[1]->bytes, 512);
	KUNIT_EXPECT_MEMEQ(test, buf[0]->bytes, buf[2]->bytes, 512);
	KUNIT_EXPECT_MEMNEQ(test, buf[0]->bytes + 512, buf[2]->bytes + 512, 512);
	KUNIT_EXPECT_MEMNEQ(test, buf[0]->bytes, buf[3]->bytes, 512);
}

/* A template over a C cipher serves only where it is allowed. */
static void hc_test_slow(struct kunit *test)
{
	struct hc_key *key = hc_test_key(test, hc_ieee1619_key);
	struct hc_cipher *cipher = hc_cipher_alloc(key, 512, false);

	if (!IS_ERR(cipher)) {
		kunit_info(test, "in use: %s", hc_cipher_driver(cipher));
		KUNIT_EXPECT_NULL(test, strchr(hc_cipher_driver(cipher), '('));
		hc_cipher_free(cipher);
		return;
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(cipher), -ENOENT);
	cipher = hc_test_cipher(test, hc_ieee1619_key, 512);
	KUNIT_EXPECT_NOT_NULL(test, strchr(hc_cipher_driver(cipher), '('));
}

/* The crypto API itself refuses equal halves, should one ever get so far. */
static void hc_test_equal_halves(struct kunit *test)
{
	u8 key[HOSTCRYPT_KEY_SIZE];
	struct hc_cipher *cipher;

	memset(key, 0x5a, sizeof(key));
	cipher = hc_cipher_alloc(hc_test_key(test, key), 512, true);
	KUNIT_EXPECT_TRUE(test, IS_ERR(cipher));
	if (!IS_ERR(cipher))
		hc_cipher_free(cipher);
}

static struct kunit_case hc_cipher_cases[] = {
	KUNIT_CASE_PARAM(hc_test_vector, hc_vectors_gen_params),
	KUNIT_CASE_PARAM(hc_test_reference, hc_vectors_gen_params),
	KUNIT_CASE_PARAM(hc_test_unit, hc_units_gen_params),
	KUNIT_CASE_PARAM(hc_test_tweak, hc_units_gen_params),
	KUNIT_CASE_PARAM(hc_test_pieces, hc_units_gen_params),
	KUNIT_CASE_PARAM(hc_test_random_pieces, hc_units_gen_params),
	KUNIT_CASE(hc_test_differs),
	KUNIT_CASE(hc_test_slow),
	KUNIT_CASE(hc_test_equal_halves),
	{}
};

struct kunit_suite hc_cipher_suite = {
	.name = "hostcrypt_cipher",
	.test_cases = hc_cipher_cases,
};
