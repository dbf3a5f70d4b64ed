// SPDX-License-Identifier: GPL-2.0
#include "dump/ssh.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"

#define SSH "/usr/bin/ssh"

/* The name by which a host's keys stand in a file of ours, whatever it is called. */
#define ALIAS "hostcrypt-target"

/* $1: the verb, $2: the folder, $3: the dump's name. */
#define REMOTE                                                                                     \
	"cd \"$2\" || exit 1; umask 077; set -C; case $1 in "                                      \
	"room) df -Pk .;; "                                                                        \
	"put) cat >\"$3.part\" && sync \"$3.part\";; "                                             \
	"keep) ! [ -e \"$3\" ] && mv \"$3.part\" \"$3\" && sync .;; "                              \
	"drop) rm -f \"$3.part\";; "                                                               \
	"failed) cat >\"$3.failed\" && sync \"$3.failed\";; "                                      \
	"*) exit 2;; esac"

/* Behind it stand verb, folder and name, in a command of ours. */
#define MARK "hostcrypt-dump"

/* The command line to be run over there. */
static void make_command(const struct hc_ssh *ssh, const char *verb, const char *name,
			 char *ret_command, size_t size)
{
	snprintf(ret_command, size, "sh -c '" REMOTE "' " MARK " %s %s %s", verb, ssh->folder,
		 name);
}

/* It reads no configuration but ours, asks nobody, and gives up on a dead host. */
#define OPTIONS                                                                                    \
	"-F", "/dev/null", "-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o",   \
		"GlobalKnownHostsFile=/dev/null", "-o", "HostKeyAlias=" ALIAS, "-o",               \
		"UpdateHostKeys=no", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", \
		"Compression=no", "-o", "PreferredAuthentications=publickey", "-o",                \
		"ConnectTimeout=15", "-o", "ServerAliveInterval=15", "-o",                         \
		"ServerAliveCountMax=4", "-o", "LogLevel=ERROR"

static int start(const struct hc_ssh *ssh, const char *verb, const char *name, int in, int out,
		 int err, pid_t *ret_pid)
{
	char command[2048], port[8], known[600];
	const char *const argv[] = { SSH,  OPTIONS, "-o", known,     "-i",
				     ssh->key, "-p",    port, "-l", ssh->user,
				     "--", ssh->address, command, NULL };

	make_command(ssh, verb, name, command, sizeof(command));
	snprintf(port, sizeof(port), "%u", ssh->port);
	snprintf(known, sizeof(known), "UserKnownHostsFile=%s", ssh->known_hosts);
	if (access(SSH, X_OK) < 0)
		return hc_fail(HC_E_DUMP_TARGET, SSH " is not there; install openssh-client");
	return hc_child_feed(argv, NULL, in, out, err, ret_pid);
}

