/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel that is started when this one panics. */
#ifndef HC_DUMP_KEXEC_H
#define HC_DUMP_KEXEC_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes set aside at boot (crashkernel=); 0 for none. */
uint64_t hc_kexec_crash_size(void);
bool hc_kexec_crash_loaded(void);

/* Load the kernel in the file @kernel with the RAM disk of @initrd and @command_line
 * in place of what is loaded. HC_E_DUMP_LOAD. */
int hc_kexec_crash_load(const char *kernel, int initrd, const char *command_line);
int hc_kexec_crash_unload(void);

/* kernel.kexec_load_disabled: once set, nothing is loaded or unloaded any more until
 * the next boot. */
bool hc_kexec_locked(void);
int hc_kexec_lock(void);

/* The number or text in a file of one line, as sysfs has them; false when it cannot
 * be read. */
bool hc_read_line(const char *path, char *ret_line, int size);

#endif
