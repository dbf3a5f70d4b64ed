/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs about the capture kernel share. */
#ifndef HC_CMD_DUMP_OPTIONS_H
#define HC_CMD_DUMP_OPTIONS_H

#include "cmd/cmd.h"
#include "dump/config.h"

enum { CMD_OPT_DUMP_CONFIG = CMD_OPT_OWN, CMD_OPT_DUMP_OWN };

#define DUMP_OPTIONS { "dump-config", required_argument, NULL, CMD_OPT_DUMP_CONFIG }

/*
 * The command line of a verb that takes no option but --dump-config, and @max words at
 * most; @path is changed where that is given. 0 or a negative code.
 */
int dump_take_config(struct cmd *cmd, int argc, char **argv, int max, const char **path);

/* Tells a person why it takes so long. */
void dump_say_image(const char *release);

/* hc_dump_lock(), and a word where somebody else has it. */
int dump_lock(int *ret_lock);

/* Load what dump.conf in @path asks for; kexec is not locked yet. Under dump_lock(). */
int dump_load(struct cmd *cmd, const char *path, bool rebuild, bool lock);

#endif
