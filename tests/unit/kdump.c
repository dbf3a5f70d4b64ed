// SPDX-License-Identifier: GPL-2.0
/* What is said of kdump, out of the files that tell. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kdump.h"

static char root[64];

static const char *under_root(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static bool put(const char *path, const char *text)
{
	FILE *file = fopen(under_root(path), "we");

	return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

static bool crash_loaded(const char *text)
{
	return put("/sys/kernel/kexec_crash_loaded", text);
}

static void begin(void)
{
	snprintf(root, sizeof(root), "/tmp/hostcrypt-kdump-XXXXXX");
	if (!EXPECT(mkdtemp(root)))
		exit(1);
	EXPECT(mkdir(under_root("/sys"), 0755) == 0 && mkdir(under_root("/sys/kernel"), 0755) == 0);
	EXPECT(mkdir(under_root("/run"), 0755) == 0);
	EXPECT(mkdir(under_root("/run/hostcrypt"), 0755) == 0);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", root);
	EXPECT(system(command) == 0);
}

static void kernel_without_kdump_is_not_armed(void)
{
	begin();
	EXPECT(hc_kdump_state(root) == HC_KDUMP_OFF);
	EXPECT(put(HC_KDUMP_LOADED_FILE, ""));
	EXPECT(hc_kdump_state(root) == HC_KDUMP_OFF);
	end();
}

static void nothing_loaded_is_not_armed(void)
{
	begin();
	EXPECT(crash_loaded("0\n") && hc_kdump_state(root) == HC_KDUMP_OFF);
	/* Left over: the capture kernel was unloaded behind hostcrypt's back. */
	EXPECT(put(HC_KDUMP_LOADED_FILE, "") && hc_kdump_state(root) == HC_KDUMP_OFF);
	end();
}

static void capture_kernel_of_ours_encrypts(void)
{
	begin();
	EXPECT(crash_loaded("1\n") && put(HC_KDUMP_LOADED_FILE, ""));
	EXPECT(hc_kdump_state(root) == HC_KDUMP_ENCRYPTED);
	end();
}

static void any_other_does_not(void)
{
	begin();
	EXPECT(crash_loaded("1\n") && hc_kdump_state(root) == HC_KDUMP_CLEAR);
	end();
}

static void empty_file_is_not_armed(void)
{
	begin();
	EXPECT(crash_loaded("") && hc_kdump_state(root) == HC_KDUMP_OFF);
	end();
}

int main(void)
{
	RUN(kernel_without_kdump_is_not_armed);
	RUN(nothing_loaded_is_not_armed);
	RUN(capture_kernel_of_ours_encrypts);
	RUN(any_other_does_not);
	RUN(empty_file_is_not_armed);
	return unit_result();
}
