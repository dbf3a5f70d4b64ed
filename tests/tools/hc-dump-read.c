// SPDX-License-Identifier: GPL-2.0
/*
 * hc-dump-read KEY DUMP LOG VMCORE CAPTURE: write the three streams of a dump to
 * files. Exits with the status of what went wrong, as hostcrypt does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "dump/reader.h"

static int read_all(struct hc_dump_reader *reader, const int files[4])
{
	enum hc_dump_stream stream;
	const uint8_t *data;
	size_t size;
	int r;

	while ((r = hc_dump_reader_next(reader, &stream, &data, &size)) > 0)
		if (size > 0 && hc_write_all(files[stream], data, size) < 0)
			return hc_fail(HC_E_SYSTEM, "stream %d cannot be written", stream);
	return r;
}

int main(int argc, char **argv)
{
	struct hc_dump_reader *reader = NULL;
	int files[4], r = hc_process_harden();

	if (argc != 6)
		return EXIT_FAILURE;
	files[0] = open(argv[2], O_RDONLY | O_CLOEXEC);
	for (int i = 1; i < 4; i++)
		files[i] = open(argv[2 + i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (r == 0)
		r = hc_dump_reader_open(files[0], &reader);
	if (r == 0)
		r = hc_dump_reader_unlock_pem(reader, argv[1]);
	if (r == 0)
		r = read_all(reader, files);
	hc_dump_reader_close(reader);
	if (r < 0)
		fprintf(stderr, "%s\n", hc_error_message());
	return hc_error_exit(r);
}
