// SPDX-License-Identifier: GPL-2.0
/* "dump describe": what a dump says of itself, without a key. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/dump_unlock.h"
#include "cmd/output.h"
#include "dump/reader.h"

static int print_json(const struct hc_dump_header *header)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	out_json_text(object, "id", header->info.id);
	out_json_text(object, "host", header->info.host);
	out_json_text(object, "kernel", header->info.kernel);
	out_json_text(object, "build_id", header->info.build_id);
	out_json_text(object, "time", header->info.time);
	for (size_t i = 0; i < header->n_entries; i++) {
		const struct hc_dump_entry *entry = &header->entries[i];
		struct json_object *recipient = json_object_new_object();

		out_json_text(recipient, "type", hc_dump_recipient_type_name(entry->type));
		out_json_text(recipient, "id", entry->id);
		out_json_text(recipient, "label", entry->label);
		out_json_text(recipient, "provider", entry->provider);
		out_json_text(recipient, "endpoint", entry->endpoint);
		out_json_text(recipient, "private_id", entry->private_id);
		out_json_text(recipient, "public_id", entry->public_id);
		json_object_array_add(array, recipient);
	}
	json_object_object_add(object, "recipients", array);
	return out_json("dump", object);
}

static void print(const char *path, const struct hc_dump_header *header)
{
	out_title("dump", path);
	out_field("id", "%s", header->info.id);
	out_field("host", "%s", header->info.host);
	out_field("kernel", "%s", header->info.kernel);
	if (header->info.build_id[0])
		out_field("build id", "%s", header->info.build_id);
	out_field("time", "%s", header->info.time);
	for (size_t i = 0; i < header->n_entries; i++) {
		const struct hc_dump_entry *entry = &header->entries[i];

		out_field("recipient", "%s, %s, %.16s...", entry->label,
			  hc_dump_recipient_type_name(entry->type), entry->id);
		if (entry->type == HC_DUMP_KMIP)
			out_field("key server", "%s at %s, private key %s", entry->provider,
				  entry->endpoint, entry->private_id);
		if (entry->type == HC_DUMP_SCRYPT)
			out_field("scrypt", "n %llu, r %u, p %u",
				  (unsigned long long)entry->scrypt.n, entry->scrypt.r,
				  entry->scrypt.p);
	}
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	struct hc_dump_reader *reader = NULL;
	HC_FD fd = -1;
	int r = cmd_next_option(cmd, argc, argv, options);

	if (r < -1)
		return r;
	r = cmd_check_words(cmd, argc, 1, 1);
	if (r < 0)
		return r;
	fd = open(argv[optind], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", argv[optind]);
	r = hc_dump_reader_open(fd, &reader);
	if (r < 0)
		return dump_unlock_failed(r, argv[optind]);
	if (cmd->json)
		r = print_json(hc_dump_reader_header(reader));
	else
		print(argv[optind], hc_dump_reader_header(reader));
	hc_dump_reader_close(reader);
	return r;
}

const struct cmd_verb cmd_dump_describe = {
	.name = "dump describe",
	.run = run,
	.summary = "what an encrypted dump says of itself",
	.help = "dump describe FILE\n"
		"\n"
		"Where and when FILE was made, and whose private keys read it. No key is needed,\n"
		"and nothing of this is vouched for: \"dump extract\" does that.\n"
		"\n"
		"--json: {\"version\":1,\"dump\":D}. D has id, host, kernel, build_id, time,\n"
		"recipients: an array of type, id, label, provider, endpoint, private_id, public_id.\n",
	.has_json = true,
	.touches_keys = true,
};
