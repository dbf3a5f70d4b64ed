// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments of the ioctls: each member that must have a value, with another
 * one. Every byte of the reserved members is tried.
 */
#include <linux/string.h>

#include "control.h"
#include "suites.h"

static const u8 hc_uuid[HOSTCRYPT_UUID_SIZE] = { [15] = 1 };

static int hc_any_version(const void *arg)
{
	return hc_check_version(arg);
}

static int hc_any_load(const void *arg)
{
	return hc_check_load(arg);
}

static int hc_any_drop(const void *arg)
{
	return hc_check_drop(arg);
}

static int hc_any_inherit(const void *arg)
{
	return hc_check_inherit(arg);
}

static int hc_any_list(const void *arg)
{
	return hc_check_list(arg);
}

/* @arg, which is good, with one byte of @size at @member set, for each byte. */
static void hc_expect_zero(struct kunit *test, int (*check)(const void *arg), const void *arg,
			   void *member, size_t size)
{
	u8 *bytes = member;
	size_t at;

	for (at = 0; at < size; at++) {
		bytes[at] = 0x80;
		KUNIT_EXPECT_EQ_MSG(test, check(arg), -EINVAL, "byte %zu", at);
		bytes[at] = 0;
	}
	KUNIT_EXPECT_EQ(test, check(arg), 0);
}

static void hc_expect_abi(struct kunit *test, int err)
{
	KUNIT_EXPECT_EQ(test, err, -EPROTO);
}

static void hc_test_version(struct kunit *test)
{
	struct hostcrypt_version arg = {};

	KUNIT_EXPECT_EQ(test, hc_check_version(&arg), 0);
	/* Whoever asks may not know our ABI yet. */
	arg.abi = HOSTCRYPT_ABI + 1;
	KUNIT_EXPECT_EQ(test, hc_check_version(&arg), 0);
	hc_expect_zero(test, hc_any_version, &arg, &arg.flags, sizeof(arg.flags));
	hc_expect_zero(test, hc_any_version, &arg, &arg.reserved, sizeof(arg.reserved));
}

static void hc_test_load(struct kunit *test)
{
	struct hostcrypt_load arg = { .abi = HOSTCRYPT_ABI, .key_size = HOSTCRYPT_KEY_SIZE };
	struct hostcrypt_load bad;

	KUNIT_EXPECT_EQ_MSG(test, hc_check_load(&arg), -EINVAL, "nil UUID");
	memcpy(arg.uuid, hc_uuid, sizeof(arg.uuid));
	KUNIT_EXPECT_EQ(test, hc_check_load(&arg), 0);

	bad = arg;
	bad.abi = 0;
	hc_expect_abi(test, hc_check_load(&bad));
	bad.abi = HOSTCRYPT_ABI + 1;
	hc_expect_abi(test, hc_check_load(&bad));
	/* Of an unknown ABI nothing else is judged. */
	bad.flags = 1;
	hc_expect_abi(test, hc_check_load(&bad));

	bad = arg;
	bad.key_size = HOSTCRYPT_KEY_SIZE / 2;
	KUNIT_EXPECT_EQ(test, hc_check_load(&bad), -EINVAL);
	bad.key_size = HOSTCRYPT_KEY_SIZE + 1;
	KUNIT_EXPECT_EQ(test, hc_check_load(&bad), -EINVAL);
	bad.key_size = 0;
	KUNIT_EXPECT_EQ(test, hc_check_load(&bad), -EINVAL);
	bad.key_size = U32_MAX;
	KUNIT_EXPECT_EQ(test, hc_check_load(&bad), -EINVAL);

	hc_expect_zero(test, hc_any_load, &arg, &arg.flags, sizeof(arg.flags));
	hc_expect_zero(test, hc_any_load, &arg, &arg.reserved, sizeof(arg.reserved));
}

static void hc_test_drop(struct kunit *test)
{
	struct hostcrypt_drop arg = { .abi = HOSTCRYPT_ABI };
	struct hostcrypt_drop bad;

	KUNIT_EXPECT_EQ_MSG(test, hc_check_drop(&arg), -EINVAL, "nil UUID");
	memcpy(arg.uuid, hc_uuid, sizeof(arg.uuid));
	KUNIT_EXPECT_EQ(test, hc_check_drop(&arg), 0);
	bad = arg;
	bad.abi = HOSTCRYPT_ABI - 1;
	hc_expect_abi(test, hc_check_drop(&bad));
	hc_expect_zero(test, hc_any_drop, &arg, &arg.flags, sizeof(arg.flags));
	hc_expect_zero(test, hc_any_drop, &arg, &arg.reserved, sizeof(arg.reserved));
}

static void hc_test_inherit(struct kunit *test)
{
	struct hostcrypt_inherit arg = { .abi = HOSTCRYPT_ABI };
	struct hostcrypt_inherit bad;

	KUNIT_EXPECT_EQ_MSG(test, hc_check_inherit(&arg), -EINVAL, "nil UUID");
	memcpy(arg.uuid, hc_uuid, sizeof(arg.uuid));
	KUNIT_EXPECT_EQ(test, hc_check_inherit(&arg), 0);
	bad = arg;
	bad.abi = HOSTCRYPT_ABI + 1;
	hc_expect_abi(test, hc_check_inherit(&bad));
	hc_expect_zero(test, hc_any_inherit, &arg, &arg.flags, sizeof(arg.flags));
	hc_expect_zero(test, hc_any_inherit, &arg, &arg.reserved, sizeof(arg.reserved));
}

static void hc_test_list(struct kunit *test)
{
	struct hostcrypt_list arg = { .abi = HOSTCRYPT_ABI };
	struct hostcrypt_list bad = arg;

	KUNIT_EXPECT_EQ(test, hc_check_list(&arg), 0);
	arg.count = U32_MAX;
	KUNIT_EXPECT_EQ(test, hc_check_list(&arg), 0);
	bad.abi = HOSTCRYPT_ABI + 1;
	hc_expect_abi(test, hc_check_list(&bad));
	hc_expect_zero(test, hc_any_list, &arg, &arg.flags, sizeof(arg.flags));
	hc_expect_zero(test, hc_any_list, &arg, &arg.reserved, sizeof(arg.reserved));
}

static struct kunit_case hc_control_cases[] = {
	KUNIT_CASE(hc_test_version),
	KUNIT_CASE(hc_test_load),
	KUNIT_CASE(hc_test_drop),
	KUNIT_CASE(hc_test_inherit),
	KUNIT_CASE(hc_test_list),
	{}
};

struct kunit_suite hc_control_suite = {
	.name = "hostcrypt_control",
	.test_cases = hc_control_cases,
};
