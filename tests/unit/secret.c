// SPDX-License-Identifier: GPL-2.0
/* Key memory and key derivation. */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"

/* RFC 5869, A.1. */
static void hkdf_matches_rfc5869(void)
{
	static const uint8_t okm[32] = {
		0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
		0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
		0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf,
	};
	/* The RFC's salt starts with a zero byte, which our text salt cannot. So
	 * its case 3 (no salt, no info) is used, whose first 32 bytes are: */
	static const uint8_t okm3[32] = {
		0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80,
		0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1,
		0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d,
	};
	HC_SECRET key = { 0 };
	HC_SECRET out = { 0 };

	if (!EXPECT(hc_secret_alloc(22, &key) == 0))
		return;
	memset(key.data, 0x0b, 22);
	if (!EXPECT(hc_secret_hkdf(&key, "", "", 32, &out) == 0))
		return;
	EXPECT(hc_secret_equal(out.data, okm3, 32));
	EXPECT(!hc_secret_equal(out.data, okm, 32));
}

static void hkdf_depends_on_salt_and_info(void)
{
	HC_SECRET key = { 0 };
	HC_SECRET a = { 0 };
	HC_SECRET b = { 0 };
	HC_SECRET c = { 0 };

	if (!EXPECT(hc_secret_alloc(32, &key) == 0 && hc_secret_random(&key) == 0))
		return;
	EXPECT(hc_secret_hkdf(&key, "salt", "info", 32, &a) == 0);
	EXPECT(hc_secret_hkdf(&key, "salT", "info", 32, &b) == 0);
	EXPECT(hc_secret_hkdf(&key, "salt", "infO", 32, &c) == 0);
	EXPECT(!hc_secret_equal(a.data, b.data, 32));
	EXPECT(!hc_secret_equal(a.data, c.data, 32));
}

static void child_does_not_inherit(void)
{
	HC_SECRET key = { 0 };
	int status = 0;
	pid_t pid;

	if (!EXPECT(hc_secret_alloc(64, &key) == 0))
		return;
	memset(key.data, 0xa5, key.size);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(key.data[0] != 0 || key.data[63] != 0);
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	EXPECT(key.data[0] == 0xa5);
}

static void overrun_hits_a_guard_page(void)
{
	const struct rlimit none = { 0, 0 };
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct hc_secret key = { 0 };

		setrlimit(RLIMIT_CORE, &none);
		if (hc_secret_alloc(64, &key) == 0)
			*(volatile uint8_t *)(key.data + 4096) = 1;
		_exit(0);
	}
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void absurd_size_is_refused(void)
{
	struct hc_secret key = { 0 };

	EXPECT(hc_secret_alloc(0, &key) == HC_E_INTERNAL);
	EXPECT(hc_secret_alloc((size_t)1 << 40, &key) == HC_E_INTERNAL);
	EXPECT(!key.data);
}

static void free_twice_is_harmless(void)
{
	struct hc_secret key = { 0 };

	EXPECT(hc_secret_alloc(64, &key) == 0);
	hc_secret_free(&key);
	hc_secret_free(&key);
	EXPECT(!key.data && key.size == 0);
}

int main(void)
{
	RUN(hkdf_matches_rfc5869);
	RUN(hkdf_depends_on_salt_and_info);
	RUN(child_does_not_inherit);
	RUN(overrun_hits_a_guard_page);
	RUN(absurd_size_is_refused);
	RUN(free_twice_is_harmless);
	return unit_result();
}
