/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device-mapper devices of target "hostcrypt", through libdevmapper. Their UUID
 * is "HOSTCRYPT-<LUKS UUID>-<name>": what makes a device ours.
 */
#ifndef HC_VOLUME_DM_H
#define HC_VOLUME_DM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/control.h"

#define HC_DM_NAME_MAX 128

/* One table line. */
struct hc_dm_table {
	char key_uuid[HC_UUID_TEXT];
	dev_t device;
	uint64_t length; /* all in 512-byte sectors */
	uint64_t tweak_offset;
	uint64_t offset;
	unsigned sector_size; /* bytes */
	bool allow_discards;
	bool allow_slow_cipher;
};

struct hc_dm_status {
	char luks_uuid[HC_UUID_TEXT];
	dev_t number;
	bool active; /* has a live table; otherwise what follows is empty */
	bool suspended;
	bool readonly;
	int open_count;
	struct hc_dm_table table;
	char cipher_driver[HC_DM_NAME_MAX];
	uint64_t reads, read_bytes, writes, written_bytes, deferred, errors;
};

/* HC_E_NAME_TAKEN, _CIPHER_SLOW, _MODULE_ABSENT, _MODULE_REFUSED, _DEVICE_BUSY. */
int hc_dm_create(const char *name, const char *luks_uuid, const struct hc_dm_table *table,
		 bool readonly);

/* From now on nothing waits for udev, where its rules for device-mapper are not. */
void hc_dm_without_udev(void);

/* HC_E_NOT_OPEN, HC_E_VOLUME_BUSY. */
int hc_dm_remove(const char *name);

/* HC_E_NOT_OPEN where there is no device of this name; HC_E_NAME_TAKEN where
 * there is one that is not ours. */
int hc_dm_status(const char *name, struct hc_dm_status *ret_status);

/* Names of all devices that are ours, in memory that the caller frees (one
 * allocation). */
int hc_dm_names(char (**ret_names)[HC_DM_NAME_MAX], size_t *ret_n);

/* The table's parameters as the kernel takes and gives them; for tests. */
int hc_dm_format(const struct hc_dm_table *table, char *ret_params, size_t size);
bool hc_dm_parse_table(const char *params, struct hc_dm_table *ret_table);
void hc_dm_parse_status(const char *params, struct hc_dm_status *status);

#endif