/* The last of @text's lines; @text loses the end of it. */
static const char *last_line(char *text)
{
	char *line, *last = text, *save = NULL;

	for (line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		last = line;
	return last;
}

/* All of it, in time, with @text for its input; what is printed is in @ret_output. */
static int run(const struct hc_ssh *ssh, const char *verb, const char *name, const char *text,
	       char *ret_output, size_t size)
{
	HC_FD in = memfd_create("in", MFD_CLOEXEC);
	HC_FD out = memfd_create("out", MFD_CLOEXEC);
	const char *said;
	bool in_time;
	ssize_t n;
	pid_t pid;
	int r;

	if (in < 0 || out < 0 || hc_write_all(in, text, strlen(text)) < 0 ||
	    lseek(in, 0, SEEK_SET) < 0)
		return hc_fail(HC_E_MEMORY, "out of memory");
	r = start(ssh, verb, name, in, out, out, &pid);
	if (r < 0)
		return r;
	/* A disk that hangs over there does not keep ssh from being answered. */
	in_time = hc_child_ends_within(pid, ssh->patience);
	r = hc_child_wait(pid, SSH);
	n = pread(out, ret_output, size - 1, 0);
	ret_output[n > 0 ? n : 0] = '\0';
	if (r == 0)
		return 0;
	if (!in_time)
		return hc_fail(HC_E_DUMP_TARGET,
			       "ssh to %s@%s, port %u: no answer within %u s (\"%s\" in %s)",
			       ssh->user, ssh->address, ssh->port, ssh->patience, verb,
			       ssh->folder);
	said = last_line(ret_output);
	return hc_fail(HC_E_DUMP_TARGET, "ssh to %s@%s, port %u: %s", ssh->user, ssh->address,
		       ssh->port, said[0] ? said : hc_error_message());
}

int hc_ssh_room(const struct hc_ssh *ssh, uint64_t *ret_bytes)
{
	unsigned long long kilobytes;
	char output[2048];
	const char *line;
	int r = run(ssh, "room", "-", "", output, sizeof(output));

	if (r < 0)
		return r;
	line = strchr(output, '\n');
	if (!line || sscanf(line, "%*s %*s %*s %llu", &kilobytes) != 1)
		return hc_fail(HC_E_DUMP_TARGET, "%s does not say how much room there is in %s",
			       ssh->address, ssh->folder);
	*ret_bytes = kilobytes * 1024;
	return 0;
}

int hc_ssh_put(const struct hc_ssh *ssh, const char *name, int in, int err, pid_t *ret_pid)
{
	return start(ssh, "put", name, in, err, err, ret_pid);
}

int hc_ssh_keep(const struct hc_ssh *ssh, const char *name)
{
	char output[1024];

	return run(ssh, "keep", name, "", output, sizeof(output));
}

int hc_ssh_drop(const struct hc_ssh *ssh, const char *name)
{
	char output[1024];

	return run(ssh, "drop", name, "", output, sizeof(output));
}

int hc_ssh_failed(const struct hc_ssh *ssh, const char *name, const char *text)
{
	char output[1024];

	return run(ssh, "failed", name, text, output, sizeof(output));
}

/* Those lines of ssh-keygen's that are keys, under our name for the host. */
static size_t rename_keys(char *found, char *ret_lines, size_t size)
{
	char *line, *save = NULL, type[64], key[8192];
	size_t used = 0;

	for (line = strtok_r(found, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		/* A comment, or a marker: an authority's key is no host's, and neither
		 * is one that is taken back. */
		if (line[0] == '#' || line[0] == '@' ||
		    sscanf(line, "%*s %63s %8191s", type, key) != 2)
			continue;
		used += (size_t)snprintf(ret_lines + used, used < size ? size - used : 0,
					 ALIAS " %s %s\n", type, key);
	}
	return used;
}

int hc_ssh_pin(const char *name, unsigned port, const char *path, char *ret_lines, size_t size)
{
	const struct passwd *us = getpwuid(geteuid());
	char ours[PATH_MAX], host[300];
	const char *const own[] = { "/etc/ssh/ssh_known_hosts", ours, NULL };
	const char *const said[] = { path, NULL };

	snprintf(ours, sizeof(ours), "%s/.ssh/known_hosts", us ? us->pw_dir : "");
	snprintf(host, sizeof(host), port == 22 ? "%s" : "[%s]:%u", name, port);
	for (const char *const *each = path ? said : own; *each; each++) {
		const char *const argv[] = { "/usr/bin/ssh-keygen", "-F", host, "-f", *each,
					     NULL };
		static char found[16384];
		size_t used;

		if (hc_child_run(argv, NULL, found, sizeof(found)) < 0)
			continue;
		used = rename_keys(found, ret_lines, size);
		if (used > 0 && used < size)
			return 0;
	}
	return hc_fail(HC_E_DUMP_TARGET,
		       "the key of %s is not known (%s); connect to it once and compare the key, or "
		       "take it from \"ssh-keyscan\" and compare",
		       host, path ? path : "/etc/ssh/ssh_known_hosts and ~/.ssh/known_hosts");
}

/* authorized_keys has the command between double quotes. */
static void add_quoted(char *line, size_t size, const char *text)
{
	size_t used = strlen(line);

	for (; *text && used + 3 < size; text++) {
		if (*text == '"')
			line[used++] = '\\';
		line[used++] = *text;
	}
	line[used] = '\0';
}

void hc_ssh_line(const char *folder, const char *key, char *ret_line, size_t size)
{
	size_t used;

	/* The folder of the command that was asked for does not count, and a name is
	 * one that could be a dump's. */
	snprintf(ret_line, size, "restrict,command=\"");
	add_quoted(ret_line, size, "set -f; set -- ${SSH_ORIGINAL_COMMAND##* " MARK " }; "
				   "case $3 in */*|.*|*[!A-Za-z0-9._-]*) exit 1;; esac; set -- \"$1\" ");
	add_quoted(ret_line, size, folder);
	add_quoted(ret_line, size, " \"$3\"; " REMOTE);
	used = strlen(ret_line);
	snprintf(ret_line + used, size - used, "\" %.*s", (int)strcspn(key, "\n"), key);
}
