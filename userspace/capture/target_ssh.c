// SPDX-License-Identifier: GPL-2.0
/* ssh:USER@HOST[:PORT]/FOLDER, in the capture kernel. */
#include "capture/target_kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "capture/log.h"
#include "capture/network.h"
#include "dump/ssh.h"

/* What ssh has to say. */
static int messages = -1;

static struct hc_ssh ssh_of(const struct target *target)
{
	const struct hc_dump_place *place = &target->config->target;

	return (struct hc_ssh){
		.user = place->user,
		.address = place->host,
		.port = place->port,
		.folder = place->path,
		.key = target->config->ssh_key,
		.known_hosts = target->config->ssh_known_hosts,
		.patience = target->config->stall_limit,
	};
}

static int start(struct target *target, const char *name)
{
	struct hc_ssh ssh = ssh_of(target);
	int pipes[2], r;

	messages = memfd_create("messages", MFD_CLOEXEC);
	if (messages < 0 || pipe2(pipes, O_CLOEXEC) < 0)
		return hc_fail_errno(errno, "a pipe for ssh");
	r = hc_ssh_put(&ssh, name, pipes[0], messages, &target->sender);
	close(pipes[0]);
	if (r < 0)
		close(pipes[1]);
	else
		target->fd = pipes[1];
	return r;
}

static int open_remote(struct target *target, const char *host, long long now)
{
	struct hc_dump_part names;
	int r = target->trial ? network_try() : network_up();

	if (r < 0)
		return r;
	hc_dump_part_name(host, now, &names);
	snprintf(target->name, sizeof(target->name), "%s", names.name);
	return start(target, names.name);
}

/* The end of what ssh had to say, or "". */
static void take_words(char *ret_words, size_t size)
{
	char text[1024];
	ssize_t n = pread(messages, text, sizeof(text) - 1, 0);
	char *line, *save = NULL;

	ret_words[0] = '\0';
	text[n > 0 ? n : 0] = '\0';
	for (line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		snprintf(ret_words, size, "%s", line);
}

static int wait_for_sender(struct target *target)
{
	close(target->fd);
	target->fd = -1;
	return hc_child_wait(target->sender, "ssh");
}

/* What went wrong stays there, in place of the dump. */
static int leave(struct target *target)
{
	struct hc_ssh ssh = ssh_of(target);
	char why[800], words[256];
	int n;

	n = snprintf(why, sizeof(why), "%s", hc_error_message());
	take_words(words, sizeof(words));
	if (words[0] && n > 0 && (size_t)n < sizeof(why))
		snprintf(why + n, sizeof(why) - (size_t)n, " (ssh: %s)", words);
	if (hc_ssh_drop(&ssh, target->name) < 0 || hc_ssh_failed(&ssh, target->name, why) < 0)
		log_say("%s", hc_error_message());
	return hc_fail(HC_E_DUMP_TARGET, "%s", why);
}

static int commit(struct target *target)
{
	struct hc_ssh ssh = ssh_of(target);
	int r = wait_for_sender(target);

	if (r == 0)
		r = target->trial && !target->keep ? hc_ssh_drop(&ssh, target->name) :
						     hc_ssh_keep(&ssh, target->name);
	return r < 0 ? leave(target) : 0;
}

static void discard(struct target *target)
{
	char why[600];

	/* That of the dump counts, not how ssh took its end. */
	snprintf(why, sizeof(why), "%s", hc_error_message());
	wait_for_sender(target);
	if (hc_fail(HC_E_DUMP_TARGET, "%s", why) < 0)
		leave(target);
}

/* The sender has ended with who started it. */
static void recover(struct target *target)
{
	leave(target);
}

const struct target_kind target_ssh = {
	.state = target_local_state,
	.open = open_remote,
	.commit = commit,
	.discard = discard,
	.recover = recover,
};
