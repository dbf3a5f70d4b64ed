// SPDX-License-Identifier: GPL-2.0
/*
 * The client of /dev/hostcrypt against a module that is played here: this
 * program's own ioctl() stands in front of the C library's.
 */
#include "unit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "kernel/control.h"

#define UUID "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

static struct {
	int error;
	unsigned long request;
	struct hostcrypt_load load;
	struct hostcrypt_inherit inherit;
	uint32_t keys, grown;
} module;

int ioctl(int fd, unsigned long request, ...)
{
	struct hostcrypt_list *list;
	va_list args;
	void *data;

	va_start(args, request);
	data = va_arg(args, void *);
	va_end(args);
	module.request = request;
	if (fd != 1000 || module.error) {
		errno = module.error ? module.error : EBADF;
		return -1;
	}
	switch (request) {
	case HOSTCRYPT_IOC_LOAD:
		memcpy(&module.load, data, sizeof(module.load));
		break;
	case HOSTCRYPT_IOC_INHERIT:
		memcpy(&module.inherit, data, sizeof(module.inherit));
		break;
	case HOSTCRYPT_IOC_LIST:
		list = data;
		if (list->count >= module.keys)
			((struct hostcrypt_key_info *)(uintptr_t)list->entries)[module.keys - 1]
				.users = 7;
		list->count = module.keys;
		/* Another key arrives between the two calls. */
		module.keys += module.grown;
		module.grown = 0;
		break;
	case HOSTCRYPT_IOC_VERSION:
		memset(((struct hostcrypt_version *)data)->release, 'x', HOSTCRYPT_RELEASE_SIZE);
		break;
	}
	return 0;
}

static void uuid_both_ways(void)
{
	char text[HC_UUID_TEXT];
	uint8_t uuid[HOSTCRYPT_UUID_SIZE];

	EXPECT(hc_uuid_parse("0F1E2D3C-4b5a-6978-8796-a5b4c3d2e1f0", uuid) == 0);
	EXPECT(uuid[0] == 0x0f && uuid[1] == 0x1e && uuid[15] == 0xf0);
	hc_uuid_format(uuid, text);
	EXPECT(strcmp(text, UUID) == 0);
}

static void bad_uuids_are_refused(void)
{
	static const char *const bad[] = {
		"",
		"0f1e2d3c",
		"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f",
		"0f1e2d3c04b5a-6978-8796-a5b4c3d2e1f0",
		"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg",
		"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f00",
		"0f1e2d3c-4b5a-6978-8796-a5b4-3d2e1f0",
	};
	uint8_t uuid[HOSTCRYPT_UUID_SIZE] = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT(hc_uuid_parse(bad[i], uuid) == HC_E_USAGE);
	EXPECT(uuid[0] == 0);
}

static void load_says_what_it_means(void)
{
	static const struct {
		int error, code;
	} cases[] = {
		{ EEXIST, HC_E_KEY_CONFLICT },	 { EKEYREJECTED, HC_E_KEY_INVALID },
		{ EPROTO, HC_E_MODULE_VERSION }, { EPERM, HC_E_PERMISSION },
		{ EINVAL, HC_E_MODULE_REFUSED }, { ENOMEM, HC_E_MODULE_REFUSED },
	};
	HC_SECRET dek = { 0 };

	if (!EXPECT(hc_secret_alloc(HOSTCRYPT_KEY_SIZE, &dek) == 0))
		return;
	module.error = 0;
	EXPECT(hc_control_load(1000, UUID, &dek) == 0);
	EXPECT(module.load.abi == HOSTCRYPT_ABI && module.load.key_size == HOSTCRYPT_KEY_SIZE);
	EXPECT(module.load.key == (uintptr_t)dek.data && module.load.uuid[0] == 0x0f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		module.error = cases[i].error;
		EXPECT(hc_control_load(1000, UUID, &dek) == cases[i].code);
	}
}

static void key_of_another_size_never_reaches_the_module(void)
{
	HC_SECRET dek = { 0 };

	if (!EXPECT(hc_secret_alloc(32, &dek) == 0))
		return;
	module.error = 0;
	module.request = 0;
	EXPECT(hc_control_load(1000, UUID, &dek) == HC_E_KEY_INVALID);
	EXPECT(module.request == 0);
}

static void drop_says_what_it_means(void)
{
	module.error = 0;
	EXPECT(hc_control_drop(1000, UUID) == 0);
	module.error = ENOKEY;
	EXPECT(hc_control_drop(1000, UUID) == HC_E_KEY_NOT_LOADED);
	module.error = EBUSY;
	EXPECT(hc_control_drop(1000, UUID) == HC_E_KEY_BUSY);
	EXPECT(strstr(hc_error_message(), UUID) != NULL);
}

static void inherit_says_what_it_means(void)
{
	static const struct {
		int error, code;
	} cases[] = {
		{ EOPNOTSUPP, HC_E_MODULE_REFUSED }, { ENOKEY, HC_E_KEY_NOT_LOADED },
		{ EBADMSG, HC_E_KEY_INVALID },	     { EEXIST, HC_E_KEY_CONFLICT },
		{ EPROTO, HC_E_MODULE_VERSION },     { ENOMEM, HC_E_MODULE_REFUSED },
	};

	module.error = 0;
	EXPECT(hc_control_inherit(1000, UUID) == 0);
	EXPECT(module.request == HOSTCRYPT_IOC_INHERIT);
	EXPECT(module.inherit.abi == HOSTCRYPT_ABI && module.inherit.uuid[15] == 0xf0);
	EXPECT(hc_control_inherit(1000, "0f1e2d3c") == HC_E_USAGE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		module.error = cases[i].error;
		EXPECT(hc_control_inherit(1000, UUID) == cases[i].code);
		EXPECT(strstr(hc_error_message(), UUID) != NULL || cases[i].error == EPROTO);
	}
}

static void list_grows_with_the_keys(void)
{
	struct hostcrypt_key_info *keys = NULL;
	size_t n = 0;

	module.error = 0;
	module.keys = 20;
	module.grown = 30;
	if (!EXPECT(hc_control_list(1000, &keys, &n) == 0))
		return;
	EXPECT(n == 50 && keys[49].users == 7);
	free(keys);
}

static void absurd_list_is_refused(void)
{
	struct hostcrypt_key_info *keys = NULL;
	size_t n = 0;

	module.error = 0;
	module.keys = UINT32_MAX;
	EXPECT(hc_control_list(1000, &keys, &n) == HC_E_MODULE_REFUSED);
	EXPECT(!keys);
}

static void release_is_always_terminated(void)
{
	struct hostcrypt_version version;

	module.error = 0;
	EXPECT(hc_control_version(1000, &version) == 0);
	EXPECT(strlen(version.release) == HOSTCRYPT_RELEASE_SIZE - 1);
	module.error = ENOTTY;
	EXPECT(hc_control_version(1000, &version) == HC_E_MODULE_VERSION);
}

int main(void)
{
	RUN(uuid_both_ways);
	RUN(bad_uuids_are_refused);
	RUN(load_says_what_it_means);
	RUN(key_of_another_size_never_reaches_the_module);
	RUN(drop_says_what_it_means);
	RUN(inherit_says_what_it_means);
	RUN(list_grows_with_the_keys);
	RUN(absurd_list_is_refused);
	RUN(release_is_always_terminated);
	return unit_result();
}
