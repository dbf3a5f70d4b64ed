// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/hostcrypt: load, drop and list keys, tell the version. The structs are
 * in uapi/hostcrypt.h.
 *
 * Each call copies its struct once and looks at the copy only. Key bytes go
 * from the caller's memory straight into the page where they stay.
 */
#define pr_fmt(fmt) "hostcrypt: " fmt

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "control.h"
#include "keystore.h"
#include "table.h"
#include "version.h"
#include "vmcore.h"

static int hc_check_abi(u32 abi)
{
	return abi == HOSTCRYPT_ABI ? 0 : -EPROTO;
}

static int hc_check_uuid(const u8 *uuid)
{
	return memchr_inv(uuid, 0, HOSTCRYPT_UUID_SIZE) ? 0 : -EINVAL;
}

/* Neither flags nor reserved members have a meaning yet. */
static int hc_check_unused(u32 flags, const void *reserved, size_t size)
{
	return flags || memchr_inv(reserved, 0, size) ? -EINVAL : 0;
}

/**
 * hc_check_version() - validate the argument of HOSTCRYPT_IOC_VERSION
 * @arg: the kernel's copy
 *
 * Return: 0 or -EINVAL; any ABI may ask.
 */
int hc_check_version(const struct hostcrypt_version *arg)
{
	return hc_check_unused(arg->flags, arg->reserved, sizeof(arg->reserved));
}
EXPORT_SYMBOL_HC_KUNIT(hc_check_version);

/**
 * hc_check_load() - validate the argument of HOSTCRYPT_IOC_LOAD
 * @arg: the kernel's copy
 *
 * Return: 0, -EPROTO or -EINVAL.
 */
int hc_check_load(const struct hostcrypt_load *arg)
{
	int err = hc_check_abi(arg->abi) ?:
		  hc_check_unused(arg->flags, arg->reserved, sizeof(arg->reserved)) ?:
		  hc_check_uuid(arg->uuid);

	if (err)
		return err;
	return arg->key_size == HOSTCRYPT_KEY_SIZE ? 0 : -EINVAL;
}
EXPORT_SYMBOL_HC_KUNIT(hc_check_load);

/**
 * hc_check_drop() - validate the argument of HOSTCRYPT_IOC_DROP
 * @arg: the kernel's copy
 *
 * Return: 0, -EPROTO or -EINVAL.
 */
int hc_check_drop(const struct hostcrypt_drop *arg)
{
	return hc_check_abi(arg->abi) ?:
	       hc_check_unused(arg->flags, arg->reserved, sizeof(arg->reserved)) ?:
	       hc_check_uuid(arg->uuid);
}
EXPORT_SYMBOL_HC_KUNIT(hc_check_drop);

/**
 * hc_check_list() - validate the argument of HOSTCRYPT_IOC_LIST
 * @arg: the kernel's copy
 *
 * Return: 0, -EPROTO or -EINVAL.
 */
int hc_check_list(const struct hostcrypt_list *arg)
{
	return hc_check_abi(arg->abi) ?:
	       hc_check_unused(arg->flags, arg->reserved, sizeof(arg->reserved));
}
EXPORT_SYMBOL_HC_KUNIT(hc_check_list);

/**
 * hc_check_inherit() - validate the argument of HOSTCRYPT_IOC_INHERIT
 * @arg: the kernel's copy
 *
 * Return: 0, -EPROTO or -EINVAL.
 */
int hc_check_inherit(const struct hostcrypt_inherit *arg)
{
	return hc_check_abi(arg->abi) ?:
	       hc_check_unused(arg->flags, arg->reserved, sizeof(arg->reserved)) ?:
	       hc_check_uuid(arg->uuid);
}
EXPORT_SYMBOL_HC_KUNIT(hc_check_inherit);

