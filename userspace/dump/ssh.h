/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A folder of another host that takes dumps, through ssh. What runs over there is a
 * shell's few words, so that it needs nothing of ours; hc_ssh_line() is what allows
 * our key nothing else.
 */
#ifndef HC_DUMP_SSH_H
#define HC_DUMP_SSH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct hc_ssh {
	const char *user;
	const char *address;
	unsigned port;
	const char *folder;
	const char *key;	 /* files */
	const char *known_hosts; /* as hc_ssh_pin() makes it */
	unsigned patience;	 /* seconds for an answer to all but put */
};

/* Bytes that are free there, which tries everything but the writing. HC_E_DUMP_TARGET. */
int hc_ssh_room(const struct hc_ssh *ssh, uint64_t *ret_bytes);

/* A new file NAME.part there, with what comes out of @in; on the disk when @ret_pid
 * ends well. What ssh has to say goes to @err. */
int hc_ssh_put(const struct hc_ssh *ssh, const char *name, int in, int err, pid_t *ret_pid);

/* NAME.part becomes NAME; nothing that is there is written over. */
int hc_ssh_keep(const struct hc_ssh *ssh, const char *name);

/* NAME.part goes. */
int hc_ssh_drop(const struct hc_ssh *ssh, const char *name);

/* The file NAME.failed, with @text. */
int hc_ssh_failed(const struct hc_ssh *ssh, const char *name, const char *text);

/*
 * The known keys of the host @name, port @port, as lines for a file that hc_ssh takes:
 * from @path, or where that is NULL from the system's and root's own. HC_E_DUMP_TARGET
 * where there is none.
 */
int hc_ssh_pin(const char *name, unsigned port, const char *path, char *ret_lines, size_t size);

/* The line of authorized_keys for the public key @key, and for @folder only. */
void hc_ssh_line(const char *folder, const char *key, char *ret_line, size_t size);

#endif
