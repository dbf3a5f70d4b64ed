// SPDX-License-Identifier: GPL-2.0
/*
 * dm-hostcrypt: encrypted disks for virtual machines, with keys that come from
 * a key server. Start and end of the module.
 */
#include <linux/module.h>

#include "blocks.h"
#include "carrier.h"
#include "cipher.h"
#include "control.h"
#include "io.h"
#include "job.h"
#include "keystore.h"
#include "power.h"
#include "registry.h"
#include "target.h"
#include "version.h"
#include "vmcore.h"

static int __init hostcrypt_init(void)
{
	int err;

	err = hc_registry_init();
	if (err)
		return err;
	err = hc_vmcore_read(hc_registry_asked());
	if (err)
		goto out_registry;
	err = hc_cipher_init();
	if (err)
		goto out_vmcore;
	err = hc_blocks_init();
	if (err)
		goto out_cipher;
	err = hc_job_init();
	if (err)
		goto out_blocks;
	hc_carrier_init(hc_read_carried);
	err = hc_power_register();
	if (err)
		goto out_job;
	err = hc_target_register();
	if (err)
		goto out_power;
	/* Then keys come in, and /dev/hostcrypt may be open: nothing after it fails. */
	err = hc_control_register();
	if (err)
		goto out_target;
	hc_vmcore_hide();
	return 0;

out_target:
	hc_target_unregister();
out_power:
	hc_power_unregister();
out_job:
	hc_carrier_exit();
	hc_job_exit();
out_blocks:
	hc_blocks_exit();
out_cipher:
	hc_cipher_exit();
out_vmcore:
	hc_vmcore_forget();
out_registry:
	hc_registry_exit();
	return err;
}

/* Nobody can come in any more before the keys are wiped. */
static void __exit hostcrypt_exit(void)
{
	hc_control_unregister();
	hc_target_unregister();
	hc_power_unregister();
	hc_keystore_exit();
	hc_carrier_exit();
	hc_job_exit();
	hc_blocks_exit();
	hc_cipher_exit();
	hc_registry_exit();
}

module_init(hostcrypt_init);
module_exit(hostcrypt_exit);

MODULE_DESCRIPTION("Device-mapper target for encrypted disks of virtual machines");
MODULE_AUTHOR("The hostcrypt authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(HOSTCRYPT_RELEASE);
