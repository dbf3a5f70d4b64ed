// SPDX-License-Identifier: GPL-2.0
/* A kernel's build id, found in what it says of itself. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "dump/vmcoreinfo.h"

#define ID "00f1e2d3c4b5a69788796a5b4c3d2e1f0f1e2d3c"
#define BYTES64 ID ID ID "01234567"

/* From memory of exactly that size, so that a sanitizer sees every byte too many. */
static bool find(const char *text, size_t size, char ret_id[HC_DUMP_BUILD_ID_SIZE])
{
	char *copy = malloc(size ? size : 1);
	bool found;

	memcpy(copy, text, size);
	memset(ret_id, 0, HC_DUMP_BUILD_ID_SIZE);
	found = hc_vmcoreinfo_build_id(copy, size, ret_id);
	free(copy);
	return found;
}

static void build_id_is_found(void)
{
	static const char *const texts[] = {
		"OSRELEASE=6.12.1\nBUILD-ID=" ID "\nPAGESIZE=4096\n",
		"BUILD-ID=" ID "\n",
		"BUILD-ID=" ID,
		"\n\nX-BUILD-ID=0011\nNO LINE\nBUILD-ID=" ID "\nBUILD-ID=ffffffffffffffff\n",
	};
	char id[HC_DUMP_BUILD_ID_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		EXPECT(find(texts[i], strlen(texts[i]), id) && strcmp(id, ID) == 0);
	EXPECT(find("BUILD-ID=" BYTES64 "\n", 9 + 128 + 1, id) && strcmp(id, BYTES64) == 0);
}

static void anything_else_is_none(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		"BUILD-ID=",
		"BUILD-ID=\n",
		"BUILD-ID=00f1e2d3c4b5a6\n",
		"BUILD-ID=" ID "0\n",
		"BUILD-ID=" ID " \n",
		"BUILD-ID=" BYTES64 "00\n",
		"BUILD-ID=00F1E2D3C4B5A697\n",
		"BUILD-ID =" ID "\n",
		" BUILD-ID=" ID "\n",
		"OSRELEASE=6.12.1\nBUILD-I",
	};
	char id[HC_DUMP_BUILD_ID_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!EXPECT(!find(texts[i], strlen(texts[i]), id)))
			break;
	EXPECT(!find("BUILD-ID=0011\0002233445566778899\n", 33, id));
	EXPECT(id[0] == 0);
}

int main(void)
{
	RUN(build_id_is_found);
	RUN(anything_else_is_none);
	return unit_result();
}
