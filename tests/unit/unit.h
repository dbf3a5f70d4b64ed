/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit tests: each file in tests/unit is a program of its own. A test is a
 * function that checks with EXPECT(); RUN() runs it and prints one line,
 * "PASS name", "FAIL name" (with what failed above it) or "SKIP name: why".
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <stdbool.h>

#define EXPECT(condition) unit_expect((condition), #condition, __FILE__, __LINE__)
#define RUN(test) unit_run(#test, test)

/* Returns @condition, so that a test can leave when it makes no sense to go on. */
bool unit_expect(bool condition, const char *text, const char *file, int line);
void unit_run(const char *name, void (*test)(void));

/* Say why the running test is skipped; the test then returns. */
void unit_skip(const char *why);

/*
 * The folder of test data from outside (HOSTCRYPT_VECTORS, or ../shared/vectors
 * seen from the current folder), or NULL.
 */
const char *unit_vectors(void);

/* What main() returns. */
int unit_result(void);

#endif
