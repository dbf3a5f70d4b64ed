// SPDX-License-Identifier: GPL-2.0
#include "cmd/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cmd/cmd.h"

#define CTRL_C 3

/* Up to a newline or the end; byte by byte, so that nothing behind it is taken. */
static int read_line(int fd, const char *from, struct hc_secret *ret_line)
{
	HC_SECRET line = { 0 };
	size_t size = 0;
	int r = hc_secret_alloc(CMD_PASSPHRASE_MAX + 1, &line);

	while (r == 0) {
		ssize_t n = read(fd, line.data + size, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = hc_fail_errno(errno, "cannot read %s", from);
		else if (n == 0 || line.data[size] == '\n')
			break;
		else if (line.data[size] == CTRL_C)
			r = hc_fail(HC_E_DECLINED, "no passphrase was given");
		else if (++size > CMD_PASSPHRASE_MAX)
			r = hc_fail(HC_E_USAGE, "a passphrase has %d bytes at most",
				    CMD_PASSPHRASE_MAX);
	}
	if (r == 0 && size == 0)
		r = hc_fail(HC_E_DECLINED, "no passphrase was given");
	if (r == 0)
		r = hc_secret_alloc(size, ret_line);
	if (r == 0)
		memcpy(ret_line->data, line.data, size);
	return r;
}

static int check_length(const struct hc_secret *passphrase)
{
	if (passphrase->size >= CMD_PASSPHRASE_MIN)
		return 0;
	return hc_fail(HC_E_USAGE,
		       "a passphrase that protects a dump needs %d bytes or more: whoever has the "
		       "dump can try as many as he likes",
		       CMD_PASSPHRASE_MIN);
}

static int say(int terminal, const char *text)
{
	int r = hc_write_all(terminal, text, strlen(text));

	return r < 0 ? hc_fail_errno(-r, "cannot write to the terminal") : 0;
}

static int ask_once(int terminal, const char *prompt, struct hc_secret *ret_passphrase)
{
	int r = say(terminal, prompt);

	if (r == 0)
		r = read_line(terminal, "the terminal", ret_passphrase);
	/* The newline that was typed is not shown. */
	return r == 0 ? say(terminal, "\n") : r;
}

static int ask(int terminal, const char *what, bool new_one, struct hc_secret *passphrase)
{
	char prompt[400];
	HC_SECRET again = { 0 };
	int r;

	snprintf(prompt, sizeof(prompt), "%s for %.300s: ",
		 new_one ? "New passphrase" : "Passphrase", what);
	r = ask_once(terminal, prompt, passphrase);
	if (r < 0 || !new_one)
		return r;
	r = check_length(passphrase);
	if (r == 0)
		r = ask_once(terminal, "Again: ", &again);
	if (r == 0 && (again.size != passphrase->size ||
		       !hc_secret_equal(again.data, passphrase->data, again.size)))
		r = hc_fail(HC_E_DECLINED, "that were two different passphrases");
	return r;
}

int cmd_passphrase_ask(const char *what, bool new_one, struct hc_secret *ret_passphrase)
{
	HC_FD terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	HC_SECRET passphrase = { 0 };
	struct termios before, silent;
	int r;

	if (terminal < 0 || tcgetattr(terminal, &before) < 0)
		return hc_fail(HC_E_USAGE,
			       "there is no terminal to ask for a passphrase on; have it in a file");
	silent = before;
	/* No signal may end us with the echo off: ^C is read as a byte. */
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	silent.c_lflag |= ICANON;
	silent.c_cc[VEOL] = CTRL_C;
	cmd_hold_signals();
	r = tcsetattr(terminal, TCSAFLUSH, &silent) < 0 ?
		    hc_fail_errno(errno, "cannot turn the terminal's echo off") :
		    ask(terminal, what, new_one, &passphrase);
	tcsetattr(terminal, TCSAFLUSH, &before);
	cmd_release_signals();
	if (r < 0)
		return r;
	*ret_passphrase = passphrase;
	passphrase = (struct hc_secret){ 0 };
	return 0;
}

int cmd_passphrase_read(const char *path, bool new_one, struct hc_secret *ret_passphrase)
{
	HC_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	HC_SECRET passphrase = { 0 };
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hc_fail_errno(errno, "cannot open %s", path);
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)))
		return hc_fail(HC_E_KEYFILE_PERMS,
			       "the passphrase in %s can be read by others; chmod 600 %s", path,
			       path);
	r = read_line(fd, path, &passphrase);
	if (r == 0 && new_one)
		r = check_length(&passphrase);
	if (r < 0)
		return r;
	*ret_passphrase = passphrase;
	passphrase = (struct hc_secret){ 0 };
	return 0;
}
