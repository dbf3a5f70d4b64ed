// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/output.h"
#include "kernel/control.h"

enum { OPT_KEY_FILE = CMD_OPT_OWN };

/* Exactly the bytes of one key: more or less is not the key that was meant. */
static int read_key(int fd, const char *from, struct hc_secret *ret_key)
{
	HC_SECRET key = { 0 };
	HC_SECRET more = { 0 };
	ssize_t n;
	int r;

	r = hc_secret_alloc(HOSTCRYPT_KEY_SIZE, &key);
	if (r == 0)
		r = hc_secret_alloc(1, &more);
	if (r < 0)
		return r;
	r = hc_read_all(fd, key.data, key.size);
	n = r < 0 ? 0 : read(fd, more.data, 1);
	if (r == -EIO || n > 0)
		return hc_fail(HC_E_KEY_INVALID,
			       "%s does not hold exactly %d bytes; a key is %d "
			       "random bytes, not text",
			       from, HOSTCRYPT_KEY_SIZE, HOSTCRYPT_KEY_SIZE);
	if (r < 0 || n < 0)
		return hc_fail_errno(r < 0 ? -r : errno, "cannot read %s", from);
	*ret_key = key;
	key = (struct hc_secret){ 0 };
	return 0;
}

static int load(const char *uuid, const char *key_file)
{
	HC_SECRET key = { 0 };
	HC_FD control = -1;
	HC_FD file = -1;
	int r;

	if (key_file) {
		file = open(key_file, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			return hc_fail_errno(errno, "cannot open %s", key_file);
	} else if (isatty(STDIN_FILENO)) {
		return hc_fail(HC_E_USAGE,
			       "the key comes from a file or a pipe, not from the keyboard; "
			       "use --key-file");
	}
	r = read_key(key_file ? file : STDIN_FILENO, key_file ? key_file : "standard input", &key);
	if (r < 0)
		return r;
	control = hc_control_open();
	return control < 0 ? control : hc_control_load(control, uuid, &key);
}

static int drop(const char *uuid)
{
	HC_FD control = hc_control_open();

	return control < 0 ? control : hc_control_drop(control, uuid);
}

static int print_json(const struct hostcrypt_key_info *keys, size_t n)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *key = json_object_new_object();
		char uuid[HC_UUID_TEXT];

		hc_uuid_format(keys[i].uuid, uuid);
		out_json_text(key, "uuid", uuid);
		out_json_number(key, "users", keys[i].users);
		out_json_number(key, "age_ms", keys[i].age_ms);
		json_object_array_add(array, key);
	}
	return out_json("keys", array);
}

static int list(const struct cmd *cmd)
{
	struct hostcrypt_key_info *keys = NULL;
	HC_FD control = hc_control_open();
	size_t n = 0;
	int r;

	if (control < 0)
		return control;
	r = hc_control_list(control, &keys, &n);
	if (r < 0)
		return r;
	if (cmd->json) {
		r = print_json(keys, n);
	} else if (n == 0) {
		printf("no keys are loaded\n");
	} else {
		printf("%s%-36s  %5s  %s%s\n", out_on(stdout, OUT_BOLD), "KEY", "USERS",
		       "LOADED SINCE", out_off(stdout));
		for (size_t i = 0; i < n; i++) {
			char uuid[HC_UUID_TEXT], span[OUT_SIZE];

			hc_uuid_format(keys[i].uuid, uuid);
			printf("%-36s  %5u  %s\n", uuid, keys[i].users,
			       out_span(keys[i].age_ms / 1000, span));
		}
	}
	free(keys);
	return r;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "key-file", required_argument, NULL, OPT_KEY_FILE },
		CMD_OPTIONS,
	};
	const char *key_file = NULL, *what;
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0)
		key_file = optarg;
	if (option < -1)
		return option;
	r = cmd_check_words(cmd, argc, 1, 2);
	if (r < 0)
		return r;
	what = argv[optind++];
	if (strcmp(what, "list") != 0 && cmd->json)
		return hc_fail(HC_E_USAGE, "\"hostcrypt key %.20s\" has no output for --json",
			       what);
	if (strcmp(what, "load") != 0 && key_file)
		return hc_fail(HC_E_USAGE, "--key-file goes with \"key load\"");
	if (strcmp(what, "list") == 0)
		return cmd_check_words(cmd, argc, 0, 0) < 0 ? HC_E_USAGE : list(cmd);
	r = cmd_check_words(cmd, argc, 1, 1);
	if (r < 0)
		return r;
	if (strcmp(what, "load") == 0)
		return load(argv[optind], key_file);
	if (strcmp(what, "drop") == 0)
		return drop(argv[optind]);
	return hc_fail(HC_E_USAGE, "a key can be loaded, dropped or listed, not \"%.20s\"", what);
}

const struct cmd_verb cmd_key = {
	.name = "key",
	.run = run,
	.summary = "load, drop or list the keys in the kernel",
	.help = "key load UUID [--key-file FILE] | key drop UUID | key list\n"
		"\n"
		"For use with bare dmsetup; \"open\" and \"close\" do this by themselves.\n"
		"\n"
		"  load   take exactly 64 bytes from FILE or standard input and load them under\n"
		"         UUID, which a table line of target hostcrypt then names\n"
		"  drop   wipe the key; refused while a device uses it\n"
		"  list   UUIDs, users and age; never a key\n",
	.has_json = true,
	.touches_keys = true,
};
