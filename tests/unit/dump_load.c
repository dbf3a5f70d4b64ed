// SPDX-License-Identifier: GPL-2.0
/* What "dump load" is made of: the capture kernel's command line, its archive of
 * settings, the state file, the part file. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "dump/command_line.h"
#include "dump/cpio.h"
#include "dump/part.h"
#include "dump/state.h"

static char folder[] = "/tmp/hostcrypt-dump-load-XXXXXX";

static void the_command_line(void)
{
	char line[512], expected[512], small[64];

	EXPECT(hc_dump_command_line("BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet console=ttyS0 "
				    "crashkernel=512M rooted=1 dyndbg=\"file x +p\" "
				    "hostcrypt.registry=0x1 -- --init\n",
				    "0x1000", line, sizeof(line)) == 0);
	snprintf(expected, sizeof(expected), "console=ttyS0 rooted=1 dyndbg=\"file x +p\" ");
	EXPECT(strncmp(line, expected, strlen(expected)) == 0);
	EXPECT(strstr(line, " boot=hostcrypt ") == NULL ||
	       strstr(line, "boot=hostcrypt ") == line + strlen(expected));
	EXPECT(strstr(line, " hostcrypt.registry=0x1000") && !strstr(line, "registry=0x1 "));
	EXPECT(!strstr(line, "crashkernel") && !strstr(line, "--"));
	EXPECT(hc_dump_command_line("", "0x1", line, sizeof(line)) == 0);
	EXPECT(strncmp(line, "boot=hostcrypt ", 15) == 0);
	EXPECT(hc_dump_command_line("", "0x1", small, sizeof(small)) == HC_E_DUMP_LOAD);
}

static void an_archive(void)
{
	char path[128], output[512];
	const char *const list[] = { "/usr/bin/cpio", "--quiet", "-itF", path, NULL };
	const char *const one[] = { "/usr/bin/cpio", "--quiet",	 "-i", "--to-stdout",
				    "-F",	     path, "a/b/odd", NULL };
	struct hc_cpio cpio = { 0 };
	struct stat st;

	snprintf(path, sizeof(path), "%s/archive", folder);
	cpio.fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	EXPECT(hc_cpio_folder(&cpio, "a") == 0 && hc_cpio_folder(&cpio, "a/b") == 0);
	EXPECT(hc_cpio_file(&cpio, "a/b/odd", "12345", 5) == 0);
	EXPECT(hc_cpio_file(&cpio, "a/none", NULL, 0) == 0 && hc_cpio_end(&cpio) == 0);
	/* What stands behind it begins where the kernel looks for it. */
	EXPECT(fstat(cpio.fd, &st) == 0 && st.st_size % 512 == 0);
	close(cpio.fd);
	EXPECT(hc_child_run(list, NULL, output, sizeof(output)) == 0);
	EXPECT(strcmp(output, "a\na/b\na/b/odd\na/none\n") == 0);
	EXPECT(hc_child_run(one, NULL, output, sizeof(output)) == 0);
	EXPECT(strcmp(output, "12345") == 0);
	unlink(path);
}

