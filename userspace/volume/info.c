// SPDX-License-Identifier: GPL-2.0
#include "volume/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "volume/device.h"
#include "volume/dm.h"
#include "volume/header.h"
#include "volume/luks.h"

int hc_volume_header(const char *device, const char *header_path, struct hc_volume_info *ret_info)
{
	struct hc_volume_info info = { 0 };
	struct hc_header header;
	HC_LUKS cd = NULL;
	int r;

	r = hc_luks_load(header_path ? header_path : device, &cd);
	if (r == 0)
		r = hc_header_read(cd, &header);
	if (r < 0)
		return r;
	snprintf(info.device, sizeof(info.device), "%s", device);
	memcpy(info.uuid, header.uuid, sizeof(info.uuid));
	memcpy(info.key_uuid, header.token.dek, sizeof(info.key_uuid));
	info.data_offset = header.data_offset;
	info.sector_size = header.sector_size;
	memcpy(info.provider, header.token.keks[0].provider, sizeof(info.provider));
	memcpy(info.kek_id, header.token.keks[0].kek, sizeof(info.kek_id));
	memcpy(info.wrapped_at, header.token.keks[0].wrapped_at, HC_TIME_TEXT);
	*ret_info = info;
	return 0;
}

/* Who keeps the KEK, where the header is on the device and can be read. */
static void add_header(struct hc_volume_info *info)
{
	struct hc_volume_info header;

	if (info->data_offset == 0 || hc_volume_header(info->device, NULL, &header) < 0 ||
	    strcmp(header.uuid, info->uuid) != 0)
		return;
	memcpy(info->provider, header.provider, sizeof(info->provider));
	memcpy(info->kek_id, header.kek_id, sizeof(info->kek_id));
	memcpy(info->wrapped_at, header.wrapped_at, sizeof(info->wrapped_at));
}

int hc_volume_info(const char *name, struct hc_volume_info *ret_info)
{
	struct hc_volume_info info = { 0 };
	struct hc_dm_status status;
	int r = hc_dm_status(name, &status);

	if (r == HC_E_NAME_TAKEN)
		return hc_fail(HC_E_NOT_OPEN,
			       "%s is a device-mapper device that hostcrypt did not "
			       "make",
			       name);
	if (r < 0)
		return r;
	snprintf(info.name, sizeof(info.name), "%s", name);
	memcpy(info.uuid, status.luks_uuid, sizeof(info.uuid));
	memcpy(info.key_uuid, status.table.key_uuid, sizeof(info.key_uuid));
	if (status.active)
		hc_device_path(status.table.device, info.device, sizeof(info.device));
	info.data_bytes = status.table.length * 512;
	info.data_offset = status.table.offset * 512;
	info.sector_size = status.table.sector_size;
	info.suspended = status.suspended;
	info.readonly = status.readonly;
	info.discard = status.table.allow_discards;
	info.open_count = status.open_count;
	memcpy(info.cipher_driver, status.cipher_driver, sizeof(info.cipher_driver));
	info.reads = status.reads;
	info.read_bytes = status.read_bytes;
	info.writes = status.writes;
	info.written_bytes = status.written_bytes;
	info.errors = status.errors;
	add_header(&info);
	*ret_info = info;
	return 0;
}

int hc_volume_list(struct hc_volume_info **ret_infos, size_t *ret_n)
{
	char(*names)[HC_DM_NAME_MAX] = NULL;
	struct hc_volume_info *infos;
	size_t n = 0, found = 0;
	int r = hc_dm_names(&names, &n);

	if (r < 0)
		return r;
	infos = calloc(n + 1, sizeof(*infos));
	if (!infos)
		r = hc_fail(HC_E_MEMORY, "out of memory");
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = hc_volume_info(names[i], &infos[found]);
		/* Closed since the names were read. */
		if (r == HC_E_NOT_OPEN)
			r = 0;
		else
			found++;
	}
	free(names);
	if (r < 0) {
		free(infos);
		return r;
	}
	*ret_infos = infos;
	*ret_n = found;
	return 0;
}
