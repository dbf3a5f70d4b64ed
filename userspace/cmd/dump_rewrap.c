// SPDX-License-Identifier: GPL-2.0
/* "dump rewrap": who else, or who no longer, can read a dump. Its body is left alone. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/dump_recipient.h"
#include "cmd/dump_unlock.h"
#include "cmd/new_file.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "dump/replace.h"

enum { OPT_REMOVE = DUMP_OPT_RECIPIENT_END, OPT_OUTPUT };

struct wanted {
	struct dump_unlock unlock;
	char dump[PATH_MAX];
	struct dump_recipient add;
	const char *remove;
	const char *output;
};

/* The header that counts, and what comes of it. */
struct areas {
	uint8_t now[HC_DUMP_AREA];
	uint8_t old[HC_DUMP_AREA]; /* kept beside by a rewrap that was interrupted */
	uint8_t new[HC_DUMP_AREA];
	struct hc_dump_header header;
	struct hc_secret dump_key;
};

static int take_options(struct cmd *cmd, int argc, char **argv, struct wanted *wanted)
{
	static const struct option options[] = {
		DUMP_UNLOCK_OPTIONS,
		DUMP_RECIPIENT_OPTIONS,
		{ "remove", required_argument, NULL, OPT_REMOVE },
		{ "output", required_argument, NULL, OPT_OUTPUT },
		CMD_OPTIONS,
	};
	int option, r;

	while ((option = cmd_next_option(cmd, argc, argv, options)) >= 0) {
		if (dump_unlock_take(&wanted->unlock, option) ||
		    dump_recipient_take(&wanted->add, option))
			continue;
		if (option == OPT_REMOVE)
			wanted->remove = optarg;
		else
			wanted->output = optarg;
	}
	if (option < -1)
		return option;
	r = dump_recipient_check(&wanted->add);
	if (r == 0 && !dump_recipient_wanted(&wanted->add) && !wanted->remove)
		r = hc_fail(HC_E_USAGE,
			    "--to, --to-passphrase or --to-passphrase-file says who is to read the "
			    "dump, --remove who is not");
	return r < 0 ? r : dump_unlock_check(&wanted->unlock);
}

/* By its label, or by 8 or more digits of its id. */
static bool is_called(const struct hc_dump_entry *entry, const char *name)
{
	size_t n = strlen(name);

	return strcmp(entry->label, name) == 0 || (n >= 8 && strncmp(entry->id, name, n) == 0);
}

static int find_removed(const struct hc_dump_header *header, const char *name, size_t *ret_at)
{
	size_t found = 0;

	*ret_at = header->n_entries;
	for (size_t i = 0; name && i < header->n_entries; i++)
		if (is_called(&header->entries[i], name)) {
			*ret_at = i;
			found++;
		}
	if (!name || found == 1)
		return 0;
	return hc_fail(HC_E_DUMP_RECIPIENT,
		       found ? "%zu recipients are called \"%s\"; take an id from \"dump describe\"" :
			       "%zu recipients are called \"%s\"; \"dump describe\" lists them",
		       found, name);
}

static int check_added(const struct hc_dump_header *header, const struct hc_dump_recipient *add)
{
	for (size_t i = 0; i < header->n_entries; i++)
		if (strcmp(header->entries[i].id, add->id) == 0)
			return hc_fail(HC_E_DUMP_RECIPIENT,
				       "that key can read the dump already, as \"%s\"",
				       header->entries[i].label);
	return 0;
}

static int unlock(const struct cmd *cmd, const struct wanted *wanted, const uint8_t *area,
		  struct areas *areas)
{
	int r = hc_dump_header_parse(area, &areas->header);

	if (r == 0)
		r = dump_unlock_key(cmd, &wanted->unlock, wanted->dump, &areas->header,
				    &areas->dump_key);
	return r < 0 ? r : hc_dump_header_verify(&areas->header, area, &areas->dump_key);
}

/*
 * With the header of the dump; or, where that is not whole, with the old one that a
 * rewrap left beside when it was interrupted. One that is whole counts, also against us.
 */
static int unlock_either(const struct cmd *cmd, const struct wanted *wanted, struct areas *areas)
{
	struct hc_dump_header torn;
	char why[800];
	int r = unlock(cmd, wanted, areas->now, areas);

	if (!hc_dump_replaced(wanted->dump, areas->now, areas->old))
		return r;
	if (r == 0)
		return wanted->output ? 0 : hc_dump_replace_done(wanted->dump);
	snprintf(why, sizeof(why), "%s", hc_error_message());
	hc_secret_free(&areas->dump_key);
	if (unlock(cmd, wanted, areas->old, areas) < 0 ||
	    (hc_dump_header_parse(areas->now, &torn) == 0 &&
	     hc_dump_header_verify(&torn, areas->now, &areas->dump_key) == 0))
		return hc_fail((enum hc_error)r, "%s", why);
	memcpy(areas->now, areas->old, HC_DUMP_AREA);
	return 0;
}

static int make_header(const struct wanted *wanted, struct areas *areas)
{
	struct hc_dump_recipient add = { 0 };
	bool adds = dump_recipient_wanted(&wanted->add);
	size_t without;
	int r = find_removed(&areas->header, wanted->remove, &without);

	if (r == 0 && adds)
		r = dump_recipient_make(&wanted->add, wanted->dump, &add);
	if (r == 0 && adds)
		r = check_added(&areas->header, &add);
	if (r == 0)
		r = hc_dump_header_rewrap(&areas->header, areas->now, &areas->dump_key,
					  adds ? &add : NULL, without, areas->new);
	if (r == 0)
		r = hc_dump_header_parse(areas->new, &areas->header);
	hc_dump_recipient_free(&add);
	return r;
}

