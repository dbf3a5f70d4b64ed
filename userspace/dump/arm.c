// SPDX-License-Identifier: GPL-2.0
#include "dump/arm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/command_line.h"
#include "dump/kexec.h"
#include "dump/memory.h"
#include "dump/overlay.h"
#include "dump/state.h"
#include "kernel/kdump.h"

#define REGISTRY "/sys/module/dm_hostcrypt/parameters/registry"
#define KDUMP_TOOLS "/etc/systemd/system/multi-user.target.wants/kdump-tools.service"

bool hc_dump_registry(char ret_registry[32])
{
	return hc_read_line(REGISTRY, ret_registry, 32) &&
	       strncmp(ret_registry, "0x", 2) == 0;
}

const char *hc_dump_unlisted(void)
{
	char line[32];

	if (!hc_read_line("/sys/module/dm_hostcrypt/parameters/unlisted", line, sizeof(line)) ||
	    strcmp(line, "0") == 0)
		return NULL;
	if (strcmp(line, "broken") == 0)
		return "the module's list of keys has been damaged, so a panic leaves no dump; "
		       "close the volumes and load dm-hostcrypt anew";
	return "a volume is open through a slow cipher (allow-slow-cipher), whose copies of the "
	       "key cannot be left out of a dump, so a panic leaves none";
}

static int find_registry(char ret_registry[32])
{
	if (!hc_dump_registry(ret_registry))
		return hc_fail(HC_E_MODULE_ABSENT,
			       "dm-hostcrypt is not loaded, so a capture kernel would not know "
			       "where keys are; run \"modprobe dm-hostcrypt\" first");
	return 0;
}

int hc_dump_plan(const char *path, bool make, void (*on_make)(const char *release),
		 struct hc_dump_plan *ret_plan)
{
	HC_DUMP_PLAN plan = { 0 };
	struct utsname name;
	int r = hc_dump_config_load(path, &plan.config);

	if (r == 0)
		r = find_registry(plan.registry);
	if (r == 0)
		r = hc_dump_target_find(&plan.config, &plan.target);
	if (r < 0)
		return r;
	uname(&name);
	snprintf(plan.release, sizeof(plan.release), "%s", name.release);
	snprintf(plan.kernel, sizeof(plan.kernel), "/boot/vmlinuz-%s", name.release);
	if (make || !hc_dump_image_current(&plan.config, plan.release, &plan.target, &plan.image)) {
		if (on_make)
			on_make(plan.release);
		r = hc_dump_image_make(&plan.config, plan.release, &plan.target, &plan.image);
	}
	if (r == 0)
		r = hc_dump_memory_check(&plan.image, &plan.crash_bytes,
					 &plan.needed_bytes);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct hc_dump_plan){ 0 };
	return 0;
}

int hc_dump_plan_look(const char *path, const char *providers_path,
		      struct hc_dump_plan *ret_plan)
{
	HC_DUMP_PLAN plan = { 0 };
	int r = hc_dump_config_load(path, &plan.config);

	if (r == 0)
		r = hc_dump_target_look(&plan.config, &plan.target);
	if (r == 0)
		r = hc_dump_overlay_write(-1, &plan, providers_path, plan.told);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct hc_dump_plan){ 0 };
	return 0;
}

void hc_dump_plan_free(struct hc_dump_plan *plan)
{
	hc_dump_config_free(&plan->config);
}

int hc_dump_check_foreign(void)
{
	if (access(KDUMP_TOOLS, F_OK) == 0)
		return hc_fail(HC_E_DUMP_FOREIGN,
			       "kdump-tools is enabled, which writes dumps in clear; run "
			       "\"systemctl disable --now kdump-tools\" first");
	if (hc_kdump_state("") == HC_KDUMP_CLEAR)
		return hc_fail(HC_E_DUMP_FOREIGN,
			       "a capture kernel that is not ours is loaded; unload it with "
			       "\"kexec -p -u\" first");
	return 0;
}

/* The RAM disk as the kernel gets it: our settings, then the image. Nobody may be
 * able to write to it by then. */
