/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_TEST_SUITES_H
#define HC_TEST_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite hc_cipher_suite;
extern struct kunit_suite hc_job_suite;
extern struct kunit_suite hc_blocks_suite;
extern struct kunit_suite hc_keystore_suite;
extern struct kunit_suite hc_registry_suite;
extern struct kunit_suite hc_inherit_suite;
extern struct kunit_suite hc_table_suite;
extern struct kunit_suite hc_control_suite;

#endif
