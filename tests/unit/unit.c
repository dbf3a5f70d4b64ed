// SPDX-License-Identifier: GPL-2.0
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int failures, all_failures;
static const char *skipped;

bool unit_expect(bool condition, const char *text, const char *file, int line)
{
	if (!condition) {
		failures++;
		printf("%s:%d: expected %s\n", file, line, text);
	}
	return condition;
}

void unit_skip(const char *why)
{
	skipped = why;
}

void unit_run(const char *name, void (*test)(void))
{
	failures = 0;
	skipped = NULL;
	test();
	all_failures += failures;
	if (failures)
		printf("FAIL %s\n", name);
	else if (skipped)
		printf("SKIP %s: %s\n", name, skipped);
	else
		printf("PASS %s\n", name);
	fflush(stdout);
}

const char *unit_vectors(void)
{
	const char *folder = getenv("HOSTCRYPT_VECTORS");

	if (!folder)
		folder = "../shared/vectors";
	return access(folder, R_OK) == 0 ? folder : NULL;
}

int unit_result(void)
{
	return all_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
