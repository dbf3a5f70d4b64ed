// SPDX-License-Identifier: GPL-2.0
/* "dump extract" and "dump verify": a dump decrypted, to a file, a pipe or nowhere. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/dump_unlock.h"
#include "cmd/new_file.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "dump/reader.h"
#include "dump/unflatten.h"

enum { OPT_LOG = DUMP_OPT_OWN, OPT_CAPTURE_LOG };

struct wanted {
	struct dump_unlock unlock;
	const char *dump;
	const char *output; /* "-" for standard output, NULL for none */
	enum hc_dump_stream only;
};

static bool is_text(const struct wanted *wanted)
{
	return wanted->only != HC_DUMP_STREAM_VMCORE;
}

/* Where the decrypted stream goes, and how much of it came. */
struct sink {
	int fd; /* -1: nowhere */
	bool flat; /* as it is */
	struct hc_unflatten core;
	uint64_t frames, bytes;
};

static int take_options(struct cmd *cmd, int argc, char **argv, struct wanted *wanted)
{
	static const struct option options[] = {
		DUMP_UNLOCK_OPTIONS,
		{ "log", no_argument, NULL, OPT_LOG },
		{ "capture-log", no_argument, NULL, OPT_CAPTURE_LOG },
		CMD_OPTIONS,
	};
	int option, logs = 0;

	wanted->only = HC_DUMP_STREAM_VMCORE;
	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0) {
		if (dump_unlock_take(&wanted->unlock, option))
			continue;
		wanted->only = option == OPT_LOG ? HC_DUMP_STREAM_LOG : HC_DUMP_STREAM_CAPTURE;
		logs++;
	}
	if (option < -1)
		return option;
	if (logs > 1)
		return hc_fail(HC_E_USAGE, "one log at a time: --log or --capture-log");
	return dump_unlock_check(&wanted->unlock);
}

static int take(struct sink *sink, const uint8_t *data, size_t size)
{
	int r;

	sink->bytes += size;
	if (sink->fd < 0)
		return 0;
	if (!sink->flat)
		return hc_unflatten_add(&sink->core, data, size);
	r = hc_write_all(sink->fd, data, size);
	return r < 0 ? hc_fail_errno(-r, "cannot write the output") : 0;
}

static int copy(struct hc_dump_reader *reader, const struct wanted *wanted, struct sink *sink)
{
	static const char *const names[] = {
		[HC_DUMP_STREAM_LOG] = "kernel log",
		[HC_DUMP_STREAM_VMCORE] = "memory",
		[HC_DUMP_STREAM_CAPTURE] = "log of the capture",
	};
	struct cmd_progress progress;
	enum hc_dump_stream stream;
	const uint8_t *data;
	size_t size;
	int r;

	cmd_progress_begin(&progress, cmd_progress_shown() ? hc_dump_reader_total(reader) : 0);
	while ((r = hc_dump_reader_next(reader, &stream, &data, &size)) == 1) {
		sink->frames++;
		cmd_progress_at(&progress, hc_dump_reader_offset(reader));
		r = stream == wanted->only || !wanted->output ? take(sink, data, size) : 0;
		if (r < 0)
			break;
	}
	cmd_progress_end(&progress);
	if (r < 0 || !wanted->output)
		return r;
	if (sink->bytes == 0)
		return hc_fail(HC_E_DUMP_NOT_ONE, "there is no %s in this dump",
			       names[wanted->only]);
	return sink->flat ? 0 : hc_unflatten_finish(&sink->core);
}

static int unlock(const struct cmd *cmd, const struct wanted *wanted, struct hc_dump_reader *reader)
{
	HC_SECRET dump_key = { 0 };
	int r = dump_unlock_key(cmd, &wanted->unlock, wanted->dump,
				hc_dump_reader_header(reader), &dump_key);

	return r < 0 ? r : hc_dump_reader_unlock(reader, &dump_key);
}

static int open_dump(const struct cmd *cmd, const struct wanted *wanted, int *ret_fd,
		     struct hc_dump_reader **ret_reader)
{
	int r;

