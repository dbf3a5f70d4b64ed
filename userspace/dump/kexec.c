// SPDX-License-Identifier: GPL-2.0
#include "dump/kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

bool hc_read_line(const char *path, char *ret_line, int size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(ret_line, size, file);

	if (file)
		fclose(file);
	if (got)
		ret_line[strcspn(ret_line, "\n")] = '\0';
	return got;
}

#define LOCK "/proc/sys/kernel/kexec_load_disabled"

bool hc_kexec_locked(void)
{
	char line[8];

	return hc_read_line(LOCK, line, sizeof(line)) && line[0] == '1';
}

int hc_kexec_lock(void)
{
	HC_FD fd = open(LOCK, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : hc_write_all(fd, "1", 1);

	return r < 0 ? hc_fail(HC_E_DUMP_LOAD, LOCK " cannot be set: %s", strerror(-r)) : 0;
}

uint64_t hc_kexec_crash_size(void)
{
	char line[32];

	return hc_read_line("/sys/kernel/kexec_crash_size", line, sizeof(line))
		       ? strtoull(line, NULL, 10)
		       : 0;
}

bool hc_kexec_crash_loaded(void)
{
	char line[8];

	return hc_read_line("/sys/kernel/kexec_crash_loaded", line, sizeof(line)) &&
	       line[0] == '1';
}

/* What the kernel's refusal most likely means. */
static const char *reason(int error)
{
	switch (error) {
	case EPERM:
		return ": kexec is locked (kernel.kexec_load_disabled, or the lockdown of a "
		       "Secure Boot), or we are not root";
	case EADDRNOTAVAIL:
		return ": the memory set aside by crashkernel= is too small";
	case EKEYREJECTED:
		return ": the kernel image's signature is not accepted";
	case EBUSY:
		return ": somebody else is loading one";
	default:
		return "";
	}
}

int hc_kexec_crash_load(const char *kernel, int initrd, const char *command_line)
{
	HC_FD fd = open(kernel, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hc_fail(HC_E_DUMP_LOAD, "%s: %s", kernel, strerror(errno));
	if (syscall(SYS_kexec_file_load, fd, initrd, strlen(command_line) + 1, command_line,
		    (unsigned long)KEXEC_FILE_ON_CRASH) < 0) {
		int error = errno;

		return hc_fail(HC_E_DUMP_LOAD,
			       "the kernel does not take %s as capture kernel: %s%s", kernel,
			       strerror(error), reason(error));
	}
	return 0;
}

int hc_kexec_crash_unload(void)
{
	if (syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL,
		    (unsigned long)(KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH)) < 0) {
		int error = errno;

		return hc_fail(HC_E_DUMP_LOAD, "the capture kernel cannot be unloaded: %s%s",
			       strerror(error), reason(error));
	}
	return 0;
}
