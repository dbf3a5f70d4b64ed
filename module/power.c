// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation writes memory to a disk, and the keys in it. So there is none
 * while a key is loaded, and no key gets in while it is under way. Suspend to
 * memory is allowed: the keys stay where they are.
 */
#define pr_fmt(fmt) "hostcrypt: " fmt

#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/suspend.h>

#include "keystore.h"
#include "power.h"

static int hc_power_event(struct notifier_block *nb, unsigned long event, void *unused)
{
	int err;

	switch (event) {
	case PM_HIBERNATION_PREPARE:
		err = hc_keystore_close_if_empty();
		if (err)
			pr_err("no hibernation while keys are loaded: they would be written to disk; close the volumes and drop the keys first\n");
		return notifier_from_errno(err);
	case PM_POST_HIBERNATION:
		hc_keystore_reopen();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block hc_power_nb = {
	.notifier_call = hc_power_event,
};

/**
 * hc_power_register() - take part in decisions on sleep
 *
 * Return: 0 or a negative error.
 */
int hc_power_register(void)
{
	return register_pm_notifier(&hc_power_nb);
}

/**
 * hc_power_unregister() - undo hc_power_register()
 */
void hc_power_unregister(void)
{
	unregister_pm_notifier(&hc_power_nb);
}
