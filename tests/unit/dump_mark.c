// SPDX-License-Identifier: GPL-2.0
/* A device that is given to dumps, here a file: its mark, its state, and how far a
 * dump may go. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/mark.h"
#include "dump/recipient.h"
#include "dump/writer.h"

/* 100 bytes behind the last whole block are of no use. */
#define BYTES (1024 * 1024 + 100)
#define ROOM (1024 * 1024 - 4096)
#define ID "01234567-89ab-4cde-8f01-23456789abcd"

static char path[] = "/tmp/hostcrypt-unit-XXXXXX";
static int fd;
static struct hc_dump_mark mark;

static void begin(const char *title)
{
	EXPECT(ftruncate(fd, 0) == 0 && ftruncate(fd, BYTES) == 0);
	EXPECT(hc_pwrite_all(fd, title, strlen(title), ROOM) == 0);
}

static void the_mark(void)
{
	begin("hostcrypt dump device 1 " ID "\n");
	if (!EXPECT(hc_dump_mark_read(path, &mark) == 0))
		return;
	EXPECT(strcmp(mark.id, ID) == 0 && mark.room == ROOM && !mark.occupied);
	EXPECT(hc_pwrite_all(fd, HC_DUMP_MAGIC, HC_DUMP_MAGIC_SIZE, 0) == 0);
	EXPECT(hc_dump_mark_read(path, &mark) == 0 && mark.occupied);
	EXPECT(hc_dump_mark_clear(fd) == 0);
	EXPECT(hc_dump_mark_read(path, &mark) == 0 && !mark.occupied);
}

/* As a logical volume is called, and what is in /dev/disk. */
static void device_with_another_name(void)
{
	static const struct hc_dump_state_file fresh;
	char name[64];

	begin("hostcrypt dump device 1 " ID "\n");
	snprintf(name, sizeof(name), "%s-link", path);
	EXPECT(symlink(path, name) == 0);
	EXPECT(hc_dump_mark_read(name, &mark) == 0 && strcmp(mark.state.path, path) == 0);
	EXPECT(hc_dump_state_write(&mark.state, &fresh) == 0);
	EXPECT(hc_dump_mark_read(name, &mark) == 0 && strcmp(mark.id, ID) == 0);
	unlink(name);
}

static void no_mark(void)
{
	begin("hostcrypt dump state 1\n");
	EXPECT(hc_dump_mark_read(path, &mark) == HC_E_DUMP_TARGET);
	begin("hostcrypt dump device 1 " ID "-and-more\n");
	EXPECT(hc_dump_mark_read(path, &mark) == HC_E_DUMP_TARGET);
	begin("");
	EXPECT(hc_dump_mark_read(path, &mark) == HC_E_DUMP_TARGET);
	EXPECT(strstr(hc_error_message(), "dump format"));
	EXPECT(ftruncate(fd, 4096) == 0 && hc_dump_mark_read(path, &mark) == HC_E_DUMP_TARGET);
	EXPECT(hc_dump_mark_read("/nowhere", &mark) == HC_E_DUMP_TARGET);
}

static void the_state(void)
{
	struct hc_dump_state_file file = { 0 };
	struct stat st;

	begin("hostcrypt dump device 1 " ID "\n");
	EXPECT(hc_dump_mark_read(path, &mark) == 0);
	EXPECT(hc_dump_state_read(&mark.state, &file) == 0 && file.now.state == HC_DUMP_NONE);
	hc_dump_state_set(&file.now, HC_DUMP_FAILED, "no room");
	EXPECT(hc_dump_state_write(&mark.state, &file) == 0);
	EXPECT(fstat(fd, &st) == 0 && st.st_size == BYTES);
	memset(&file, 0, sizeof(file));
	EXPECT(hc_dump_mark_read(path, &mark) == 0 && strcmp(mark.id, ID) == 0);
	EXPECT(hc_dump_state_read(&mark.state, &file) == 0 && file.now.state == HC_DUMP_FAILED);
	EXPECT(strcmp(file.now.text, "no room") == 0);
}

static int write_until_full(struct hc_dump_recipient *recipient, size_t size)
{
	const struct hc_dump_info info = { "1", "host", "6.12", "", "2026-01-31T12:00:00Z" };
	struct hc_dump_writer *writer = NULL;
	static uint8_t data[2 * 1024 * 1024];
	int r;

	EXPECT(lseek(fd, 0, SEEK_SET) == 0);
	r = hc_dump_writer_open(fd, &info, recipient, 1, &writer);
	if (r < 0)
		return r;
	hc_dump_writer_limit(writer, mark.room);
	r = hc_dump_writer_write(writer, HC_DUMP_STREAM_VMCORE, data, size);
	if (r == 0)
		r = hc_dump_writer_finish(writer);
	hc_dump_writer_close(writer);
	return r;
}

static void a_dump_ends_before_the_mark(void)
{
	struct hc_dump_recipient recipient = {
		.type = HC_DUMP_X25519,
		.key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
	};
	const size_t frame = HC_DUMP_WORD_SIZE + HC_DUMP_TAG_SIZE;
	const size_t most = ROOM - HC_DUMP_AREA - 4 * frame;

	EXPECT(hc_dump_key_id(recipient.key, recipient.id) == 0);
	begin("hostcrypt dump device 1 " ID "\n");
	EXPECT(hc_dump_mark_read(path, &mark) == 0);
	EXPECT(write_until_full(&recipient, most) == 0);
	EXPECT(hc_dump_mark_read(path, &mark) == 0 && mark.occupied);
	EXPECT(write_until_full(&recipient, most + 1) < 0);
	EXPECT(strstr(hc_error_message(), "No space left"));
	EXPECT(write_until_full(&recipient, 2 * 1024 * 1024) < 0);
	EXPECT(hc_dump_mark_read(path, &mark) == 0);
	EVP_PKEY_free(recipient.key);
}

int main(void)
{
	fd = mkstemp(path);
	if (fd < 0)
		return EXIT_FAILURE;
	RUN(the_mark);
	RUN(device_with_another_name);
	RUN(no_mark);
	RUN(the_state);
	RUN(a_dump_ends_before_the_mark);
	unlink(path);
	return unit_result();
}
