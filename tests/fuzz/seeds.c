// SPDX-License-Identifier: GPL-2.0
/* Writes good answers into a folder: where the fuzzers start from. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/answers.h"

static void put_id(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_text(w, HC_TAG_UNIQUE_IDENTIFIER, "key-1");
}

static void put_created(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_enum(w, HC_TAG_OBJECT_TYPE, HC_OBJECT_SYMMETRIC_KEY);
	put_id(w);
}

static void put_server(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_enum(w, HC_TAG_OPERATION, HC_OP_CREATE);
	hc_ttlv_put_text(w, HC_TAG_VENDOR_ID, "vendor");
	hc_ttlv_begin(w, HC_TAG_SERVER_INFORMATION);
	hc_ttlv_end(w);
}

static void put_versions(struct hc_ttlv_writer *w)
{
	hc_ttlv_begin(w, HC_TAG_PROTOCOL_VERSION);
	hc_ttlv_put_integer(w, HC_TAG_VERSION_MAJOR, 1);
	hc_ttlv_put_integer(w, HC_TAG_VERSION_MINOR, 4);
	hc_ttlv_end(w);
}

static void put_pair(struct hc_ttlv_writer *w)
{
	hc_ttlv_put_text(w, HC_TAG_PRIVATE_KEY_ID, "key-2");
	hc_ttlv_put_text(w, HC_TAG_PUBLIC_KEY_ID, "key-1");
}

static void put_decrypted(struct hc_ttlv_writer *w)
{
	put_id(w);
	hc_ttlv_put_bytes(w, HC_TAG_DATA, "0123456789abcdef0123456789abcdef", 32);
}

/* In the order of the table in answer.c. */
static const struct {
	enum hc_kmip_operation operation;
	void (*payload)(struct hc_ttlv_writer *w);
} seeds[] = {
	{ HC_OP_CREATE, put_created },
	{ HC_OP_LOCATE, put_id },
	{ HC_OP_GET, put_good_key },
	{ HC_OP_GET_ATTRIBUTES, put_good_attributes },
	{ HC_OP_ACTIVATE, put_id },
	{ HC_OP_QUERY, put_server },
	{ HC_OP_DISCOVER_VERSIONS, put_versions },
	{ HC_OP_CREATE_KEY_PAIR, put_pair },
	{ HC_OP_DECRYPT, put_decrypted },
};

/* @first: the byte in front of the message that answer.c wants, or -1. */
static int save(const char *folder, size_t number, const struct shape *shape, int first)
{
	static unsigned files;
	uint8_t buffer[4096];
	size_t size = make_answer(shape, buffer);
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%zu-%u", folder, number, files++);
	file = fopen(path, "w");
	if (!file || (first >= 0 && fputc(first, file) < 0) ||
	    fwrite(buffer, 1, size, file) != size || fclose(file) != 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: seeds FOLDER-FOR-TTLV FOLDER-FOR-ANSWER\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct shape shape = good_shape(seeds[i].operation, seeds[i].payload);

		if (save(argv[1], i, &shape, -1) || save(argv[2], i, &shape, (int)i))
			return EXIT_FAILURE;
		shape.extension = 1;
		shape.minor = 4;
		shape.unknown_in_item = true;
		shape.text = "words";
		if (save(argv[1], i, &shape, -1) || save(argv[2], i, &shape, (int)i))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
