// SPDX-License-Identifier: GPL-2.0
/* hostcrypt_kunit.ko: the suites for dm-hostcrypt.ko, run when it is inserted. */
#include <linux/module.h>

#include "suites.h"

kunit_test_suites(&hc_cipher_suite, &hc_job_suite, &hc_blocks_suite, &hc_keystore_suite,
		  &hc_registry_suite, &hc_inherit_suite, &hc_table_suite,
		  &hc_control_suite);

MODULE_DESCRIPTION("Tests of dm-hostcrypt");
MODULE_LICENSE("GPL");
#ifdef HC_HAVE_NS_WORD
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
#else
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
#endif