static int copy_body(int from, int to)
{
	uint8_t *buffer = malloc(HC_DUMP_CHUNK);
	uint64_t total = 0, done = HC_DUMP_AREA;
	struct cmd_progress progress;
	ssize_t n = 0;
	int r = buffer ? 0 : hc_fail(HC_E_MEMORY, "no memory to copy the dump");

	if (hc_fd_bytes(from, &total) < 0)
		total = 0;
	cmd_progress_begin(&progress, total);
	while (r == 0 && (n = read(from, buffer, HC_DUMP_CHUNK)) != 0) {
		if (n < 0)
			r = hc_fail_errno(errno, "cannot read the dump");
		else if ((r = hc_write_all(to, buffer, (size_t)n)) < 0)
			r = hc_fail_errno(-r, "cannot write the dump");
		done += n > 0 ? (uint64_t)n : 0;
		cmd_progress_at(&progress, done);
	}
	cmd_progress_end(&progress);
	free(buffer);
	return r;
}

static int to_copy(int fd, const char *output, const struct areas *areas)
{
	struct cmd_new_file file;
	int r = cmd_new_file_open(output, &file);

	if (r < 0)
		return r;
	r = hc_write_all(file.fd, areas->new, HC_DUMP_AREA);
	if (r < 0)
		r = hc_fail_errno(-r, "cannot write %s", output);
	if (r == 0)
		r = copy_body(fd, file.fd);
	if (r == 0)
		r = cmd_new_file_keep(&file);
	cmd_new_file_close(&file);
	return r;
}

static void say(const struct wanted *wanted, const struct hc_dump_header *header)
{
	printf("%s can be read with %zu key%s:", wanted->output ? wanted->output : wanted->dump,
	       header->n_entries, header->n_entries == 1 ? "" : "s");
	for (size_t i = 0; i < header->n_entries; i++)
		printf("%s %s", i ? "," : "", header->entries[i].label);
	printf("\n");
	if (wanted->remove)
		printf("Whoever has an earlier copy of the dump and the key that was removed can "
		       "still read it.\n");
}

static int open_dump(struct wanted *wanted, const char *path, int *ret_fd)
{
	struct stat st;

	if (!realpath(path, wanted->dump))
		return hc_fail_errno(errno, "cannot open %s", path);
	*ret_fd = open(wanted->dump, (wanted->output ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (*ret_fd < 0 || fstat(*ret_fd, &st) < 0)
		return hc_fail_errno(errno, "cannot open %s", path);
	if (!S_ISREG(st.st_mode))
		return hc_fail(HC_E_USAGE, "%s is no file; \"dump fetch\" makes one of a dump on a device",
			       path);
	if (flock(*ret_fd, (wanted->output ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0)
		return hc_fail(HC_E_SYSTEM, "another program rewraps %s; wait for it", path);
	return 0;
}

static int read_header(int fd, uint8_t area[HC_DUMP_AREA])
{
	uint64_t bytes;
	int r = hc_fd_bytes(fd, &bytes);

	if (r == 0 && bytes < HC_DUMP_AREA)
		return hc_fail(HC_E_DUMP_NOT_ONE, "this is no encrypted dump");
	if (r == 0)
		r = hc_read_all(fd, area, HC_DUMP_AREA);
	return r < 0 ? hc_fail_errno(-r, "cannot read the dump") : 0;
}

static int rewrap(const struct cmd *cmd, const struct wanted *wanted, int fd, struct areas *areas)
{
	int r = read_header(fd, areas->now);

	if (r < 0)
		return r;
	r = unlock_either(cmd, wanted, areas);
	if (r == 0)
		r = make_header(wanted, areas);
	if (r < 0)
		return r;
	if (wanted->output)
		return to_copy(fd, wanted->output, areas);
	cmd_hold_signals();
	r = hc_dump_replace(fd, wanted->dump, areas->now, areas->new);
	cmd_release_signals();
	return r;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	HC_SECRET passphrase = { 0 };
	struct wanted wanted = { .unlock.kept = &passphrase };
	struct areas *areas = NULL;
	HC_FD fd = -1;
	int r = take_options(cmd, argc, argv, &wanted);

	if (r == 0)
		r = cmd_check_words(cmd, argc, 1, 1);
	if (r == 0)
		r = open_dump(&wanted, argv[optind], &fd);
	if (r < 0)
		return r;
	areas = calloc(1, sizeof(*areas));
	if (!areas)
		return hc_fail(HC_E_MEMORY, "no memory for the dump's header");
	r = rewrap(cmd, &wanted, fd, areas);
	if (r < 0)
		r = hc_context(r, "%s", argv[optind]);
	else
		say(&wanted, &areas->header);
	hc_secret_free(&areas->dump_key);
	free(areas);
	return r;
}

const struct cmd_verb cmd_dump_rewrap = {
	.name = "dump rewrap",
	.run = run,
	.summary = "change who can read a dump",
	.help = "dump rewrap UNLOCK [RECIPIENT] [--remove NAME] [--output FILE] DUMP\n"
		"\n" DUMP_UNLOCK_HELP "\n" DUMP_RECIPIENT_HELP "\n"
		"  --remove NAME  a recipient less: its label, or 8 or more digits of its id\n"
		"  --output FILE  leave DUMP alone, make a copy of it\n"
		"\n"
		"Nothing is decrypted but the dump's key, and that stays the same: who can read\n"
		"an earlier copy still can. An interrupted rewrap leaves DUMP" HC_DUMP_OLD_SUFFIX ";\n"
		"the next rewrap puts that right.\n",
	.touches_keys = true,
};