static int make_initrd(struct hc_dump_plan *plan, const char *providers_path,
		       int *ret_fd)
{
	HC_FD fd = memfd_create("initrd", MFD_CLOEXEC);
	HC_FD image = open(plan->image.path, O_RDONLY | O_CLOEXEC);
	static uint8_t buffer[256 * 1024];
	char self[64];
	ssize_t n = 0;
	int r;

	if (fd < 0 || image < 0)
		return hc_fail(HC_E_DUMP_IMAGE, "%s: %s", plan->image.path, strerror(errno));
	r = hc_dump_overlay_write(fd, plan, providers_path, plan->told);
	while (r == 0 && (n = read(image, buffer, sizeof(buffer))) > 0)
		if (hc_write_all(fd, buffer, (size_t)n) < 0)
			n = -1;
	if (r == 0 && n < 0)
		r = hc_fail(HC_E_DUMP_IMAGE, "%s: %s", plan->image.path, strerror(errno));
	if (r < 0)
		return r;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	*ret_fd = open(self, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? hc_fail_errno(errno, "%s", self) : 0;
}

static void fill_marker(const struct hc_dump_plan *plan, struct hc_dump_marker *ret_marker)
{
	ret_marker->time = time(NULL);
	snprintf(ret_marker->registry, sizeof(ret_marker->registry), "%s", plan->registry);
	snprintf(ret_marker->release, sizeof(ret_marker->release), "%s", plan->release);
	memcpy(ret_marker->told, plan->told, sizeof(ret_marker->told));
}

static int write_marker(const struct hc_dump_marker *marker)
{
	FILE *file;

	if (mkdir("/run/hostcrypt", 0700) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, "/run/hostcrypt");
	file = fopen(HC_KDUMP_LOADED_FILE ".new", "we");
	if (!file)
		return hc_fail_errno(errno, HC_KDUMP_LOADED_FILE);
	fprintf(file, "%s\n%s\n%lld\n%s", marker->registry, marker->release,
		(long long)marker->time, marker->told);
	if (fclose(file) != 0 || rename(HC_KDUMP_LOADED_FILE ".new", HC_KDUMP_LOADED_FILE) < 0)
		return hc_fail_errno(errno, HC_KDUMP_LOADED_FILE);
	return 0;
}

bool hc_dump_marker_read(struct hc_dump_marker *ret_marker)
{
	FILE *file = fopen(HC_KDUMP_LOADED_FILE, "re");
	long long seconds;
	bool good = file && fscanf(file, "%31s %64s %lld ", ret_marker->registry,
				   ret_marker->release, &seconds) == 3;
	size_t n = good ? fread(ret_marker->told, 1, sizeof(ret_marker->told) - 1, file) : 0;

	if (file)
		fclose(file);
	ret_marker->told[n] = '\0';
	if (good)
		ret_marker->time = seconds;
	return good;
}

static int read_state(const struct hc_dump_config *config, struct hc_dump_state_place *ret_place,
		      struct hc_dump_state_file *ret_state, char ret_boot[40])
{
	int r = hc_boot_id(ret_boot);

	hc_dump_target_state(config, ret_place);
	return r == 0 ? hc_dump_state_read(ret_place, ret_state) : r;
}

/* The state file is there, as large as it will be, before anything can crash. */
static int write_state(const struct hc_dump_config *config)
{
	struct hc_dump_state_file state;
	struct hc_dump_state_place place;
	char boot[40];
	int r = read_state(config, &place, &state, boot);

	if (r < 0)
		return r;
	hc_dump_state_arm(&state, boot);
	return hc_dump_state_write(&place, &state);
}

/* What was armed in another boot is a crash, and stays. */
static int mark_disarmed(const struct hc_dump_config *config)
{
	struct hc_dump_state_place place;
	struct hc_dump_state_file state;
	char boot[40];
	int r = read_state(config, &place, &state, boot);

	if (r < 0)
		return r;
	if (state.now.state != HC_DUMP_ARMED || strcmp(state.now.boot, boot) != 0)
		return 0;
	hc_dump_state_set(&state.now, HC_DUMP_DISARMED, NULL);
	return hc_dump_state_write(&place, &state);
}

/* After the failure @code: what was loaded @before may be so still. Where nothing is, the
 * next boot shall hear of no crash. */
static int take_back(const struct hc_dump_config *config, const struct hc_dump_marker *before,
		     int code)
{
	char why[800];
	int r = 0;

	snprintf(why, sizeof(why), "%s", hc_error_message());
	if (!hc_kexec_crash_loaded()) {
		unlink(HC_KDUMP_LOADED_FILE);
		r = mark_disarmed(config);
	} else if (before->release[0]) {
		r = write_marker(before);
	}
	if (r < 0)
		return hc_fail((enum hc_error)code, "%s; and what was begun stays: %s", why,
			       hc_error_message());
	return hc_fail((enum hc_error)code, "%s", why);
}

int hc_dump_arm(struct hc_dump_plan *plan, const char *providers_path)
{
	static char running[4096], command_line[2048];
	static struct hc_dump_marker before, marker;
	HC_FD initrd = -1;
	int r = hc_dump_check_foreign();

	if (r < 0)
		return r;
	if (!hc_read_line("/proc/cmdline", running, sizeof(running)))
		return hc_fail_errno(errno, "/proc/cmdline");
	hc_dump_marker_read(&before);
	r = hc_dump_command_line(running, plan->registry, command_line, sizeof(command_line));
	if (r == 0)
		r = make_initrd(plan, providers_path, &initrd);
	if (r == 0)
		r = write_state(&plan->config);
	/* The marker first: between the two, nobody shall take ours for a foreign one. */
	fill_marker(plan, &marker);
	if (r == 0)
		r = write_marker(&marker);
	if (r == 0)
		r = hc_kexec_crash_load(plan->kernel, initrd, command_line);
	return r < 0 ? take_back(&plan->config, &before, r) : 0;
}

int hc_dump_disarm(const struct hc_dump_config *config)
{
	bool locked;
	int r = 0;

	if (hc_kdump_state("") == HC_KDUMP_CLEAR)
		return hc_fail(HC_E_DUMP_FOREIGN,
			       "the capture kernel that is loaded is not ours; \"kexec -p -u\" "
			       "unloads it");
	/* Locked, it stays; the system going down in good order is no crash all the same. */
	locked = hc_kexec_crash_loaded() && hc_kexec_locked();
	if (hc_kexec_crash_loaded() && !locked)
		r = hc_kexec_crash_unload();
	if (r < 0)
		return r;
	if (!locked)
		unlink(HC_KDUMP_LOADED_FILE);
	if (config)
		r = mark_disarmed(config);
	if (r == 0 && locked)
		r = hc_fail(HC_E_DUMP_LOAD,
			    "kexec is locked until the next boot, and the capture kernel stays "
			    "loaded until then");
	return r;
}
