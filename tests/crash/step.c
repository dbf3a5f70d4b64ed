// SPDX-License-Identifier: GPL-2.0
/* An oops at an instruction of one's choice: the code dies there, with its locks. */
#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "ways.h"

static atomic_t hc_left;
static const char *hc_caller;

/* At a function's first instruction the stack's top is where it returns to. */
static bool hc_called_by(struct pt_regs *regs)
{
	char name[KSYM_SYMBOL_LEN];

	snprintf(name, sizeof(name), "%ps", (void *)regs_get_kernel_stack_nth(regs, 0));
	return strstarts(name, hc_caller);
}

static int hc_step(struct kprobe *probe, struct pt_regs *regs)
{
	if (*hc_caller && !hc_called_by(regs))
		return 0;
	if (atomic_dec_and_test(&hc_left))
		WRITE_ONCE(*(int *)NULL, 0);
	return 0;
}

static struct kprobe hc_probe = {
	.pre_handler = hc_step,
};

/**
 * hc_crash_at_step() - oops at an instruction
 * @symbol: the function, "module:function" if it is a module's
 * @offset: of the instruction in it
 * @caller: how names of functions begin whose calls count, "" for all
 * @passes: how often it is come to until then
 *
 * Return: 0 or register_kprobe()'s error.
 */
int hc_crash_at_step(const char *symbol, unsigned int offset, const char *caller,
		     unsigned int passes)
{
	hc_caller = caller;
	atomic_set(&hc_left, passes);
	hc_probe.symbol_name = symbol;
	hc_probe.offset = offset;
	return register_kprobe(&hc_probe);
}

/**
 * hc_crash_step_exit() - undo hc_crash_at_step()
 */
void hc_crash_step_exit(void)
{
	unregister_kprobe(&hc_probe);
}
