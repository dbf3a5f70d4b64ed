// SPDX-License-Identifier: GPL-2.0
/*
 * Ends the machine, or spoils a byte of its memory, where a test wants it:
 *
 *	way=interrupt	panics in an interrupt on CPU cpu= in delay= milliseconds
 *	way=step	oopses when offset= in the function symbol= is come to for the
 *			passes=th time; with caller=, offset 0, only calls by functions
 *			whose names begin so
 *	way=return	oopses when the function symbol= returns for the passes=th time
 *	way=damage	changes the byte at the physical address address=
 */
#include <linux/module.h>
#include <linux/string.h>

#include "ways.h"

static char *way = "";
module_param(way, charp, 0);

static unsigned int cpu;
module_param(cpu, uint, 0);

static unsigned int delay;
module_param(delay, uint, 0);

static char *symbol = "";
module_param(symbol, charp, 0);

static unsigned int offset;
module_param(offset, uint, 0);

static char *caller = "";
module_param(caller, charp, 0);

static unsigned int passes = 1;
module_param(passes, uint, 0);

static unsigned long long address;
module_param(address, ullong, 0);

static int __init hc_crash_init(void)
{
	if (!strcmp(way, "interrupt"))
		return hc_crash_in_interrupt(cpu, delay);
	if (!strcmp(way, "step"))
		return hc_crash_at_step(symbol, offset, caller, passes);
	if (!strcmp(way, "return"))
		return hc_crash_at_return(symbol, passes);
	if (!strcmp(way, "damage"))
		return hc_crash_damage(address);
	return -EINVAL;
}

static void __exit hc_crash_exit(void)
{
	if (!strcmp(way, "step"))
		hc_crash_step_exit();
	else if (!strcmp(way, "return"))
		hc_crash_return_exit();
}

module_init(hc_crash_init);
module_exit(hc_crash_exit);
MODULE_DESCRIPTION("Crashes where a test wants them");
MODULE_LICENSE("GPL");
