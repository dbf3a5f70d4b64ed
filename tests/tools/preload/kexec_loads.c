// SPDX-License-Identifier: GPL-2.0
/*
 * For "hostcrypt dump load" under a kernel without kexec, in LD_PRELOAD: kexec_file_load()
 * succeeds, and /sys/kernel (which no-kexec.sh has put a folder over) says so.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

static long say_loaded(unsigned long flags)
{
	int fd = open("/sys/kernel/kexec_crash_loaded", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t n = write(fd, flags & KEXEC_FILE_UNLOAD ? "0\n" : "1\n", 2);

	close(fd);
	return n == 2 ? 0 : -1;
}

long syscall(long number, ...)
{
	long (*next)(long number, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	unsigned long words[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(args, unsigned long);
	va_end(args);
	if (number == SYS_kexec_file_load)
		return say_loaded(words[4]);
	return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
