// SPDX-License-Identifier: GPL-2.0
/*
 * hc-ssh USER@HOST:PORT/FOLDER KEY KNOWN-HOSTS VERB [NAME]: what the capture kernel
 * does with a target of that kind, step by step. VERB is room, put (of standard
 * input), keep, drop, failed, or pin, which prints what it finds in KNOWN-HOSTS. The
 * environment's PATIENCE is for how many seconds it waits for an answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "dump/place.h"
#include "dump/ssh.h"

static int put(const struct hc_ssh *ssh, const char *name)
{
	pid_t pid;
	int r = hc_ssh_put(ssh, name, STDIN_FILENO, STDERR_FILENO, &pid);

	return r < 0 ? r : hc_child_wait(pid, "ssh");
}

static int room(const struct hc_ssh *ssh)
{
	uint64_t bytes;
	int r = hc_ssh_room(ssh, &bytes);

	if (r == 0)
		printf("%llu\n", (unsigned long long)bytes);
	return r;
}

static int pin(const struct hc_ssh *ssh)
{
	char lines[16384];
	int r = hc_ssh_pin(ssh->address, ssh->port, ssh->known_hosts, lines, sizeof(lines));

	if (r == 0)
		fputs(lines, stdout);
	return r;
}

static int run(const struct hc_ssh *ssh, const char *verb, const char *name)
{
	if (strcmp(verb, "room") == 0)
		return room(ssh);
	if (strcmp(verb, "put") == 0)
		return put(ssh, name);
	if (strcmp(verb, "keep") == 0)
		return hc_ssh_keep(ssh, name);
	if (strcmp(verb, "drop") == 0)
		return hc_ssh_drop(ssh, name);
	if (strcmp(verb, "failed") == 0)
		return hc_ssh_failed(ssh, name, "it went wrong");
	if (strcmp(verb, "pin") == 0)
		return pin(ssh);
	return hc_fail(HC_E_USAGE, "no verb %s", verb);
}

int main(int argc, char **argv)
{
	struct hc_dump_place place = { 0 };
	const char *patience = getenv("PATIENCE");
	char text[600], why[256];
	struct hc_ssh ssh;
	int r;

	if (argc < 5)
		return 2;
	snprintf(text, sizeof(text), "ssh:%s", argv[1]);
	if (hc_dump_place_parse(text, &place, why, sizeof(why)) < 0) {
		fprintf(stderr, "hc-ssh: %s\n", why);
		return 2;
	}
	ssh = (struct hc_ssh){ place.user, place.host, place.port, place.path, argv[2], argv[3],
			       patience ? (unsigned)atoi(patience) : 60 };
	r = run(&ssh, argv[4], argc > 5 ? argv[5] : "-");
	if (r < 0)
		fprintf(stderr, "hc-ssh: %s\n", hc_error_message());
	hc_dump_place_free(&place);
	return r < 0 ? hc_error_exit(r) : 0;
}
