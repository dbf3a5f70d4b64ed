// SPDX-License-Identifier: GPL-2.0
#include "dump/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "dump/environment.h"
#include "dump/fetch.h"
#include "dump/mark.h"
#include "dump/overlay.h"

#define FOLDER "/run/hostcrypt/trial"
#define IMAGE FOLDER "/image"
#define OVERLAY FOLDER "/overlay"
#define UNPACK "/usr/bin/unmkinitramfs"
#define CPIO "/usr/bin/cpio"
#define CHROOT "/usr/sbin/chroot"

/* Mounts of our own, which are gone when this process is. */
static int make_folder(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return hc_fail_errno(errno, "mounts of our own");
	if ((mkdir("/run/hostcrypt", 0700) < 0 && errno != EEXIST) ||
	    (mkdir(FOLDER, 0700) < 0 && errno != EEXIST))
		return hc_fail_errno(errno, FOLDER);
	if (mount("none", FOLDER, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0700,size=90%") < 0)
		return hc_fail_errno(errno, FOLDER);
	return 0;
}

static int add_overlay(const struct hc_dump_plan *plan, const char *providers_path,
		       const char *root)
{
	const char *const argv[] = { CPIO, "-idm", "--quiet", "-D", root, "-F", OVERLAY, NULL };
	HC_FD fd = open(OVERLAY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char output[1024];
	int r = fd < 0 ? hc_fail_errno(errno, OVERLAY) : 0;

	if (r == 0)
		r = hc_dump_overlay_write(fd, plan, providers_path, NULL);
	return r == 0 ? hc_child_run(argv, NULL, output, sizeof(output)) : r;
}

/* As the kernel does it: the image's parts, and our settings. */
static int unpack(const struct hc_dump_plan *plan, const char *providers_path,
		  const char **ret_root)
{
	const char *const argv[] = { UNPACK, plan->image.path, IMAGE, NULL };
	char output[1024];

	if (hc_child_run(argv, NULL, output, sizeof(output)) < 0)
		return hc_fail(HC_E_DUMP_IMAGE, "%s cannot be unpacked: %s", plan->image.path,
			       hc_error_message());
	/* With microcode in front of it, it has parts. */
	*ret_root = access(IMAGE "/main", F_OK) == 0 ? IMAGE "/main" : IMAGE;
	return add_overlay(plan, providers_path, *ret_root);
}

static int bind_in(const char *root, const char *folder)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", root, folder);
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    mount(folder, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return hc_fail_errno(errno, "%s", path);
	return 0;
}

/* The line of @output that begins with @word, behind it; NULL where there is none. */
static char *find_line(char *output, const char *word)
{
	size_t length = strlen(word);

	for (char *at = output; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, word, length) == 0)
			return at + length;
	}
	return NULL;
}

/* "WORD SENTENCE", as the program in the image has failed. */
static int take_failure(char *line)
{
	char *sentence = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (!sentence)
		return hc_fail(HC_E_INTERNAL, "the capture environment said \"%s\"", line);
	*sentence++ = '\0';
	return hc_fail((enum hc_error)hc_error_from_word(line), "%s", sentence);
}

static int take_result(const struct hc_dump_plan *plan, char *output, struct hc_dump_trial *trial)
{
	const struct hc_dump_place *place = &plan->config.target;
	unsigned long long bytes, milliseconds;
	char *line = find_line(output, HC_CAPTURE_TRIAL_RESULT);
	char name[256];

	if (!line || sscanf(line, "%llu %llu %255s", &bytes, &milliseconds, name) != 3)
		return hc_fail(HC_E_INTERNAL, "the capture environment told no result");
	trial->bytes = bytes;
	trial->milliseconds = milliseconds;
	trial->elsewhere = place->kind == HC_DUMP_TO_SSH;
	if (place->kind == HC_DUMP_TO_BLOCK)
		snprintf(trial->path, sizeof(trial->path), "%s", place->path);
	else
		snprintf(trial->path, sizeof(trial->path), "%s/%s",
			 trial->elsewhere ? place->text : plan->target.folder, name);
	return 0;
}

static int run(const struct hc_dump_plan *plan, const char *root, unsigned mib, bool keep,
	       struct hc_dump_trial *trial)
{
	static char output[64 * 1024];
	char number[16];
	const char *const argv[] = { CHROOT, root, HC_CAPTURE_PROGRAM, HC_CAPTURE_TRIAL, number,
				     keep ? HC_CAPTURE_TRIAL_KEEP : NULL, NULL };
	char *line;
	int r;

	snprintf(number, sizeof(number), "%u", mib);
	r = hc_child_run(argv, NULL, output, sizeof(output));
	line = find_line(output, HC_CAPTURE_TRIAL_ERROR);
	if (line)
		return take_failure(line);
	/* It did not even come to speak. */
	if (r < 0)
		return hc_fail(HC_E_DUMP_IMAGE, "the capture environment does not work: %s",
			       hc_error_message());
	return take_result(plan, output, trial);
}

int hc_dump_trial_run(const struct hc_dump_plan *plan, const char *providers_path, unsigned mib,
		      bool keep, struct hc_dump_trial *ret_trial)
{
	static const char *const folders[] = { "/dev", "/proc", "/sys" };
	const char *root = IMAGE;
	int r = make_folder();

	if (r == 0)
		r = unpack(plan, providers_path, &root);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && r == 0; i++)
		r = bind_in(root, folders[i]);
	if (r == 0)
		r = run(plan, root, mib, keep, ret_trial);
	umount2(FOLDER, MNT_DETACH);
	rmdir(FOLDER);
	return r;
}

int hc_dump_trial_verify(const struct hc_dump_trial *trial)
{
	HC_FD from = open(trial->path, O_RDONLY | O_CLOEXEC);
	HC_FD to = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint64_t room, bytes;
	int r;

	if (from < 0 || to < 0)
		return hc_fail_errno(errno, "%s", trial->path);
	r = hc_fd_bytes(from, &room);
	if (r < 0)
		return hc_fail_errno(-r, "%s", trial->path);
	r = hc_dump_fetch(from, room, to, &bytes);
	if (r == 0 && bytes != trial->bytes)
		r = hc_fail(HC_E_DUMP_DAMAGED, "%s holds %llu bytes, and %llu were written",
			    trial->path, (unsigned long long)bytes,
			    (unsigned long long)trial->bytes);
	return r;
}

int hc_dump_trial_remove(const struct hc_dump_trial *trial)
{
	HC_FD fd = -1;
	struct stat st;
	int r = 0;

	if (trial->elsewhere)
		return 0;
	fd = open(trial->path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hc_fail_errno(errno, "%s", trial->path);
	if (S_ISBLK(st.st_mode))
		r = hc_dump_mark_clear(fd);
	else if (unlink(trial->path) < 0)
		r = -errno;
	return r < 0 ? hc_fail_errno(-r, "%s cannot be removed", trial->path) : 0;
}
