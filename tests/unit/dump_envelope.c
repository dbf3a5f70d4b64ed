// SPDX-License-Identifier: GPL-2.0
/* Encrypted dumps: written and read back, and each way to change one. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/reader.h"
#include "dump/writer.h"

#define FRAME_FULL (HC_DUMP_WORD_SIZE + HC_DUMP_CHUNK + HC_DUMP_TAG_SIZE)
#define LOG_SIZE 1000
#define CORE_SIZE (2 * HC_DUMP_CHUNK + 77)

static char folder[] = "/tmp/hostcrypt-unit-XXXXXX";
static struct hc_dump_recipient recipients[3]; /* RSA, X25519, kmip */
static const struct hc_dump_info info = {
	.id = "1f",
	.host = "vmhost",
	.kernel = "6.12.1",
	.build_id = "00f1e2d3c4b5a69788796a5b4c3d2e1f0f1e2d3c",
	.time = "2026-01-31T12:00:00Z",
};
static uint8_t core[CORE_SIZE];

/* Frames of the dump that all tests change: where each begins, and the end. */
static const size_t borders[] = {
	HC_DUMP_AREA,
	HC_DUMP_AREA + HC_DUMP_WORD_SIZE + LOG_SIZE + HC_DUMP_TAG_SIZE,
	HC_DUMP_AREA + HC_DUMP_WORD_SIZE + LOG_SIZE + HC_DUMP_TAG_SIZE + FRAME_FULL,
	HC_DUMP_AREA + HC_DUMP_WORD_SIZE + LOG_SIZE + HC_DUMP_TAG_SIZE + 2 * FRAME_FULL,
};
#define DUMP_SIZE (HC_DUMP_AREA + 4 * (HC_DUMP_WORD_SIZE + HC_DUMP_TAG_SIZE) + LOG_SIZE + CORE_SIZE)
static uint8_t dump[DUMP_SIZE], other[DUMP_SIZE], changed[DUMP_SIZE + 1];

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void make_key(const char *name, EVP_PKEY *key)
{
	char file[32];
	FILE *out;

	snprintf(file, sizeof(file), "%s.pem", name);
	out = fopen(path_of(file), "w");
	EXPECT(out && key && PEM_write_PUBKEY(out, key));
	fclose(out);
	out = fopen(path_of(name), "w");
	EXPECT(out && fchmod(fileno(out), 0600) == 0);
	EXPECT(out && PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
	fclose(out);
	EVP_PKEY_free(key);
}

static bool make_recipients(void)
{
	make_key("rsa", EVP_RSA_gen(3072));
	make_key("x25519", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
	make_key("server", EVP_RSA_gen(3072));
	make_key("stranger", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
	make_key("small", EVP_RSA_gen(2048));
	make_key("curve", EVP_EC_gen("P-256"));
	if (hc_dump_recipient_from_pem(path_of("rsa.pem"), "rsa", &recipients[0]) < 0 ||
	    hc_dump_recipient_from_pem(path_of("x25519.pem"), "x", &recipients[1]) < 0 ||
	    hc_dump_recipient_from_pem(path_of("server.pem"), "main", &recipients[2]) < 0)
		return false;
	recipients[2].type = HC_DUMP_KMIP;
	recipients[2].provider = strdup("main");
	recipients[2].endpoint = strdup("kms:5696");
	recipients[2].private_id = strdup("11");
	recipients[2].public_id = strdup("12");
	return true;
}

static int write_dump(uint8_t ret_dump[DUMP_SIZE])
{
	struct hc_dump_writer *writer = NULL;
	int fd = memfd_create("dump", MFD_CLOEXEC);
	int r = hc_dump_writer_open(fd, &info, recipients, 3, &writer);

	if (r == 0)
		r = hc_dump_writer_write(writer, HC_DUMP_STREAM_LOG, core, LOG_SIZE);
	/* In pieces that fit no frame. */
	for (size_t at = 0, n; r == 0 && at < CORE_SIZE; at += n) {
		n = CORE_SIZE - at < 100003 ? CORE_SIZE - at : 100003;
		r = hc_dump_writer_write(writer, HC_DUMP_STREAM_VMCORE, core + at, n);
	}
	if (r == 0)
		r = hc_dump_writer_finish(writer);
	if (r == 0)
		EXPECT(hc_dump_writer_finish(writer) == HC_E_INTERNAL);
	hc_dump_writer_close(writer);
	EXPECT(lseek(fd, 0, SEEK_END) == DUMP_SIZE);
	if (r == 0)
		r = hc_pread_all(fd, ret_dump, DUMP_SIZE, 0);
	close(fd);
	return r;
}

struct outcome {
	int result;
	size_t frames;
	bool good; /* what came out is what went in */
};

static void read_frames(struct hc_dump_reader *reader, struct outcome *outcome)
{
	size_t log_at = 0, core_at = 0, size;
	enum hc_dump_stream stream;
	const uint8_t *data;

	outcome->good = true;
	while ((outcome->result = hc_dump_reader_next(reader, &stream, &data, &size)) == 1) {
		size_t *at = stream == HC_DUMP_STREAM_LOG ? &log_at : &core_at;

		if (*at + size > (stream == HC_DUMP_STREAM_LOG ? LOG_SIZE : CORE_SIZE) ||
		    memcmp(core + *at, data, size) != 0)
			outcome->good = false;
		*at += size;
		outcome->frames++;
	}
	EXPECT(hc_dump_reader_next(reader, &stream, &data, &size) == outcome->result);
	if (outcome->result == 0 && (log_at != LOG_SIZE || core_at != CORE_SIZE))
		outcome->good = false;
}

static struct outcome read_dump(const uint8_t *bytes, size_t size, const char *key)
{
	struct hc_dump_reader *reader = NULL;
	struct outcome outcome = { .good = true };
	int fd = memfd_create("dump", MFD_CLOEXEC);

	EXPECT(hc_write_all(fd, bytes, size) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	outcome.result = hc_dump_reader_open(fd, &reader);
	if (outcome.result == 0)
		outcome.result = hc_dump_reader_unlock_pem(reader, path_of(key));
	if (outcome.result == 0)
		read_frames(reader, &outcome);
	hc_dump_reader_close(reader);
	close(fd);
	return outcome;
}

static void each_recipient_reads_it(void)
{
	static const char *const keys[] = { "rsa", "x25519", "server" };

	for (size_t i = 0; i < 3; i++) {
		struct outcome outcome = read_dump(dump, DUMP_SIZE, keys[i]);

		EXPECT(outcome.result == 0 && outcome.good && outcome.frames == 4);
	}
	EXPECT(!memmem(dump, DUMP_SIZE, core, 64));
}

static void nobody_else_does(void)
{
	EXPECT(read_dump(dump, DUMP_SIZE, "stranger").result == HC_E_DUMP_RECIPIENT);
	EXPECT(read_dump(dump, DUMP_SIZE, "rsa.pem").result == HC_E_DUMP_KEY);
	EXPECT(chmod(path_of("rsa"), 0640) == 0);
	EXPECT(read_dump(dump, DUMP_SIZE, "rsa").result == HC_E_KEYFILE_PERMS);
	EXPECT(chmod(path_of("rsa"), 0600) == 0);
	EXPECT(read_dump(core, CORE_SIZE, "rsa").result == HC_E_DUMP_NOT_ONE);
	EXPECT(read_dump(core, 3, "rsa").result == HC_E_DUMP_NOT_ONE);
}

static void unfit_keys_are_refused(void)
{
	struct hc_dump_recipient recipient;

	EXPECT(hc_dump_recipient_from_pem(path_of("small.pem"), "", &recipient) == HC_E_DUMP_KEY);
	EXPECT(hc_dump_recipient_from_pem(path_of("curve.pem"), "", &recipient) == HC_E_DUMP_KEY);
	EXPECT(hc_dump_recipient_from_pem(path_of("rsa"), "", &recipient) == HC_E_DUMP_KEY);
}

static void header_says_for_whom(void)
{
	static struct hc_dump_header header;

	if (!EXPECT(hc_dump_header_parse(dump, &header) == 0))
		return;
	EXPECT(memcmp(&header.info, &info, sizeof(info)) == 0 && header.n_entries == 3);
	EXPECT(strcmp(header.entries[1].id, recipients[1].id) == 0);
	EXPECT(header.entries[2].type == HC_DUMP_KMIP);
	EXPECT(strcmp(header.entries[2].private_id, "11") == 0);
}

/* Each byte that means something, and some of the zeros. */
static void changed_header_is_refused(void)
{
	static struct hc_dump_header header;
	size_t end;

	EXPECT(hc_dump_header_parse(dump, &header) == 0);
	end = header.mac_at + HC_DUMP_MAC_SIZE;
	for (size_t at = 0; at < HC_DUMP_AREA; at += at < end ? 1 : 4999) {
		struct outcome outcome;

		memcpy(changed, dump, DUMP_SIZE);
		changed[at] ^= 1;
		outcome = read_dump(changed, HC_DUMP_AREA + 100, "x25519");
		if (!EXPECT(outcome.result < 0 && outcome.result != HC_E_DUMP_CUT))
			printf("  byte %zu: %s\n", at, hc_error_message());
	}
}

static void changed_frame_is_refused(void)
{
	for (size_t i = 0; i < 4; i++)
		for (size_t at = 0; at < 60; at++) {
			struct outcome outcome;

			memcpy(changed, dump, DUMP_SIZE);
			changed[borders[i] + at / 8] ^= (uint8_t)(1 << at % 8);
			outcome = read_dump(changed, DUMP_SIZE, "x25519");
			/* A longer length may reach behind the end of the file. */
			EXPECT(outcome.result == HC_E_DUMP_DAMAGED ||
			       (at < 32 && outcome.result == HC_E_DUMP_CUT));
			EXPECT(outcome.good && outcome.frames == i);
		}
}

static void cut_dump_is_good_up_to_there(void)
{
	static const size_t into[] = { 0, 1, 4, 5, 21, 90 };

	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 6; j++) {
			struct outcome outcome =
				read_dump(dump, borders[i] + into[j], "x25519");

			EXPECT(outcome.result == HC_E_DUMP_CUT && outcome.good);
			EXPECT(outcome.frames == i);
		}
	EXPECT(read_dump(dump, DUMP_SIZE - 1, "x25519").result == HC_E_DUMP_CUT);
	EXPECT(read_dump(dump, HC_DUMP_AREA - 1, "x25519").result == HC_E_DUMP_CUT);
}

/* @frames frames of zeros to the start of the device @fd, and its end unless @dies. */
static void write_to_device(int fd, size_t frames, bool dies)
{
	static const uint8_t zeros[HC_DUMP_AREA + HC_DUMP_CHUNK];
	struct hc_dump_writer *writer = NULL;

	EXPECT(hc_pwrite_all(fd, zeros, HC_DUMP_AREA + HC_DUMP_WORD_SIZE, 0) == 0 &&
	       lseek(fd, 0, SEEK_SET) == 0 &&
	       hc_dump_writer_open(fd, &info, recipients, 3, &writer) == 0);
	hc_dump_writer_in_steps(writer);
	while (frames-- > 0)
		EXPECT(hc_dump_writer_write(writer, HC_DUMP_STREAM_VMCORE, zeros,
					    HC_DUMP_CHUNK) == 0);
	if (!dies)
		EXPECT(hc_dump_writer_finish(writer) == 0);
	hc_dump_writer_close(writer);
}

/* What is there then ends with a whole step, and does not go on with the frames of the
 * dump before, which would be taken for damage. */
static void writer_dies_on_a_device(void)
{
	const size_t step = HC_DUMP_STEP / FRAME_FULL + 1;
	const size_t size = HC_DUMP_AREA + 2 * step * FRAME_FULL + HC_DUMP_WORD_SIZE +
			    HC_DUMP_TAG_SIZE;
	const size_t frames[] = { 0, 1, step - 1, step, step + 1, 2 * step };
	uint8_t *bytes = malloc(size);
	int fd = memfd_create("device", MFD_CLOEXEC);

	for (size_t i = 0; bytes && i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct outcome outcome;

		write_to_device(fd, 2 * step, false);
		EXPECT(hc_pread_all(fd, bytes, size, 0) == 0);
		outcome = read_dump(bytes, size, "rsa");
		EXPECT(outcome.result == 0 && outcome.frames == 2 * step + 1);
		write_to_device(fd, frames[i], true);
		EXPECT(hc_pread_all(fd, bytes, size, 0) == 0);
		outcome = read_dump(bytes, size, "rsa");
		EXPECT(outcome.result == HC_E_DUMP_CUT);
		EXPECT(outcome.frames == frames[i] / step * step);
	}
	free(bytes);
	close(fd);
}

static void moved_frames_are_refused(void)
{
	struct outcome outcome;

	memcpy(changed, dump, DUMP_SIZE);
	memcpy(changed + borders[1], dump + borders[2], FRAME_FULL);
	memcpy(changed + borders[2], dump + borders[1], FRAME_FULL);
	outcome = read_dump(changed, DUMP_SIZE, "x25519");
	EXPECT(outcome.result == HC_E_DUMP_DAMAGED && outcome.frames == 1);

	memcpy(changed, dump, DUMP_SIZE);
	memcpy(changed + borders[2], dump + borders[1], FRAME_FULL);
	outcome = read_dump(changed, DUMP_SIZE, "x25519");
	EXPECT(outcome.result == HC_E_DUMP_DAMAGED && outcome.frames == 2);

	/* One left out. */
	memcpy(changed, dump, borders[2]);
	memcpy(changed + borders[2], dump + borders[3], DUMP_SIZE - borders[3]);
	outcome = read_dump(changed, DUMP_SIZE - FRAME_FULL, "x25519");
	EXPECT(outcome.result == HC_E_DUMP_DAMAGED && outcome.frames == 2);

	memcpy(changed, dump, DUMP_SIZE);
	changed[DUMP_SIZE] = 0;
	outcome = read_dump(changed, DUMP_SIZE + 1, "x25519");
	EXPECT(outcome.result == HC_E_DUMP_DAMAGED && outcome.frames == 3);
}

static void header_of_another_dump_is_refused(void)
{
	struct outcome outcome;

	EXPECT(write_dump(other) == 0);
	memcpy(changed, other, HC_DUMP_AREA);
	memcpy(changed + HC_DUMP_AREA, dump + HC_DUMP_AREA, DUMP_SIZE - HC_DUMP_AREA);
	outcome = read_dump(changed, DUMP_SIZE, "x25519");
	EXPECT(outcome.result == HC_E_DUMP_DAMAGED && outcome.frames == 0);
}

static void recipients_are_needed(void)
{
	struct hc_dump_writer *writer = NULL;

	EXPECT(hc_dump_writer_open(-1, &info, recipients, 0, &writer) == HC_E_DUMP_RECIPIENT);
	EXPECT(hc_dump_writer_open(-1, &info, recipients, 17, &writer) == HC_E_DUMP_RECIPIENT);
	EXPECT(!writer);
}

static void build_id_is_one_or_none(void)
{
	static const char *const ids[] = { "", "0123456789abcdef", "0123", "0123456789abcdefg",
					   "0123456789ABCDEF" };

	for (size_t i = 0; i < 5; i++) {
		struct hc_dump_writer *writer = NULL;
		struct hc_dump_info named = info;
		int fd = memfd_create("dump", MFD_CLOEXEC), r;

		snprintf(named.build_id, sizeof(named.build_id), "%s", ids[i]);
		r = hc_dump_writer_open(fd, &named, recipients, 3, &writer);
		EXPECT(i < 2 ? r == 0 : r == HC_E_DUMP_DAMAGED && !writer);
		hc_dump_writer_close(writer);
		close(fd);
	}
}

static void failed_write_is_said(void)
{
	struct hc_dump_writer *writer = NULL;

	EXPECT(hc_dump_writer_open(-1, &info, recipients, 3, &writer) == HC_E_SYSTEM && !writer);
}

int main(void)
{
	if (!mkdtemp(folder) || !EXPECT(make_recipients()))
		return 1;
	for (size_t i = 0; i < CORE_SIZE; i++)
		core[i] = (uint8_t)(i * i >> 7 ^ i);
	if (!EXPECT(write_dump(dump) == 0))
		return 1;
	RUN(each_recipient_reads_it);
	RUN(nobody_else_does);
	RUN(unfit_keys_are_refused);
	RUN(header_says_for_whom);
	RUN(changed_header_is_refused);
	RUN(changed_frame_is_refused);
	RUN(cut_dump_is_good_up_to_there);
	RUN(writer_dies_on_a_device);
	RUN(moved_frames_are_refused);
	RUN(header_of_another_dump_is_refused);
	RUN(recipients_are_needed);
	RUN(build_id_is_one_or_none);
	RUN(failed_write_is_said);
	for (size_t i = 0; i < 3; i++)
		hc_dump_recipient_free(&recipients[i]);
	for (const char *const *name = (const char *const[]){ "rsa", "x25519", "server", "stranger",
							      "small", "curve", NULL };
	     *name; name++) {
		char file[32];

		unlink(path_of(*name));
		snprintf(file, sizeof(file), "%s.pem", *name);
		unlink(path_of(file));
	}
	rmdir(folder);
	return unit_result();
}
