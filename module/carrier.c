// SPDX-License-Identifier: GPL-2.0
/*
 * From hard interrupt to softirq, on the same CPU.
 *
 * Disks complete in hard interrupt context, where no cipher may run. What is
 * small is decrypted a moment later in softirq, without a thread in between.
 * The thing that is scheduled is static, one per CPU. (Were it part of the I/O,
 * the I/O's end would free it while the softirq code still looks at it.)
 */
#include <linux/percpu.h>

#include "carrier.h"
#include "compat.h"

struct hc_carrier {
	struct hc_bh bh;

	/* What waits here; added to in any context. */
	struct llist_head waiting;
};

static DEFINE_PER_CPU(struct hc_carrier, hc_carriers);

/* What to do with each; set once. */
static void (*hc_carrier_fn)(struct llist_node *node);

static void hc_carrier_run(struct hc_bh_arg *arg)
{
	struct hc_carrier *carrier = container_of(hc_bh_of(arg), struct hc_carrier, bh);
	struct llist_node *node, *next;

	/* The list gives the newest first; the oldest has waited longest. */
	node = llist_reverse_order(llist_del_all(&carrier->waiting));
	llist_for_each_safe(node, next, node)
		hc_carrier_fn(node);
}

/**
 * hc_carrier_init() - prepare the carriers
 * @fn: called in softirq context for each node that was added
 */
void hc_carrier_init(void (*fn)(struct llist_node *node))
{
	unsigned int cpu;

	hc_carrier_fn = fn;
	for_each_possible_cpu(cpu) {
		struct hc_carrier *carrier = per_cpu_ptr(&hc_carriers, cpu);

		init_llist_head(&carrier->waiting);
		hc_bh_init(&carrier->bh, hc_carrier_run);
	}
}

/**
 * hc_carrier_exit() - wait until the last carrier has come to rest
 */
void hc_carrier_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		hc_bh_stop(&per_cpu_ptr(&hc_carriers, cpu)->bh);
}

/**
 * hc_carrier_add() - have a node dealt with in softirq context
 * @node: the node, which is the callee's again when @fn is called
 *
 * Context: interrupts off.
 */
void hc_carrier_add(struct llist_node *node)
{
	struct hc_carrier *carrier = this_cpu_ptr(&hc_carriers);

	if (llist_add(node, &carrier->waiting))
		hc_bh_schedule(&carrier->bh);
}
