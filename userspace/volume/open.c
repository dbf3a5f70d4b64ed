// SPDX-License-Identifier: GPL-2.0
/*
 * Opening: header -> provider -> KEK -> keyslot -> DEK -> MAC -> ioctl ->
 * table. Nothing of the data is read before the header's MAC is right.
 */
#include "volume/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/voltab.h"
#include "volume/binding.h"
#include "volume/device.h"
#include "volume/dm.h"
#include "volume/header.h"
#include "volume/luks.h"

static void free_text(char **text)
{
	free(*text);
}

#define TEXT __attribute__((cleanup(free_text))) char *

/* 1 when @name is open over @device, 0 when there is no such device. */
static int is_open(const char *name, dev_t device)
{
	struct hc_dm_status status;
	char path[128];
	int r = hc_dm_status(name, &status);

	if (r == HC_E_NOT_OPEN)
		return 0;
	if (r < 0)
		return r;
	if (!status.active)
		return 0;
	if (status.table.device == device)
		return 1;
	hc_device_path(status.table.device, path, sizeof(path));
	return hc_fail(HC_E_NAME_TAKEN,
		       "%s is open already, on %s; close it or choose another name", name, path);
}

/* Somebody was killed between making a device and giving it a table. */
static int remove_leftover(const char *name)
{
	struct hc_dm_status status;
	int r = hc_dm_status(name, &status);

	if (r < 0)
		return r == HC_E_NOT_OPEN ? 0 : r;
	return status.active || status.open_count ? 0 : hc_dm_remove(name);
}

/* How many 512-byte sectors the volume has. HC_E_DEVICE_SMALL, _UNFIT. */
static int data_sectors(const char *path, const struct hc_device *device,
			const struct hc_header *header, uint64_t *ret_sectors)
{
	uint64_t room;

	if (device->bytes <= header->data_offset)
		return hc_fail(HC_E_DEVICE_SMALL,
			       "%s has %llu bytes, but the volume's data begins "
			       "at byte %llu; grow the device to the size it had",
			       path, (unsigned long long)device->bytes,
			       (unsigned long long)header->data_offset);
	room = device->bytes - header->data_offset;
	if (header->data_bytes > room)
		return hc_fail(HC_E_DEVICE_SMALL,
			       "%s has %llu bytes of the volume's %llu; grow the "
			       "device to the size it had",
			       path, (unsigned long long)room,
			       (unsigned long long)header->data_bytes);
	if (header->data_bytes)
		room = header->data_bytes;
	if (room % header->sector_size)
		return hc_fail(HC_E_DEVICE_UNFIT,
			       "the size of %s is no multiple of the volume's "
			       "sectors of %u bytes; give it such a size",
			       path, header->sector_size);
	*ret_sectors = room / 512;
	return 0;
}

/* Which KEK is about to be asked for, and where. */
static void trace_kek(const struct hc_config *config, const struct hc_volume_open *wish,
		      const struct hc_token_kek *slot, struct hc_volume_trace *trace)
{
	const struct hc_provider_config *provider;

	snprintf(trace->provider, sizeof(trace->provider), "%s",
		 wish->provider ? wish->provider : slot->provider);
	snprintf(trace->kek_id, sizeof(trace->kek_id), "%s", slot->kek);
	trace->endpoint[0] = '\0';
	if (hc_config_provider(config, trace->provider, &provider) == 0)
		hc_provider_endpoint(provider, trace->endpoint, sizeof(trace->endpoint));
}

/* Ask one provider for a KEK and try it on its keyslot. */
static int try_kek(const struct hc_config *config, const struct hc_volume_open *wish,
		   struct crypt_device *cd, const struct hc_header *header,
		   const struct hc_token_kek *slot, struct hc_volume_trace *trace,
		   struct hc_secret *ret_dek)
{
	const struct hc_provider_config *provider_config;
	HC_PROVIDER provider = NULL;
	HC_SECRET kek = { 0 };
	HC_SECRET passphrase = { 0 };
	int r;

	trace_kek(config, wish, slot, trace);
	r = hc_config_provider(config, trace->provider, &provider_config);
	if (r == 0)
		r = hc_provider_open(provider_config, &provider);
	if (r == 0)
		r = hc_provider_get(provider, slot->kek, false, &kek);
	if (r == 0)
		r = hc_keyslot_passphrase(&kek, header->uuid, &passphrase);
	if (r == 0)
		r = hc_luks_open_keyslot(cd, slot->keyslot, &passphrase, ret_dek);
	return r;
}

/* The first KEK that can be had opens the volume. */
static int get_dek(const struct hc_config *config, const struct hc_volume_open *wish,
		   struct crypt_device *cd, const struct hc_header *header,
		   struct hc_volume_trace *trace, struct hc_secret *ret_dek)
{
	int r = HC_E_INTERNAL;

	for (size_t i = 0; i < header->token.n_keks; i++) {
		r = try_kek(config, wish, cd, header, &header->token.keks[i], trace, ret_dek);
		if (r == 0)
			return 0;
	}
	return r;
}

