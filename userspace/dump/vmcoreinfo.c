// SPDX-License-Identifier: GPL-2.0
#include "dump/vmcoreinfo.h"

#include <string.h>

#define BUILD_ID "BUILD-ID="

bool hc_build_id_valid(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return !text[n] && n % 2 == 0 && n >= 16 && n < HC_DUMP_BUILD_ID_SIZE;
}

bool hc_vmcoreinfo_build_id(const void *text, size_t size, char ret_id[HC_DUMP_BUILD_ID_SIZE])
{
	const char *at = text, *end = at + size;
	char id[HC_DUMP_BUILD_ID_SIZE];

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);
		size_t name = strlen(BUILD_ID);

		if (n > name && n - name < sizeof(id) && memcmp(at, BUILD_ID, name) == 0) {
			memcpy(id, at + name, n - name);
			id[n - name] = 0;
			if (!hc_build_id_valid(id))
				return false;
			memcpy(ret_id, id, n - name + 1);
			return true;
		}
		at += n + 1;
	}
	return false;
}
