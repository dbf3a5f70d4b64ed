// SPDX-License-Identifier: GPL-2.0
/* An oops where a function returns. */
#include <linux/atomic.h>
#include <linux/kprobes.h>

#include "ways.h"

static atomic_t hc_left;

static int hc_returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (atomic_dec_and_test(&hc_left))
		WRITE_ONCE(*(int *)NULL, 0);
	return 0;
}

static struct kretprobe hc_probe = {
	.handler = hc_returned,
};

/**
 * hc_crash_at_return() - oops where a function returns
 * @symbol: the function, "module:function" if it is a module's
 * @passes: how often it returns until then
 *
 * Return: 0 or register_kretprobe()'s error.
 */
int hc_crash_at_return(const char *symbol, unsigned int passes)
{
	atomic_set(&hc_left, passes);
	hc_probe.kp.symbol_name = symbol;
	return register_kretprobe(&hc_probe);
}

/**
 * hc_crash_return_exit() - undo hc_crash_at_return()
 */
void hc_crash_return_exit(void)
{
	unregister_kretprobe(&hc_probe);
}
