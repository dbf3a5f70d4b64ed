// SPDX-License-Identifier: GPL-2.0
/*
 * hc-seal [--capture-log FILE] LOG RECIPIENT...: an encrypted dump on standard output,
 * with LOG as the kernel's log, standard input as the memory and FILE as the log of the
 * capture. RECIPIENT is PUBLIC.pem, or
 * PUBLIC.pem,PROVIDER,ENDPOINT,PRIVATE-ID,PUBLIC-ID for one at a key server, or
 * passphrase:FILE, of which all is the passphrase.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/writer.h"

static int add(struct hc_dump_writer *writer, enum hc_dump_stream stream, int fd)
{
	static char buffer[50000];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, buffer, sizeof(buffer))) != 0)
		r = n < 0 ? hc_fail_errno(errno, "read") :
			    hc_dump_writer_write(writer, stream, buffer, (size_t)n);
	return r;
}

static int seal(int log, int capture_log, const struct hc_dump_recipient *recipients, size_t n)
{
	struct hc_dump_writer *writer = NULL;
	struct hc_dump_info info;
	int r = hc_dump_info_here("testhost", &info);

	if (r == 0)
		strcpy(info.build_id, "00f1e2d3c4b5a69788796a5b4c3d2e1f0f1e2d3c");
	if (r == 0)
		r = hc_dump_writer_open(STDOUT_FILENO, &info, recipients, n, &writer);
	if (r == 0)
		r = add(writer, HC_DUMP_STREAM_LOG, log);
	if (r == 0)
		r = add(writer, HC_DUMP_STREAM_VMCORE, STDIN_FILENO);
	if (r == 0 && capture_log >= 0)
		r = add(writer, HC_DUMP_STREAM_CAPTURE, capture_log);
	if (r == 0)
		r = hc_dump_writer_finish(writer);
	hc_dump_writer_close(writer);
	return r;
}

static int take_passphrase(const char *path, struct hc_dump_recipient *ret_recipient)
{
	HC_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	HC_SECRET passphrase = { 0 };
	uint64_t bytes = 0;
	int r = fd < 0 || hc_fd_bytes(fd, &bytes) < 0 ? hc_fail_errno(errno, "%s", path) :
							hc_secret_alloc(bytes, &passphrase);

	if (r == 0 && hc_read_all(fd, passphrase.data, passphrase.size) < 0)
		r = hc_fail_errno(errno, "%s", path);
	return r < 0 ? r : hc_dump_recipient_from_passphrase(&passphrase, "test", ret_recipient);
}

static int take_recipient(const char *text, struct hc_dump_recipient *ret_recipient)
{
	static const char passphrase[] = "passphrase:";
	char path[200] = "", provider[64], endpoint[128], private_id[64], public_id[64];
	int n, r;

	if (strncmp(text, passphrase, strlen(passphrase)) == 0)
		return take_passphrase(text + strlen(passphrase), ret_recipient);
	n = sscanf(text, "%199[^,],%63[^,],%127[^,],%63[^,],%63s", path, provider, endpoint,
		   private_id, public_id);
	r = hc_dump_recipient_from_pem(path, "test", ret_recipient);
	if (r < 0 || n < 5)
		return r;
	ret_recipient->type = HC_DUMP_KMIP;
	ret_recipient->provider = strdup(provider);
	ret_recipient->endpoint = strdup(endpoint);
	ret_recipient->private_id = strdup(private_id);
	ret_recipient->public_id = strdup(public_id);
	return 0;
}

/* Takes "--capture-log FILE" off the words. */
static int open_capture_log(int *argc, char ***argv)
{
	if (*argc < 3 || strcmp((*argv)[1], "--capture-log") != 0)
		return -1;
	*argc -= 2;
	*argv += 2;
	return open((*argv)[0], O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct hc_dump_recipient recipients[HC_DUMP_RECIPIENTS_MAX] = { 0 };
	HC_FD capture_log = open_capture_log(&argc, &argv);
	HC_FD log = argc < 3 ? -1 : open(argv[1], O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	int r = 0;

	if (log < 0 || argc - 2 > HC_DUMP_RECIPIENTS_MAX) {
		fprintf(stderr, "hc-seal [--capture-log FILE] LOG RECIPIENT...\n");
		return 2;
	}
	for (; r == 0 && n < (size_t)argc - 2; n += r == 0)
		r = take_recipient(argv[2 + n], &recipients[n]);
	if (r == 0)
		r = seal(log, capture_log, recipients, n);
	for (size_t i = 0; i < n; i++)
		hc_dump_recipient_free(&recipients[i]);
	if (r < 0)
		fprintf(stderr, "hc-seal: %s\n", hc_error_message());
	return hc_error_exit(r);
}
