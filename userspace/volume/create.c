// SPDX-License-Identifier: GPL-2.0
/*
 * Creating: everything that can be refused is refused before the KEK is made,
 * and the KEK is at hand before the first byte is written. A create that fails
 * after that leaves no half volume and no KEK that nothing depends on.
 */
#include "volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "volume/binding.h"
#include "volume/device.h"
#include "volume/header.h"
#include "volume/luks.h"

/* A volume of less is a mistake. */
#define DATA_BYTES_MIN (1 << 20)

/* LUKS2's limit for a label, without the NUL. */
#define LABEL_MAX 47

static bool is_detached(const struct hc_volume_create *create)
{
	return create->header && strcmp(create->header, create->device) != 0;
}

static const char *header_path(const struct hc_volume_create *create)
{
	return is_detached(create) ? create->header : create->device;
}

static int check_label(const char *label)
{
	if (!label)
		return 0;
	if (strlen(label) > LABEL_MAX)
		return hc_fail(HC_E_USAGE, "the label \"%.60s\" is longer than %d characters",
			       label, LABEL_MAX);
	for (const char *c = label; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return hc_fail(HC_E_USAGE, "the label has a control character");
	return 0;
}

/* The sector size that was asked for, or the largest that fits. */
static int choose_sector_size(const struct hc_volume_create *create, uint64_t data_bytes,
			      unsigned *ret_size)
{
	unsigned size = create->sector_size;

	if (size && size != 512 && size != 1024 && size != 2048 && size != 4096)
		return hc_fail(HC_E_USAGE, "a sector has 512, 1024, 2048 or 4096 bytes, not %u",
			       size);
	if (size && data_bytes % size)
		return hc_fail(HC_E_DEVICE_UNFIT,
			       "the size of %s is no multiple of %u bytes; choose "
			       "a smaller sector size",
			       create->device, size);
	if (!size)
		for (size = 4096; data_bytes % size; size /= 2)
			;
	*ret_size = size;
	return 0;
}

/* HC_E_DEVICE_NOT_EMPTY unless the user insists. */
static int check_empty(const char *path, bool force, char ret_found[HC_DEVICE_FOUND])
{
	int r = hc_device_signature(path, ret_found);

	if (r < 0)
		return r;
	if (ret_found[0] && !force)
		return hc_fail(HC_E_DEVICE_NOT_EMPTY,
			       "%s carries data: %s; nothing was changed. If it "
			       "can go, use --force",
			       path, ret_found);
	return 0;
}

static int check_header_file(const struct hc_volume_create *create)
{
	struct stat st;

	if (stat(create->header, &st) < 0)
		return errno == ENOENT ? 0
				       : hc_fail_errno(errno, "cannot look at %s", create->header);
	if (S_ISREG(st.st_mode) && st.st_size > 0 && !create->force)
		return hc_fail(HC_E_DEVICE_NOT_EMPTY,
			       "the header file %s exists; nothing was changed. "
			       "If it can go, use --force",
			       create->header);
	if (S_ISREG(st.st_mode))
		return 0;
	return 1;
}

/* A detached header lies in a file, which is made, or on a device of its own. */
static int check_header(const struct hc_volume_create *create, const struct hc_device *data)
{
	char found[HC_DEVICE_FOUND];
	struct hc_device device;
	int r = check_header_file(create);

	if (r <= 0)
		return r;
	r = hc_device_look(create->header, &device);
	if (r < 0)
		return r;
	if (device.number == data->number)
		return hc_fail(HC_E_USAGE, "%s and %s are the same device; leave --header out",
			       create->header, create->device);
	if (device.readonly)
		return hc_fail(HC_E_DEVICE_UNFIT, "%s is read-only", create->header);
	if (device.bytes < HC_LUKS_HEADER_BYTES)
		return hc_fail(HC_E_DEVICE_SMALL, "%s has %llu bytes; a header takes %d",
			       create->header, (unsigned long long)device.bytes,
			       HC_LUKS_HEADER_BYTES);
	r = hc_device_check_unused(create->header, true);
	if (r == 0)
		r = check_empty(create->header, create->force, found);
	return r;
}

static int plan_device(const struct hc_volume_create *create, struct hc_volume_plan *plan)
{
	struct hc_device device;
	int r = hc_device_look(create->device, &device);

	if (r < 0)
		return r;
	if (device.readonly)
		return hc_fail(HC_E_DEVICE_UNFIT, "%s is read-only", create->device);
	plan->device_bytes = device.bytes;
	plan->data_offset = is_detached(create) ? 0 : HC_LUKS_HEADER_BYTES;
	if (device.bytes < plan->data_offset + DATA_BYTES_MIN)
		return hc_fail(HC_E_DEVICE_SMALL, "%s has %llu bytes; a volume takes at least %llu",
			       create->device, (unsigned long long)device.bytes,
			       (unsigned long long)(plan->data_offset + DATA_BYTES_MIN));
	plan->data_bytes = device.bytes - plan->data_offset;
	r = choose_sector_size(create, plan->data_bytes, &plan->sector_size);
	if (r == 0)
		r = hc_device_check_unused(create->device, true);
	if (r == 0)
		r = check_empty(create->device, create->force, plan->found);
	if (r == 0 && is_detached(create))
		r = check_header(create, &device);
	return r;
}

int hc_volume_plan(const struct hc_config *config, const struct hc_volume_create *create,
		   struct hc_volume_plan *ret_plan)
{
	const struct hc_provider_config *provider;
	struct hc_volume_plan plan = { 0 };
	int r;

	r = check_label(create->label);
	if (r == 0)
		r = hc_config_provider(config, create->provider, &provider);
	if (r == 0)
		r = plan_device(create, &plan);
	if (r < 0)
		return r;
	snprintf(plan.provider, sizeof(plan.provider), "%s", provider->name);
	hc_provider_endpoint(provider, plan.endpoint, sizeof(plan.endpoint));
	snprintf(plan.kek_id, sizeof(plan.kek_id), "%s", create->kek_id ? create->kek_id : "");
	*ret_plan = plan;
	return 0;
}

/* A random UUID (version 4) as text. */
static int random_uuid(char ret_text[HC_UUID_TEXT])
{
	HC_SECRET bytes = { 0 };
	int r = hc_secret_alloc(HOSTCRYPT_UUID_SIZE, &bytes);

	if (r == 0)
		r = hc_secret_random(&bytes);
	if (r < 0)
		return r;
	bytes.data[6] = (bytes.data[6] & 0x0f) | 0x40;
	bytes.data[8] = (bytes.data[8] & 0x3f) | 0x80;
	hc_uuid_format(bytes.data, ret_text);
	return 0;
}

static int make_dek(struct hc_secret *ret_dek)
{
	HC_SECRET dek = { 0 };
	int r = hc_secret_alloc(HOSTCRYPT_KEY_SIZE, &dek);

	if (r == 0)
		r = hc_secret_random(&dek);
	if (r < 0)
		return r;
	if (hc_secret_equal(dek.data, dek.data + HOSTCRYPT_KEY_SIZE / 2, HOSTCRYPT_KEY_SIZE / 2))
		return hc_fail(HC_E_INTERNAL, "the kernel's random numbers repeat");
	*ret_dek = dek;
	dek = (struct hc_secret){ 0 };
	return 0;
}

/* A new file's name lasts only once its folder is written. */
static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	HC_FD fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(copy);
	if (fd < 0 || fsync(fd) < 0)
		return hc_fail_errno(errno, "cannot write the folder of %s", path);
	return 0;
}

