// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/output.h"
#include "kernel/control.h"

static void print_json(const struct hostcrypt_version *module, int error)
{
	struct json_object *versions = json_object_new_object();
	struct json_object *object = NULL;
	char table[32];

	out_json_text(versions, "command", HC_VERSION);
	out_json_number(versions, "interface", HOSTCRYPT_ABI);
	if (!error) {
		object = json_object_new_object();
		snprintf(table, sizeof(table), "%u.%u", module->table_major, module->table_minor);
		out_json_text(object, "release", module->release);
		out_json_number(object, "interface", module->abi);
		out_json_text(object, "table", table);
	}
	json_object_object_add(versions, "module", object);
	json_object_object_add(versions, "module_error",
			       error ? out_error_object(error, hc_error_message()) : NULL);
	(void)out_json("versions", versions);
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	struct hostcrypt_version module = { 0 };
	HC_FD control = -1;
	int r = cmd_next_option(cmd, argc, argv, options);

	if (r < -1)
		return r;
	r = cmd_check_words(cmd, argc, 0, 0);
	if (r < 0)
		return r;
	control = hc_control_open();
	r = control < 0 ? control : hc_control_version(control, &module);
	if (cmd->json) {
		print_json(&module, r);
		return 0;
	}
	printf("hostcrypt %s, interface %d\n", HC_VERSION, HOSTCRYPT_ABI);
	if (r < 0)
		printf("module: %s\n", hc_error_message());
	else
		printf("dm-hostcrypt %s, interface %u, table lines %u.%u\n", module.release,
		       module.abi, module.table_major, module.table_minor);
	return 0;
}

const struct cmd_verb cmd_version = {
	.name = "version",
	.run = run,
	.summary = "show the versions of the command and the module",
	.help = "version [--json]\n"
		"\n"
		"Exits with 0 also when no fitting module is loaded, and says so.\n",
	.has_json = true,
};
