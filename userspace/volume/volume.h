/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Volumes: a LUKS2 header with a "hostcrypt" token, and a device-mapper device
 * of target "hostcrypt" while open. The command and the agent call these.
 */
#ifndef HC_VOLUME_VOLUME_H
#define HC_VOLUME_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/secret.h"
#include "kernel/control.h"
#include "provider/provider.h"

struct hc_volume_create {
	const char *device;
	const char *header;	    /* NULL: on the device */
	const char *provider;	    /* NULL: the default one */
	const char *label;	    /* NULL: none */
	unsigned sector_size;	    /* 512..4096; 0: 4096 where the device's size allows */
	bool force;		    /* overwrite what is on the device (never one in use) */
	const char *kek_id;	    /* use this KEK; NULL: have one made */
	struct hc_secret *recovery; /* NULL or a passphrase for one more keyslot */
};

/* What a create is about to do or has done. */
struct hc_volume_plan {
	char uuid[HC_UUID_TEXT];
	char provider[HC_NAME_MAX];
	char endpoint[320];
	char kek_id[HC_KEK_ID_MAX]; /* "" in a plan that will have one made */
	char found[128];	    /* what the device carries now, "" for nothing */
	unsigned sector_size;
	uint64_t device_bytes;
	uint64_t data_offset; /* bytes */
	uint64_t data_bytes;
};

/* Look and refuse, without changing anything. */
int hc_volume_plan(const struct hc_config *config, const struct hc_volume_create *create,
		   struct hc_volume_plan *ret_plan);
/* Do it. The KEK is made last of all that can fail before the device is written. */
int hc_volume_create(const struct hc_config *config, const struct hc_volume_create *create,
		     struct hc_volume_plan *ret_done);

struct hc_volume_open {
	const char *name;
	const char *device;
	const char *header;   /* NULL: on the device */
	const char *provider; /* NULL: what the token names */
	bool discard;
	bool readonly;
	bool allow_slow_cipher;
};

/* What the last hc_volume_open() learnt before it failed or succeeded; for
 * "which key, which server, what it answered". Strings are "" when unknown. */
struct hc_volume_trace {
	char uuid[HC_UUID_TEXT];
	char provider[HC_NAME_MAX];
	char endpoint[320];
	char kek_id[HC_KEK_ID_MAX];
};

/* Opening a volume that is open under the same name and device is success. */
int hc_volume_open(const struct hc_config *config, const struct hc_volume_open *open,
		   struct hc_volume_trace *trace);

/* Remove the device, then drop its key unless another device uses it. */
int hc_volume_close(const char *name);

/* An open volume, from device-mapper alone: no agent needed. */
struct hc_volume_info {
	char name[128];
	char uuid[HC_UUID_TEXT]; /* LUKS2 UUID */
	char key_uuid[HC_UUID_TEXT];
	char device[256]; /* path of the device below */
	uint64_t data_bytes;
	uint64_t data_offset; /* bytes on the device below */
	unsigned sector_size;
	bool suspended;
	bool readonly;
	bool discard;
	int open_count;
	char cipher_driver[128];
	uint64_t reads, writes, read_bytes, written_bytes, errors;
	/* from the header; "" where it cannot be read */
	char provider[HC_NAME_MAX];
	char kek_id[HC_KEK_ID_MAX];
	char wrapped_at[32];
};

/* What the header of a volume says, open or not: uuid, key_uuid, data_offset,
 * sector_size, provider, kek_id, wrapped_at. @header: NULL when on the device. */
int hc_volume_header(const char *device, const char *header, struct hc_volume_info *ret_info);

int hc_volume_info(const char *name, struct hc_volume_info *ret_info); /* HC_E_NOT_OPEN */
int hc_volume_list(struct hc_volume_info **ret_infos, size_t *ret_n);

#endif