	*ret_fd = open(wanted->dump, O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		return hc_fail_errno(errno, "cannot open %s", wanted->dump);
	r = hc_dump_reader_open(*ret_fd, ret_reader);
	if (r == 0)
		r = unlock(cmd, wanted, *ret_reader);
	return r < 0 ? dump_unlock_failed(r, wanted->dump) : 0;
}

static int to_file(struct hc_dump_reader *reader, const struct wanted *wanted)
{
	struct cmd_new_file file;
	struct sink sink = { .flat = is_text(wanted) };
	char why[800];
	int r = cmd_new_file_open(wanted->output, &file), named;

	if (r < 0)
		return r;
	sink.fd = sink.core.fd = file.fd;
	r = copy(reader, wanted, &sink);
	if (r == 0 || (r == HC_E_DUMP_CUT && sink.bytes > 0)) {
		snprintf(why, sizeof(why), "%s", r < 0 ? hc_error_message() : "");
		named = cmd_new_file_keep(&file);
		if (named < 0)
			r = named;
		else if (r < 0)
			r = hc_fail(HC_E_DUMP_CUT, "%s; %s holds what comes before", why,
				    wanted->output);
	}
	cmd_new_file_close(&file);
	return r < 0 ? hc_context(r, "%s", wanted->dump) : 0;
}

static int to_pipe(struct hc_dump_reader *reader, const struct wanted *wanted)
{
	struct sink sink = { .fd = STDOUT_FILENO, .flat = true };
	int r;

	if (isatty(STDOUT_FILENO) && !is_text(wanted))
		return hc_fail(HC_E_USAGE, "memory is not written to a terminal; use a pipe");
	r = copy(reader, wanted, &sink);
	return r < 0 ? hc_context(r, "%s", wanted->dump) : 0;
}

static int extract(struct cmd *cmd, int argc, char **argv)
{
	struct hc_dump_reader *reader = NULL;
	struct wanted wanted = { 0 };
	HC_FD fd = -1;
	int r = take_options(cmd, argc, argv, &wanted);

	if (r == 0)
		r = cmd_check_words(cmd, argc, 2, 2);
	if (r < 0)
		return r;
	wanted.dump = argv[optind];
	wanted.output = argv[optind + 1];
	r = open_dump(cmd, &wanted, &fd, &reader);
	if (r == 0)
		r = strcmp(wanted.output, "-") == 0 ? to_pipe(reader, &wanted) :
						      to_file(reader, &wanted);
	hc_dump_reader_close(reader);
	return r;
}

static int print_verified(const struct cmd *cmd, const struct wanted *wanted,
			  const struct sink *sink)
{
	struct json_object *object;
	char size[OUT_SIZE];

	if (!cmd->json) {
		printf("%s is whole: %s in %llu frames\n", wanted->dump,
		       out_size(sink->bytes, size), (unsigned long long)sink->frames);
		return 0;
	}
	object = json_object_new_object();
	out_json_number(object, "bytes", sink->bytes);
	out_json_number(object, "frames", sink->frames);
	return out_json("verified", object);
}

static int verify(struct cmd *cmd, int argc, char **argv)
{
	struct hc_dump_reader *reader = NULL;
	struct wanted wanted = { 0 };
	struct sink sink = { .fd = -1 };
	HC_FD fd = -1;
	int r = take_options(cmd, argc, argv, &wanted);

	if (r == 0)
		r = cmd_check_words(cmd, argc, 1, 1);
	if (r == 0 && is_text(&wanted))
		r = hc_fail(HC_E_USAGE, "--log and --capture-log go with \"dump extract\"");
	if (r < 0)
		return r;
	wanted.dump = argv[optind];
	r = open_dump(cmd, &wanted, &fd, &reader);
	if (r == 0) {
		r = copy(reader, &wanted, &sink);
		r = r < 0 ? hc_context(r, "%s", wanted.dump) :
			    print_verified(cmd, &wanted, &sink);
	}
	hc_dump_reader_close(reader);
	return r;
}

const struct cmd_verb cmd_dump_extract = {
	.name = "dump extract",
	.run = extract,
	.summary = "decrypt a dump",
	.help = "dump extract UNLOCK [--log | --capture-log] DUMP OUTPUT\n"
		"\n" DUMP_UNLOCK_HELP "\n"
		"  --log          the crashed kernel's log only, as text\n"
		"  --capture-log  what the program that wrote the dump had to say, as text\n"
		"\n"
		"OUTPUT is a new file that only its owner reads, there when all of it is; or \"-\":\n"
		"then the memory comes in makedumpfile's flattened form (makedumpfile -R makes\n"
		"a file of it). Of a dump that ends early OUTPUT is kept and the exit status\n"
		"is 72; of one that was changed nothing is kept, and it is 73.\n",
	.touches_keys = true,
};

const struct cmd_verb cmd_dump_verify = {
	.name = "dump verify",
	.run = verify,
	.summary = "check that a dump is whole and unchanged",
	.help = "dump verify UNLOCK DUMP\n"
		"\n" DUMP_UNLOCK_HELP "\n"
		"Decrypts all of DUMP and keeps nothing. Exit status 72: it ends early; 73: it\n"
		"was changed.\n"
		"\n"
		"--json: {\"version\":1,\"verified\":{\"bytes\":N,\"frames\":N}}\n",
	.has_json = true,
	.touches_keys = true,
};
