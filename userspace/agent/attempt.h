/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One try to open a volume, in a child process: tries run side by side, one
 * that hangs holds up nobody, and a key is never in the agent's own memory.
 */
#ifndef HC_AGENT_ATTEMPT_H
#define HC_AGENT_ATTEMPT_H

#include <sys/types.h>

#include "agent/plan.h"
#include "base/config.h"
#include "volume/volume.h"

/* hc_volume_open(), or what stands for it in a test. */
typedef int (*attempt_open)(const struct hc_config *config, const struct hc_volume_open *open,
			    struct hc_volume_trace *trace);

/*
 * Start the child. It runs @open for @entry, reports what came of it through
 * a pipe and ends. HC_E_SYSTEM when there can be no child now.
 */
int attempt_start(attempt_open open, const struct hc_config *config,
		  const struct hc_voltab_entry *entry, pid_t *ret_pid, int *ret_fd);

/*
 * What the child, which has ended with wait status @status, reported on @fd;
 * closes @fd. A child that died without a word is an error of its own
 * (HC_E_INTERNAL). Control characters are replaced: parts come from key servers.
 */
void attempt_result(int fd, int status, struct plan_result *ret_result);

#endif
