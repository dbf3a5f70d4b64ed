// SPDX-License-Identifier: GPL-2.0
#include "dump/memory.h"

#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/kexec.h"

#define MIB (1024ULL * 1024)

/* Kernel, drivers, udev, the programs and their buffers: 88 MiB were used in a virtual
 * machine with 6.12, 67 with 6.1, when what the packed RAM disk had lain in was free
 * again. That counts here as well, and is the margin. */
#define BASE_BYTES (96 * MIB)
/* makedumpfile keeps two bits for each page of the crashed kernel. */
#define BITMAP_SHARE (4096 * 8 / 2)

/* What is advised, whatever the machine. */
#define USUAL_MIB 512
#define STEP_MIB 128

/* What to boot with, and where that is written. */
static const char *advice(uint64_t needed)
{
	static char text[512];
	unsigned long long mib = (needed / MIB / STEP_MIB + 1) * STEP_MIB;

	if (mib < USUAL_MIB)
		mib = USUAL_MIB;
	if (access("/usr/sbin/update-grub", X_OK) == 0)
		snprintf(text, sizeof(text),
			 "write the line GRUB_CMDLINE_LINUX_DEFAULT="
			 "\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=%lluM\" into "
			 "/etc/default/grub.d/hostcrypt-dump.cfg, run \"update-grub\" and boot again",
			 mib);
	else
		snprintf(text, sizeof(text),
			 "put crashkernel=%lluM on the kernel's command line in the boot "
			 "loader's settings and boot again",
			 mib);
	return text;
}

int hc_dump_memory_aside(uint64_t *ret_bytes)
{
	*ret_bytes = hc_kexec_crash_size();
	if (*ret_bytes == 0)
		return hc_fail(HC_E_DUMP_MEMORY,
			       "no memory is set aside for a capture kernel; %s", advice(0));
	return 0;
}

int hc_dump_memory_check(const struct hc_dump_image *image, uint64_t *ret_aside,
			 uint64_t *ret_needed)
{
	struct sysinfo info;
	int r;

	sysinfo(&info);
	*ret_needed = BASE_BYTES + image->size + image->unpacked +
		      (uint64_t)info.totalram * info.mem_unit / BITMAP_SHARE;
	r = hc_dump_memory_aside(ret_aside);
	if (r < 0)
		return r;
	if (*ret_needed > *ret_aside)
		return hc_fail(HC_E_DUMP_MEMORY,
			       "crashkernel= sets %llu MiB aside, and a dump takes about %llu MiB; %s",
			       (unsigned long long)(*ret_aside / MIB),
			       (unsigned long long)(*ret_needed / MIB + 1), advice(*ret_needed));
	return 0;
}
