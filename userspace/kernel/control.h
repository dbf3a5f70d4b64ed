/* SPDX-License-Identifier: GPL-2.0 */
/* The calls of /dev/hostcrypt (module/uapi/hostcrypt.h), with errors turned
 * into sentences. */
#ifndef HC_KERNEL_CONTROL_H
#define HC_KERNEL_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "uapi/hostcrypt.h"

#define HC_UUID_TEXT 37 /* with the NUL */

/* Major version of the table line that we write (module: target's version). */
#define HC_TABLE_MAJOR 1

/*
 * Open /dev/hostcrypt and check the module's version. Tries to load the
 * module (modprobe) once when it is absent. Returns a file descriptor, or
 * HC_E_MODULE_ABSENT, HC_E_MODULE_VERSION, HC_E_PERMISSION.
 */
int hc_control_open(void);

/* Wait until nobody else holds the lock, and hold it until @fd is closed: for
 * steps that belong together, such as loading a key and making its device. */
int hc_control_lock(int fd);

/* What module is there; @fd from hc_control_open(). */
int hc_control_version(int fd, struct hostcrypt_version *ret_version);

/* HC_E_KEY_CONFLICT, _KEY_INVALID, _MODULE_REFUSED. */
int hc_control_load(int fd, const char *uuid, const struct hc_secret *dek);

/* HC_E_KEY_NOT_LOADED, _KEY_BUSY. */
int hc_control_drop(int fd, const char *uuid);

/*
 * In the kernel that saves a dump: take over the key that the dead kernel had
 * under @uuid. HC_E_KEY_NOT_LOADED: it had none; HC_E_KEY_INVALID: damaged;
 * HC_E_KEY_CONFLICT, _MODULE_REFUSED.
 */
int hc_control_inherit(int fd, const char *uuid);

/* All loaded keys, in memory that the caller frees. */
int hc_control_list(int fd, struct hostcrypt_key_info **ret_keys, size_t *ret_n);

/* UUID text (any case) to bytes and back (lower case). HC_E_USAGE. */
int hc_uuid_parse(const char *text, uint8_t ret_uuid[HOSTCRYPT_UUID_SIZE]);
void hc_uuid_format(const uint8_t uuid[HOSTCRYPT_UUID_SIZE], char ret_text[HC_UUID_TEXT]);

#endif