static int hc_ioctl_version(struct hostcrypt_version __user *user)
{
	struct hostcrypt_version arg;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	err = hc_check_version(&arg);
	if (err)
		return err;

	memset(&arg, 0, sizeof(arg));
	arg.abi = HOSTCRYPT_ABI;
	strscpy(arg.release, HOSTCRYPT_RELEASE, sizeof(arg.release));
	arg.table_major = HC_TABLE_MAJOR;
	arg.table_minor = HC_TABLE_MINOR;
	return copy_to_user(user, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static int hc_ioctl_load(const struct hostcrypt_load __user *user)
{
	struct hostcrypt_load arg;
	struct hc_key *key;
	uuid_t uuid;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	err = hc_check_load(&arg);
	if (err)
		return err;

	import_uuid(&uuid, arg.uuid);
	key = hc_key_alloc(&uuid);
	if (!key)
		return -ENOMEM;
	if (copy_from_user(hc_key_bytes(key), u64_to_user_ptr(arg.key), HOSTCRYPT_KEY_SIZE)) {
		hc_key_free(key);
		return -EFAULT;
	}
	return hc_keystore_add(key);
}

static int hc_ioctl_drop(const struct hostcrypt_drop __user *user)
{
	struct hostcrypt_drop arg;
	uuid_t uuid;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	err = hc_check_drop(&arg);
	if (err)
		return err;
	import_uuid(&uuid, arg.uuid);
	return hc_keystore_drop(&uuid);
}

static int hc_ioctl_list(struct hostcrypt_list __user *user)
{
	struct hostcrypt_key_info *info;
	struct hostcrypt_list arg;
	unsigned int room;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	err = hc_check_list(&arg);
	if (err)
		return err;

	/* The caller's number decides how much is told, not how much is allocated. */
	room = min(arg.count, hc_keystore_count());
	info = kvcalloc(room, sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	arg.count = hc_keystore_list(info, room);
	room = min(room, arg.count);
	if (copy_to_user(u64_to_user_ptr(arg.entries), info, room * sizeof(*info)) ||
	    put_user(arg.count, &user->count))
		err = -EFAULT;
	kvfree(info);
	return err;
}

static int hc_ioctl_inherit(const struct hostcrypt_inherit __user *user)
{
	struct hostcrypt_inherit arg;
	uuid_t uuid;
	int err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	err = hc_check_inherit(&arg);
	if (err)
		return err;
	import_uuid(&uuid, arg.uuid);
	return hc_vmcore_inherit(&uuid);
}

static long hc_control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case HOSTCRYPT_IOC_VERSION:
		return hc_ioctl_version(user);
	case HOSTCRYPT_IOC_LOAD:
		return hc_ioctl_load(user);
	case HOSTCRYPT_IOC_DROP:
		return hc_ioctl_drop(user);
	case HOSTCRYPT_IOC_LIST:
		return hc_ioctl_list(user);
	case HOSTCRYPT_IOC_INHERIT:
		return hc_ioctl_inherit(user);
	default:
		return -ENOTTY;
	}
}

static int hc_control_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static const struct file_operations hc_control_fops = {
	.owner = THIS_MODULE,
	.open = hc_control_open,
	.unlocked_ioctl = hc_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice hc_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hostcrypt",
	.mode = 0600,
	.fops = &hc_control_fops,
};

/**
 * hc_control_register() - make /dev/hostcrypt
 *
 * Return: 0 or a negative error.
 */
int hc_control_register(void)
{
	/* The same for 32-bit callers: no holes, 64-bit members on 8 bytes. */
	BUILD_BUG_ON(sizeof(struct hostcrypt_version) != 64);
	BUILD_BUG_ON(sizeof(struct hostcrypt_load) != 56);
	BUILD_BUG_ON(offsetof(struct hostcrypt_load, key) != 24);
	BUILD_BUG_ON(sizeof(struct hostcrypt_drop) != 40);
	BUILD_BUG_ON(sizeof(struct hostcrypt_inherit) != 40);
	BUILD_BUG_ON(sizeof(struct hostcrypt_list) != 32);
	BUILD_BUG_ON(offsetof(struct hostcrypt_list, entries) != 8);
	BUILD_BUG_ON(sizeof(struct hostcrypt_key_info) != 32);
	BUILD_BUG_ON(offsetof(struct hostcrypt_key_info, age_ms) != 24);
	BUILD_BUG_ON(sizeof(HOSTCRYPT_RELEASE) > HOSTCRYPT_RELEASE_SIZE);
	return misc_register(&hc_control);
}

/**
 * hc_control_unregister() - undo hc_control_register()
 */
void hc_control_unregister(void)
{
	misc_deregister(&hc_control);
}