/* 1 when the key is loaded already, by another volume or an administrator. */
static int is_loaded(int control, const char *uuid)
{
	uint8_t bytes[HOSTCRYPT_UUID_SIZE];
	struct hostcrypt_key_info *keys = NULL;
	size_t n = 0;
	int found = 0;
	int r;

	r = hc_uuid_parse(uuid, bytes);
	if (r == 0)
		r = hc_control_list(control, &keys, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		found |= memcmp(keys[i].uuid, bytes, sizeof(bytes)) == 0;
	free(keys);
	return found;
}

/* Hand the DEK to the module and make the device; undo the one if the other
 * fails, and keep the sentence of what failed first. The lock must be held. */
static int load_and_create(int control, const struct hc_volume_open *wish,
			   const struct hc_header *header, const struct hc_dm_table *table,
			   const struct hc_secret *dek)
{
	char why[1024];
	int was_loaded, r;

	was_loaded = is_loaded(control, table->key_uuid);
	if (was_loaded < 0)
		return was_loaded;
	r = hc_control_load(control, table->key_uuid, dek);
	if (r < 0)
		return r;
	r = hc_dm_create(wish->name, header->uuid, table, wish->readonly);
	if (r == 0 || was_loaded)
		return r;
	snprintf(why, sizeof(why), "%s", hc_error_message());
	if (hc_control_drop(control, table->key_uuid) < 0)
		return hc_fail(r,
			       "%s (and its key could not be dropped: run \"hostcrypt key drop "
			       "%s\")",
			       why, table->key_uuid);
	return hc_fail(r, "%s", why);
}

/*
 * Two opens at once (the agent's and an administrator's) would each take the
 * other's key, or its device that has no table yet, for a leftover. So this is
 * done by one at a time.
 */
static int map(int control, const struct hc_volume_open *wish, const char *path,
	       const struct hc_header *header, const struct hc_dm_table *table,
	       const struct hc_secret *dek)
{
	int r = hc_control_lock(control);

	if (r == 0)
		r = remove_leftover(wish->name);
	if (r == 0)
		r = is_open(wish->name, table->device);
	if (r != 0)
		return r < 0 ? r : 0;
	r = hc_device_check_unused(path, false);
	return r < 0 ? r : load_and_create(control, wish, header, table, dek);
}

/*
 * Refuse early what is mounted, swapped to or held by another device. Held by
 * the very volume means that another open is faster: 1 when it is done; what
 * is halfway is decided under the lock, in map().
 */
static int check_device(const char *path, const struct hc_volume_open *wish,
			const struct hc_device *device)
{
	struct hc_dm_status status;
	char users[HC_DEVICE_USERS];

	if (device->readonly && !wish->readonly)
		return hc_fail(HC_E_DEVICE_UNFIT, "%s is read-only; open it with --readonly", path);
	hc_device_users(device->number, false, users, sizeof(users));
	if (!users[0])
		return 0;
	if (hc_dm_status(wish->name, &status) == 0 &&
	    (!status.active || status.table.device == device->number))
		return status.active;
	return hc_fail(HC_E_DEVICE_BUSY, "%s is in use: %s; free it first", path, users);
}

static int open_header(const struct hc_config *config, const struct hc_volume_open *wish,
		       const char *path, const struct hc_device *device,
		       struct hc_volume_trace *trace)
{
	struct hc_dm_table table = {
		.device = device->number,
		.allow_discards = wish->discard,
		.allow_slow_cipher = wish->allow_slow_cipher || config->allow_slow_cipher,
	};
	const char *header_path = wish->header ? wish->header : path;
	struct hc_header header;
	HC_SECRET dek = { 0 };
	HC_LUKS cd = NULL;
	HC_FD control = -1;
	int r;

	r = hc_luks_load(header_path, &cd);
	if (r == 0)
		r = hc_header_read(cd, &header);
	if (r < 0)
		return r;
	memcpy(trace->uuid, header.uuid, sizeof(trace->uuid));
	trace_kek(config, wish, &header.token.keks[0], trace);
	memcpy(table.key_uuid, header.token.dek, sizeof(table.key_uuid));
	table.tweak_offset = header.iv_tweak;
	table.offset = header.data_offset / 512;
	table.sector_size = header.sector_size;
	r = data_sectors(path, device, &header, &table.length);
	if (r < 0)
		return r;
	/* Before the key server is asked: without the module it is for nothing. */
	control = hc_control_open();
	if (control < 0)
		return control;
	r = get_dek(config, wish, cd, &header, trace, &dek);
	if (r == 0)
		r = hc_header_verify(&header, &dek);
	if (r == 0)
		r = hc_binding_verify(path, &header, &dek);
	if (r == 0)
		r = map(control, wish, path, &header, &table, &dek);
	return r;
}

int hc_volume_open(const struct hc_config *config, const struct hc_volume_open *wish,
		   struct hc_volume_trace *trace)
{
	struct hc_device device;
	TEXT path = NULL;
	int r;

	memset(trace, 0, sizeof(*trace));
	if (!hc_volume_name_valid(wish->name))
		return hc_fail(HC_E_USAGE,
			       "\"%.64s\" is no name for a volume: up to 48 letters, "
			       "digits, \"-\", \"_\" and \".\", not beginning with \".\"",
			       wish->name);
	r = hc_voltab_resolve(wish->device, &path);
	if (r == 0)
		r = hc_device_look(path, &device);
	if (r < 0)
		return r;
	r = is_open(wish->name, device.number);
	if (r != 0)
		return r < 0 ? r : 0;
	r = check_device(path, wish, &device);
	if (r != 0)
		return r < 0 ? r : 0;
	r = open_header(config, wish, path, &device, trace);
	return r < 0 ? hc_context(r, "cannot open volume %s", wish->name) : 0;
}
