// SPDX-License-Identifier: GPL-2.0
#include "volume/luks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "uapi/hostcrypt.h"

/* PBKDF2's smallest count in LUKS2. */
#define ITERATIONS 1000

static const struct crypt_pbkdf_type pbkdf = {
	.type = CRYPT_KDF_PBKDF2,
	.hash = "sha256",
	.iterations = ITERATIONS,
	.flags = CRYPT_PBKDF_NO_BENCHMARK,
};

/* What libcryptsetup said last, for our sentence. */
static char said[256];

static void listen(int level, const char *message, void *user)
{
	size_t n;

	(void)user;
	if (level != CRYPT_LOG_ERROR)
		return;
	snprintf(said, sizeof(said), "%s", message);
	/* Its sentences end with a full stop, ours go on. */
	n = strcspn(said, "\n");
	said[n > 0 && said[n - 1] == '.' ? n - 1 : n] = '\0';
}

static void prepare(void)
{
	said[0] = '\0';
	crypt_set_log_callback(NULL, listen, NULL);
	crypt_token_external_disable();
}

/* ": what libcryptsetup said", or the text of its error number. */
static const char *reason(int r)
{
	return said[0] ? said : strerror(-r);
}

static int init(const char *header, const char *data, struct crypt_device **ret_cd)
{
	int r;

	prepare();
	r = data && strcmp(header, data) != 0 ? crypt_init_data_device(ret_cd, header, data)
					      : crypt_init(ret_cd, header);
	if (r == -ENOENT || r == -ENOTBLK || r == -ENXIO)
		return hc_fail(HC_E_DEVICE_MISSING, "%s cannot be used (%s)", header, reason(r));
	if (r == -EACCES || r == -EPERM)
		return hc_fail(HC_E_PERMISSION, "not allowed to open %s; run as root", header);
	if (r < 0)
		return hc_fail(HC_E_SYSTEM, "libcryptsetup cannot use %s: %s", header, reason(r));
	crypt_set_log_callback(*ret_cd, listen, NULL);
	/* The DEK is ours to hand to the module; no copy for the user's keyring. */
	crypt_volume_key_keyring(*ret_cd, 0);
	return 0;
}

int hc_luks_load(const char *header, struct crypt_device **ret_cd)
{
	HC_LUKS cd = NULL;
	int r = init(header, NULL, &cd);

	if (r < 0)
		return r;
	r = crypt_load(cd, CRYPT_LUKS2, NULL);
	if (r == -EINVAL || r == -ENOENT)
		return hc_fail(
			HC_E_NOT_A_VOLUME,
			"%s carries no LUKS2 header; make a volume with \"hostcrypt create\", "
			"or name the device of its header",
			header);
	if (r < 0)
		return hc_fail(HC_E_SYSTEM, "cannot read the LUKS2 header of %s: %s", header,
			       reason(r));
	*ret_cd = cd;
	cd = NULL;
	return 0;
}

int hc_luks_format(const struct hc_luks_format *format, const struct hc_secret *dek,
		   struct crypt_device **ret_cd)
{
	struct crypt_params_luks2 params = {
		.pbkdf = &pbkdf,
		.sector_size = format->sector_size,
		.label = format->label,
		.data_device = strcmp(format->header, format->data) != 0 ? format->data : NULL,
	};
	HC_LUKS cd = NULL;
	int r = init(format->header, NULL, &cd);

	if (r < 0)
		return r;
	r = crypt_set_metadata_size(cd, HC_LUKS_METADATA_BYTES, HC_LUKS_KEYSLOTS_BYTES);
	if (r == 0)
		r = crypt_set_data_offset(cd, format->data_offset / 512);
	if (r == 0)
		r = crypt_format(cd, CRYPT_LUKS2, HC_LUKS_CIPHER, HC_LUKS_MODE, format->uuid,
				 (const char *)dek->data, dek->size, &params);
	if (r == -EBUSY)
		return hc_fail(HC_E_DEVICE_BUSY, "%s is in use", format->header);
	if (r < 0)
		return hc_fail(HC_E_SYSTEM, "cannot write a LUKS2 header to %s: %s", format->header,
			       reason(r));
	*ret_cd = cd;
	cd = NULL;
	return 0;
}

int hc_luks_add_keyslot(struct crypt_device *cd, int keyslot, const struct hc_secret *dek,
			const struct hc_secret *passphrase)
{
	int r;

	said[0] = '\0';
	r = crypt_set_pbkdf_type(cd, &pbkdf);
	if (r == 0)
		r = crypt_keyslot_add_by_key(cd, keyslot, (const char *)dek->data, dek->size,
					     (const char *)passphrase->data, passphrase->size, 0);
	if (r < 0)
		return hc_fail(HC_E_SYSTEM, "cannot write keyslot %d of %s: %s", keyslot,
			       crypt_get_metadata_device_name(cd)
				       ? crypt_get_metadata_device_name(cd)
				       : crypt_get_device_name(cd),
			       reason(r));
	return 0;
}

int hc_luks_open_keyslot(struct crypt_device *cd, int keyslot, const struct hc_secret *passphrase,
			 struct hc_secret *ret_dek)
{
	HC_SECRET dek = { 0 };
	size_t size = HOSTCRYPT_KEY_SIZE;
	int r = hc_secret_alloc(size, &dek);

	if (r < 0)
		return r;
	said[0] = '\0';
	r = crypt_volume_key_get(cd, keyslot, (char *)dek.data, &size,
				 (const char *)passphrase->data, passphrase->size);
	if (r < 0)
		return hc_fail(
			HC_E_HEADER_KEYSLOT,
			"the KEK does not open keyslot %d (%s); the token names another KEK, "
			"or the keyslot is damaged: restore the header from a backup",
			keyslot, reason(r));
	if (size != HOSTCRYPT_KEY_SIZE)
		return hc_fail(HC_E_HEADER_CIPHER, "keyslot %d holds a key of %zu bytes, not %d",
			       keyslot, size, HOSTCRYPT_KEY_SIZE);
	*ret_dek = dek;
	dek = (struct hc_secret){ 0 };
	return 0;
}

int hc_luks_set_token(struct crypt_device *cd, const char *json)
{
	int r;

	said[0] = '\0';
	r = crypt_token_json_set(cd, 0, json);
	if (r < 0)
		return hc_fail(HC_E_SYSTEM, "cannot write the hostcrypt token: %s", reason(r));
	return 0;
}
