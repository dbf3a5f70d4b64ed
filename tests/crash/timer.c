// SPDX-License-Identifier: GPL-2.0
/* A panic in a timer's interrupt. */
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "ways.h"

static struct hrtimer hc_timer;

static enum hrtimer_restart hc_timer_end(struct hrtimer *timer)
{
	panic("hc-crash: in %s\n", in_hardirq() ? "an interrupt" : "no interrupt");
}

/* On the CPU whose timer it is to be. */
static void hc_timer_start(void *delay)
{
	hrtimer_start(&hc_timer, *(ktime_t *)delay, HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * hc_crash_in_interrupt() - panic in a timer's interrupt
 * @cpu: which is to take it
 * @delay: milliseconds from now
 *
 * Return: 0, and the module has to stay; -ENXIO, there is no such CPU.
 */
int hc_crash_in_interrupt(unsigned int cpu, unsigned int delay)
{
	ktime_t after = ms_to_ktime(delay);

	if (cpu >= nr_cpu_ids)
		return -ENXIO;
	hrtimer_init(&hc_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hc_timer.function = hc_timer_end;
	return smp_call_function_single(cpu, hc_timer_start, &after, true);
}