static void the_state_file(void)
{
	struct hc_dump_state_file file, read;
	struct hc_dump_state_place place;
	const struct hc_dump_state_entry *crash;
	char path[128];
	struct stat st;

	hc_dump_state_in(folder, &place);
	EXPECT(hc_dump_state_read(&place, &file) == 0 && file.now.state == HC_DUMP_NONE);
	EXPECT(hc_dump_state_crash(&file, "boot-1") == NULL);
	hc_dump_state_arm(&file, "boot-1");
	EXPECT(hc_dump_state_write(&place, &file) == 0);
	snprintf(path, sizeof(path), "%s/" HC_DUMP_STATE_FILE, folder);
	EXPECT(stat(path, &st) == 0 && st.st_size == 4096 && (st.st_mode & 0777) == 0600);
	EXPECT(hc_dump_state_read(&place, &read) == 0 && read.now.state == HC_DUMP_ARMED);
	EXPECT(strcmp(read.now.boot, "boot-1") == 0 && strlen(read.now.time) == 20);
	/* In the boot that it was loaded in nothing has crashed; in another one it has. */
	EXPECT(hc_dump_state_crash(&read, "boot-1") == NULL);
	EXPECT(hc_dump_state_crash(&read, "boot-2") == &read.now);
	/* A reason with an end of line in it stays one line; the next load keeps it. */
	hc_dump_state_set(&read.now, HC_DUMP_FAILED, "no space\nleft");
	EXPECT(hc_dump_state_write(&place, &read) == 0);
	EXPECT(hc_dump_state_read(&place, &file) == 0);
	hc_dump_state_arm(&file, "boot-2");
	EXPECT(hc_dump_state_write(&place, &file) == 0 && hc_dump_state_read(&place, &read) == 0);
	crash = hc_dump_state_crash(&read, "boot-2");
	EXPECT(crash == &read.last && crash->state == HC_DUMP_FAILED);
	EXPECT(crash && strcmp(crash->text, "no space left") == 0);
	EXPECT(read.now.state == HC_DUMP_ARMED && strcmp(read.now.boot, "boot-2") == 0);
	/* Unloaded in good order: the next boot has nothing new to tell. */
	hc_dump_state_set(&read.now, HC_DUMP_DISARMED, NULL);
	EXPECT(hc_dump_state_crash(&read, "boot-3") == &read.last);
	unlink(path);
}

static bool there(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static unsigned int removed;

static void count_removed(const char *name)
{
	removed += strcmp(name, "host1-19700101T000000Z.hcdump.part") == 0;
}

static void make_file(const char *name, bool old)
{
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	EXPECT(fd >= 0 && (!old || futimens(fd, times) == 0));
	close(fd);
}

/* What is older than this boot and a part, and nothing else. */
static void parts_of_the_dead(void)
{
	static const char *const stay[] = { "host1-19700101T000000Z.hcdump", "notes.part",
					    "host1-19700101T000009Z.hcdump.part" };
	char path[512];

	for (size_t i = 0; i < 3; i++)
		make_file(stay[i], i < 2);
	make_file("host1-19700101T000000Z.hcdump.part", true);
	EXPECT(hc_dump_part_sweep(folder, count_removed) == 0 && removed == 1);
	EXPECT(!there("host1-19700101T000000Z.hcdump.part"));
	for (size_t i = 0; i < 3; i++) {
		EXPECT(there(stay[i]));
		snprintf(path, sizeof(path), "%s/%s", folder, stay[i]);
		unlink(path);
	}
	EXPECT(hc_dump_part_sweep("/nowhere", count_removed) == HC_E_DUMP_TARGET);
}

static void a_part(void)
{
	struct hc_dump_part part, again;
	char name[400], kept[200];

	EXPECT(hc_dump_part_create(folder, "host1", 0, &part) == 0);
	EXPECT(strcmp(part.name, "host1-19700101T000000Z.hcdump") == 0);
	snprintf(name, sizeof(name), "%s", part.part);
	snprintf(kept, sizeof(kept), "%s", part.name);
	EXPECT(there(name) && !there(kept));
	EXPECT(hc_dump_part_create(folder, "host1", 0, &again) == HC_E_DUMP_TARGET);
	hc_dump_part_discard(&part);
	hc_dump_part_discard(&part);
	EXPECT(!there(name) && !there(kept));

	EXPECT(hc_dump_part_create(folder, "host1", 0, &part) == 0);
	EXPECT(hc_dump_part_commit(&part) == 0 && there(kept) && !there(name));
	hc_dump_part_discard(&part);
	EXPECT(there(kept));
	/* Nothing that is there is written over, and the part does not stay. */
	EXPECT(hc_dump_part_create(folder, "host1", 0, &part) == 0);
	EXPECT(hc_dump_part_commit(&part) == HC_E_DUMP_TARGET && !there(name));
	snprintf(name, sizeof(name), "%s/%s", folder, kept);
	EXPECT(unlink(name) == 0);
	EXPECT(hc_dump_part_create("/nowhere", "host1", 0, &part) == HC_E_DUMP_TARGET);
}

int main(void)
{
	if (!mkdtemp(folder))
		return EXIT_FAILURE;
	RUN(the_command_line);
	RUN(an_archive);
	RUN(the_state_file);
	RUN(a_part);
	RUN(parts_of_the_dead);
	rmdir(folder);
	return unit_result();
}
