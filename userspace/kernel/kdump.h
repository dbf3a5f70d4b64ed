/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a panic would start a capture kernel, and whether that one encrypts
 * what it writes.
 */
#ifndef HC_KERNEL_KDUMP_H
#define HC_KERNEL_KDUMP_H

/* Left by "hostcrypt dump load" for as long as its capture kernel is loaded. */
#define HC_KDUMP_LOADED_FILE "/run/hostcrypt/dump-loaded"

enum hc_kdump {
	HC_KDUMP_OFF,	    /* nothing is loaded, or this kernel has no kdump */
	HC_KDUMP_ENCRYPTED, /* hostcrypt's capture kernel is */
	HC_KDUMP_CLEAR,	    /* somebody else's is: it writes memory as it is */
};

#define HC_KDUMP_WARNING                                                                           \
	"kdump is armed with a capture kernel that is not hostcrypt's: a panic would write this "  \
	"host's memory to disk in clear, with what the VMs keep in it; \"kexec -p -u\" disarms "   \
	"it, \"hostcrypt dump enable\" arms encrypted dumps"

/* @root stands in front of both paths: "" but in tests. */
enum hc_kdump hc_kdump_state(const char *root);

#endif