/* A new file for a detached header, or the one that may be overwritten. */
static int make_header_file(const struct hc_volume_create *create)
{
	HC_FD fd = -1;
	struct stat st;

	if (stat(create->header, &st) == 0 && S_ISBLK(st.st_mode))
		return hc_device_wipe(create->header, HC_LUKS_HEADER_BYTES);
	fd = open(create->header, O_RDWR | O_CREAT | O_CLOEXEC | (create->force ? O_TRUNC : 0),
		  0600);
	if (fd < 0 || ftruncate(fd, HC_LUKS_HEADER_BYTES) < 0 || fsync(fd) < 0)
		return hc_fail_errno(errno, "cannot make the header file %s", create->header);
	return sync_folder(create->header);
}

static void make_token(const struct hc_volume_plan *plan, const char *dek_uuid,
		       struct hc_token *ret_token)
{
	struct hc_token token = { .n_keks = 1 };
	struct tm utc;
	time_t now = time(NULL);

	memcpy(token.dek, dek_uuid, sizeof(token.dek));
	if (plan->data_offset)
		token.binding = (struct hc_binding){ HC_BINDING_BLOCK,
						     plan->data_offset - HC_BINDING_BLOCK_SIZE };
	else
		token.binding = (struct hc_binding){ HC_BINDING_SIZE, plan->data_bytes };
	memcpy(token.keks[0].provider, plan->provider, sizeof(plan->provider));
	memcpy(token.keks[0].kek, plan->kek_id, sizeof(plan->kek_id));
	gmtime_r(&now, &utc);
	strftime(token.keks[0].wrapped_at, sizeof(token.keks[0].wrapped_at), "%Y-%m-%dT%H:%M:%SZ",
		 &utc);
	*ret_token = token;
}

/* Keyslots, then the binding, then the token with its MAC: only a whole volume
 * has a token. */
