/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * hostcrypt: what user space and dm-hostcrypt.ko say to each other through
 * /dev/hostcrypt.
 *
 * Every struct has the same size and layout for 32- and 64-bit callers. The
 * caller sets @abi to HOSTCRYPT_ABI; reserved members and unknown flag bits
 * must be zero. All calls need CAP_SYS_ADMIN in the initial user namespace.
 *
 * No call returns key bytes.
 */
#ifndef _UAPI_HOSTCRYPT_H
#define _UAPI_HOSTCRYPT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HOSTCRYPT_DEVICE	"/dev/hostcrypt"

/* Raised when a caller of the old interface would no longer be served. */
#define HOSTCRYPT_ABI		1

/* An XTS-AES-256 DEK: two AES-256 keys. */
#define HOSTCRYPT_KEY_SIZE	64
#define HOSTCRYPT_UUID_SIZE	16
#define HOSTCRYPT_RELEASE_SIZE	32

/**
 * struct hostcrypt_version - answer of HOSTCRYPT_IOC_VERSION
 * @abi: HOSTCRYPT_ABI of the module; set by the module whatever was passed
 * @flags: zero
 * @release: the module's version, NUL-terminated
 * @table_major: major version of the target's table line
 * @table_minor: minor version of the target's table line
 * @reserved: zero
 *
 * The only call that does not look at @abi, so that any command can ask any
 * module.
 */
struct hostcrypt_version {
	__u32 abi;
	__u32 flags;
	char release[HOSTCRYPT_RELEASE_SIZE];
	__u32 table_major;
	__u32 table_minor;
	__u32 reserved[4];
};

/**
 * struct hostcrypt_load - load a DEK under a UUID
 * @abi: HOSTCRYPT_ABI
 * @flags: zero
 * @uuid: the key's UUID, bytes in the order in which they are written as text
 * @key: user address of @key_size key bytes
 * @key_size: HOSTCRYPT_KEY_SIZE
 * @reserved: zero
 *
 * Loading the same bytes again under the same UUID succeeds and changes
 * nothing.
 *
 * Errors: EPROTO another @abi; EINVAL a bad member, a nil UUID; EKEYREJECTED
 * the two halves are equal; EEXIST the UUID is loaded with other bytes; EBUSY
 * the machine is about to hibernate; EFAULT, ENOMEM, EPERM.
 */
struct hostcrypt_load {
	__u32 abi;
	__u32 flags;
	__u8 uuid[HOSTCRYPT_UUID_SIZE];
	__u64 key;
	__u32 key_size;
	__u32 reserved[5];
};

/**
 * struct hostcrypt_drop - wipe a DEK
 * @abi: HOSTCRYPT_ABI
 * @flags: zero
 * @uuid: the key's UUID
 * @reserved: zero
 *
 * Errors: ENOKEY not loaded; EBUSY a device uses it; EPROTO, EINVAL, EPERM.
 */
struct hostcrypt_drop {
	__u32 abi;
	__u32 flags;
	__u8 uuid[HOSTCRYPT_UUID_SIZE];
	__u32 reserved[4];
};

/**
 * struct hostcrypt_inherit - take a DEK over from the kernel that has died
 * @abi: HOSTCRYPT_ABI
 * @flags: zero
 * @uuid: the UUID under which the dead kernel had the DEK
 * @reserved: zero
 *
 * In a kernel that saves a dump, and that was given the list of the dead
 * kernel's key pages (module parameter registry=), before or after the first
 * look at /proc/vmcore. The DEK is copied from the dead kernel's memory into
 * the store, so that the dump can go to a volume while no key server answers;
 * /proc/vmcore stays without it.
 *
 * Whoever is root in that kernel can open the volumes that were open. It has to
 * run nothing but what saves the dump.
 *
 * Errors: EOPNOTSUPP no such kernel, or no list; ENOKEY the dead kernel had no
 * DEK of that name; EBADMSG the DEK's page is damaged; EKEYREJECTED the DEK's two
 * halves are equal; EEXIST the UUID is loaded with other bytes; EBUSY the machine
 * is about to hibernate; EPROTO, EINVAL, EFAULT, ENOMEM, EPERM.
 */
struct hostcrypt_inherit {
	__u32 abi;
	__u32 flags;
	__u8 uuid[HOSTCRYPT_UUID_SIZE];
	__u32 reserved[4];
};

/**
 * struct hostcrypt_key_info - one loaded key
 * @uuid: the key's UUID
 * @users: table lines that hold it
 * @reserved: zero
 * @age_ms: milliseconds since it was loaded, sleep included
 */
struct hostcrypt_key_info {
	__u8 uuid[HOSTCRYPT_UUID_SIZE];
	__u32 users;
	__u32 reserved;
	__u64 age_ms;
};

/**
 * struct hostcrypt_list - list the loaded keys
 * @abi: HOSTCRYPT_ABI
 * @flags: zero
 * @entries: user address of @count struct hostcrypt_key_info
 * @count: in: room in @entries; out: keys loaded, which may be more than
 *	were written
 * @reserved: zero
 */
struct hostcrypt_list {
	__u32 abi;
	__u32 flags;
	__u64 entries;
	__u32 count;
	__u32 reserved[3];
};

#define HOSTCRYPT_IOC_MAGIC	0xA7
#define HOSTCRYPT_IOC_VERSION	_IOWR(HOSTCRYPT_IOC_MAGIC, 0, struct hostcrypt_version)
#define HOSTCRYPT_IOC_LOAD	_IOW(HOSTCRYPT_IOC_MAGIC, 1, struct hostcrypt_load)
#define HOSTCRYPT_IOC_DROP	_IOW(HOSTCRYPT_IOC_MAGIC, 2, struct hostcrypt_drop)
#define HOSTCRYPT_IOC_LIST	_IOWR(HOSTCRYPT_IOC_MAGIC, 3, struct hostcrypt_list)
#define HOSTCRYPT_IOC_INHERIT	_IOW(HOSTCRYPT_IOC_MAGIC, 4, struct hostcrypt_inherit)

#endif /* _UAPI_HOSTCRYPT_H */
