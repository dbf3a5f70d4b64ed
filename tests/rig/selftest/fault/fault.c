// SPDX-License-Identifier: GPL-2.0
/*
 * A module with faults, one per value of its parameter "mode", to see that the
 * debug kernel's checkers are awake and that the rig hears them.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *mode = "";
module_param(mode, charp, 0);

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

/* The compiler must not know the size, or it would refuse the overrun. */
static volatile size_t size = 64;

/* Many: of a few the addresses may live on in some stack. */
static noinline void leak(void)
{
	unsigned int i;

	for (i = 0; i < 32; i++) {
		char *memory = kmalloc(size, GFP_KERNEL);

		if (memory)
			memset(memory, 1, size);
	}
}

static noinline void overrun(void)
{
	char *memory = kmalloc(size, GFP_KERNEL);

	if (memory)
		memory[size] = 1;
	kfree(memory);
}

/* Read only: KASAN keeps lists of its own in what was freed. */
static noinline void use_after_free(void)
{
	char *memory = kmalloc(size, GFP_KERNEL);

	kfree(memory);
	if (memory)
		READ_ONCE(memory[0]);
}

/* Both orders, one after the other: lockdep sees the deadlock that could be. */
static noinline void lock_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static noinline void atomic_sleep(void)
{
	spin_lock(&spin);
	mutex_lock(&first);
	mutex_unlock(&first);
	spin_unlock(&spin);
}

static unsigned long raced;

static noinline void race_on(void)
{
	unsigned long end = jiffies + 2 * HZ;

	while (time_before(jiffies, end)) {
		unsigned int i;

		for (i = 0; i < 10000; i++)
			raced++;
		cond_resched();
	}
}

static int race_thread(void *unused)
{
	race_on();
	/* Whoever ends it must find it there. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Two tasks count in the same place. */
static noinline void race(void)
{
	struct task_struct *other = kthread_run(race_thread, NULL, "race");

	race_on();
	if (!IS_ERR(other))
		kthread_stop(other);
}

static int __init fault_init(void)
{
	if (!strcmp(mode, "leak"))
		leak();
	else if (!strcmp(mode, "overrun"))
		overrun();
	else if (!strcmp(mode, "use-after-free"))
		use_after_free();
	else if (!strcmp(mode, "lock-order"))
		lock_order();
	else if (!strcmp(mode, "atomic-sleep"))
		atomic_sleep();
	else if (!strcmp(mode, "warn"))
		WARN_ON(1);
	else if (!strcmp(mode, "race"))
		race();
	else
		return -EINVAL;
	return 0;
}

static void __exit fault_exit(void)
{
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("Faults on purpose, for the rig's own test");
MODULE_LICENSE("GPL");