static int write_header(const struct hc_volume_create *create, const struct hc_volume_plan *plan,
			const char *dek_uuid, const struct hc_secret *dek,
			const struct hc_secret *passphrase)
{
	const struct hc_luks_format format = {
		.header = header_path(create),
		.data = create->device,
		.uuid = plan->uuid,
		.label = create->label,
		.sector_size = plan->sector_size,
		.data_offset = plan->data_offset,
	};
	struct hc_header header;
	HC_JSON token = NULL;
	HC_LUKS cd = NULL;
	int r;

	r = hc_luks_format(&format, dek, &cd);
	if (r == 0)
		r = hc_luks_add_keyslot(cd, 0, dek, passphrase);
	if (r == 0 && create->recovery)
		r = hc_luks_add_keyslot(cd, 1, dek, create->recovery);
	if (r == 0)
		r = hc_header_read_fresh(cd, &header);
	if (r < 0)
		return r;
	make_token(plan, dek_uuid, &header.token);
	r = hc_binding_write(create->device, &header, dek);
	if (r == 0)
		r = hc_header_mac(&header, dek, header.token.mac);
	if (r == 0)
		r = hc_token_format(&header.token, &token);
	if (r == 0)
		r = hc_luks_set_token(cd, json_object_to_json_string(token));
	return r;
}

/* Read back what was written, as an open will. */
static int verify(const struct hc_volume_create *create, const struct hc_secret *passphrase)
{
	struct hc_header header;
	HC_SECRET dek = { 0 };
	HC_LUKS cd = NULL;
	int r;

	r = hc_luks_load(header_path(create), &cd);
	if (r == 0)
		r = hc_header_read(cd, &header);
	if (r == 0)
		r = hc_luks_open_keyslot(cd, 0, passphrase, &dek);
	if (r == 0)
		r = hc_header_verify(&header, &dek);
	if (r == 0)
		r = hc_binding_verify(create->device, &header, &dek);
	return r < 0 ? hc_context(r, "the new volume does not read back") : 0;
}

/* @ret_touched: there may be something of ours to remove after a failure. */
static int write_volume(const struct hc_volume_create *create, const struct hc_volume_plan *plan,
			const struct hc_secret *kek, bool *ret_touched)
{
	char dek_uuid[HC_UUID_TEXT];
	HC_SECRET passphrase = { 0 };
	HC_SECRET dek = { 0 };
	int r;

	r = make_dek(&dek);
	if (r == 0)
		r = random_uuid(dek_uuid);
	if (r == 0)
		r = hc_keyslot_passphrase(kek, plan->uuid, &passphrase);
	if (r == 0 && is_detached(create))
		r = make_header_file(create);
	if (r < 0)
		return r;
	*ret_touched = is_detached(create);
	r = hc_device_wipe(create->device, plan->data_offset);
	if (r == 0)
		*ret_touched = true;
	if (r == 0)
		r = write_header(create, plan, dek_uuid, &dek, &passphrase);
	if (r == 0)
		r = verify(create, &passphrase);
	return r;
}

/* Leave no half volume that looks like one; keep the sentence of the failure. */
static int remove_header(int failure, const struct hc_volume_create *create)
{
	const char *path = header_path(create);
	char why[1024];
	struct stat st;

	snprintf(why, sizeof(why), "%s", hc_error_message());
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		(void)unlink(path);
	else
		(void)hc_device_wipe(path, HC_LUKS_HEADER_BYTES);
	return hc_fail(failure, "%s", why);
}

/* After a failure: destroy the KEK that was made for nothing, and say so behind
 * the sentence of the failure. */
static int give_kek_back(int failure, struct hc_provider *provider,
			 const struct hc_volume_plan *plan)
{
	char why[1024];

	snprintf(why, sizeof(why), "%s", hc_error_message());
	if (hc_provider_destroy(provider, plan->kek_id) < 0)
		return hc_fail(failure,
			       "%s; the KEK %s made for it is left on %s, nothing depends on "
			       "it: destroy it there",
			       why, plan->kek_id, plan->endpoint);
	return hc_fail(failure, "%s; the KEK %s made for it was destroyed again", why,
		       plan->kek_id);
}

int hc_volume_create(const struct hc_config *config, const struct hc_volume_create *create,
		     struct hc_volume_plan *ret_done)
{
	const struct hc_provider_config *provider_config;
	HC_PROVIDER provider = NULL;
	struct hc_volume_plan plan;
	HC_SECRET kek = { 0 };
	bool touched = false;
	char label[64];
	int r;

	r = hc_volume_plan(config, create, &plan);
	if (r == 0)
		r = random_uuid(plan.uuid);
	if (r == 0)
		r = hc_config_provider(config, create->provider, &provider_config);
	if (r == 0)
		r = hc_provider_open(provider_config, &provider);
	if (r < 0)
		return r;
	snprintf(label, sizeof(label), "hostcrypt-%s", plan.uuid);
	if (!create->kek_id)
		r = hc_provider_create(provider, label, plan.kek_id);
	if (r < 0)
		return hc_context(r, "no KEK could be made");
	r = hc_provider_get(provider, plan.kek_id, true, &kek);
	if (r == 0)
		r = write_volume(create, &plan, &kek, &touched);
	if (r < 0 && touched)
		r = remove_header(r, create);
	if (r < 0)
		return create->kek_id ? r : give_kek_back(r, provider, &plan);
	*ret_done = plan;
	return 0;
}
