// SPDX-License-Identifier: GPL-2.0
#include "volume/dm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <libdevmapper.h>

#include "base/error.h"
#include "base/json.h"
#include "volume/device.h"

#define TARGET "hostcrypt"
#define UUID_PREFIX "HOSTCRYPT-"
#define CONTROL "/dev/mapper/control"

#define TASK __attribute__((cleanup(freep))) struct dm_task *

/* What libdevmapper complained about last, for our sentence. */
static char said[256];

__attribute__((format(printf, 5, 6))) static void listen(int level, const char *file, int line,
							 int errnum, const char *format, ...)
{
	va_list args;

	(void)file;
	(void)line;
	(void)errnum;
	/* Its levels are those of syslog, with flags above. */
	if ((level & 7) > 3)
		return;
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

static void freep(struct dm_task **task)
{
	if (*task)
		dm_task_destroy(*task);
}

static int new_task(int type, const char *name, struct dm_task **ret_task)
{
	TASK task = NULL;

	dm_log_with_errno_init(listen);
	dm_set_name_mangling_mode(DM_STRING_MANGLING_NONE);
	said[0] = '\0';
	if (access(CONTROL, R_OK | W_OK) < 0 && errno == EACCES)
		return hc_fail(HC_E_PERMISSION, "not allowed to use device-mapper; run as root");
	task = dm_task_create(type);
	if (!task || (name && !dm_task_set_name(task, name)))
		return hc_fail(HC_E_SYSTEM, "device-mapper cannot be used: %s",
			       said[0] ? said : "out of memory");
	*ret_task = task;
	task = NULL;
	return 0;
}

/* 0 or the errno of the kernel. */
static int run(struct dm_task *task)
{
	if (dm_task_run(task))
		return 0;
	return dm_task_get_errno(task) ? dm_task_get_errno(task) : EIO;
}

void hc_dm_without_udev(void)
{
	dm_udev_set_sync_support(0);
}

/* As run(), for a task that makes or removes a device: until udev has made or
 * removed its node. Without udevd libdevmapper does that itself. */
static int run_and_settle(struct dm_task *task)
{
	uint32_t cookie = 0;
	int e;

	if (!dm_task_set_cookie(task, &cookie, 0))
		return EIO;
	e = run(task);
	dm_udev_wait(cookie);
	dm_task_update_nodes();
	return e;
}

int hc_dm_format(const struct hc_dm_table *table, char *ret_params, size_t size)
{
	int options =
		(table->sector_size != 512) + table->allow_discards + table->allow_slow_cipher;
	char sector_size[32] = "", count[16] = "";
	int n;

	if (table->sector_size != 512)
		snprintf(sector_size, sizeof(sector_size), " sector_size:%u", table->sector_size);
	if (options)
		snprintf(count, sizeof(count), " %d", options);
	n = snprintf(ret_params, size, "%s %llu %u:%u %llu%s%s%s%s", table->key_uuid,
		     (unsigned long long)table->tweak_offset, major(table->device),
		     minor(table->device), (unsigned long long)table->offset, count, sector_size,
		     table->allow_discards ? " allow_discards" : "",
		     table->allow_slow_cipher ? " allow_slow_cipher" : "");
	if (n < 0 || (size_t)n >= size)
		return hc_fail(HC_E_INTERNAL, "a table line does not fit");
	return 0;
}

bool hc_dm_parse_table(const char *params, struct hc_dm_table *ret_table)
{
	struct hc_dm_table table = { .sector_size = 512 };
	unsigned long long tweak, offset;
	char rest[256] = "", *word, *state = NULL;
	unsigned ma, mi;

	if (sscanf(params, "%36s %llu %u:%u %llu %255[^\n]", table.key_uuid, &tweak, &ma, &mi,
		   &offset, rest) < 5)
		return false;
	table.tweak_offset = tweak;
	table.device = makedev(ma, mi);
	table.offset = offset;
	for (word = strtok_r(rest, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		if (strncmp(word, "sector_size:", 12) == 0)
			table.sector_size = (unsigned)strtoul(word + 12, NULL, 10);
		else if (strcmp(word, "allow_discards") == 0)
			table.allow_discards = true;
		else if (strcmp(word, "allow_slow_cipher") == 0)
			table.allow_slow_cipher = true;
	}
	*ret_table = table;
	return true;
}

/* "key:value" words; those of a newer module are passed over. */
void hc_dm_parse_status(const char *params, struct hc_dm_status *status)
{
	const struct {
		const char *key;
		uint64_t *value;
	} numbers[] = {
		{ "reads", &status->reads },	   { "read_bytes", &status->read_bytes },
		{ "writes", &status->writes },	   { "written_bytes", &status->written_bytes },
		{ "deferred", &status->deferred }, { "errors", &status->errors },
	};
	char text[512], *word, *state = NULL;

	snprintf(text, sizeof(text), "%s", params);
	for (word = strtok_r(text, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		char *colon = strchr(word, ':');

		if (!colon)
			continue;
		*colon = '\0';
		if (strcmp(word, "cipher") == 0)
			snprintf(status->cipher_driver, sizeof(status->cipher_driver), "%s",
				 colon + 1);
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			if (strcmp(word, numbers[i].key) == 0)
				(void)hc_parse_u64(colon + 1, numbers[i].value);
	}
}

/* Why the kernel did not take a table. */
static int create_failed(int errnum, const char *name, const struct hc_dm_table *table)
{
	char path[128];

	hc_device_path(table->device, path, sizeof(path));
	switch (errnum) {
	case EBUSY:
		return hc_fail(HC_E_DEVICE_BUSY, "cannot open %s: %s is in use by another program",
			       name, path);
	case EEXIST:
		return hc_fail(HC_E_NAME_TAKEN, "there is a device-mapper device %s already", name);
	case ENOENT:
		return hc_fail(HC_E_CIPHER_SLOW,
			       "the kernel has no fast XTS-AES here; load the processor's module "
			       "(modprobe aesni_intel), or allow a slow one with "
			       "--allow-slow-cipher");
	case ENOKEY:
		return hc_fail(HC_E_KEY_NOT_LOADED, "key %s vanished while %s was being opened",
			       table->key_uuid, name);
	case EROFS:
	case EACCES:
		return hc_fail(HC_E_DEVICE_UNFIT, "%s is read-only; open it with --readonly", path);
	case EPERM:
		return hc_fail(HC_E_PERMISSION, "not allowed to use device-mapper; run as root");
	default:
		return hc_fail(HC_E_MODULE_REFUSED,
			       "dm-hostcrypt did not take %s on %s (%s); the kernel log says why",
			       name, path, strerror(errnum));
	}
}

/* A device without a table. */
static int create_empty(const char *name, const char *uuid, bool readonly,
			const struct hc_dm_table *table)
{
	TASK task = NULL;
	int r = new_task(DM_DEVICE_CREATE, name, &task);
	int e;

	if (r < 0)
		return r;
	if (!dm_task_set_uuid(task, uuid) || (readonly && !dm_task_set_ro(task)))
		return hc_fail(HC_E_SYSTEM, "libdevmapper did not take %s: %s", name, said);
	e = run(task);
	/* EBUSY means the name or the UUID here, and the device below later. */
	return e ? create_failed(e == EBUSY ? EEXIST : e, name, table) : 0;
}

static int load_table(const char *name, bool readonly, const struct hc_dm_table *table)
{
	TASK task = NULL;
	char params[512];
	int r, e;

	r = hc_dm_format(table, params, sizeof(params));
	if (r == 0)
		r = new_task(DM_DEVICE_RELOAD, name, &task);
	if (r < 0)
		return r;
	if ((readonly && !dm_task_set_ro(task)) ||
	    !dm_task_add_target(task, 0, table->length, TARGET, params))
		return hc_fail(HC_E_SYSTEM, "libdevmapper did not take a table: %s", said);
	e = run(task);
	return e ? create_failed(e, name, table) : 0;
}

static int resume(const char *name, const struct hc_dm_table *table)
{
	TASK task = NULL;
	int r = new_task(DM_DEVICE_RESUME, name, &task);
	int e;

	if (r < 0)
		return r;
	e = run_and_settle(task);
	return e ? create_failed(e, name, table) : 0;
}

/* In three steps: libdevmapper's one step does not tell why it failed. */
int hc_dm_create(const char *name, const char *luks_uuid, const struct hc_dm_table *table,
		 bool readonly)
{
	char uuid[HC_DM_NAME_MAX], why[1024];
	int r;

	snprintf(uuid, sizeof(uuid), UUID_PREFIX "%s-%.64s", luks_uuid, name);
	r = create_empty(name, uuid, readonly, table);
	if (r < 0)
		return r;
	r = load_table(name, readonly, table);
	if (r == 0)
		r = resume(name, table);
	if (r == 0)
		return 0;
	snprintf(why, sizeof(why), "%s", hc_error_message());
	(void)hc_dm_remove(name);
	return hc_fail(r, "%s", why);
}

/* Before device-mapper is loaded there is no device of it. */
static bool is_there(void)
{
	return access("/sys/class/misc/device-mapper", F_OK) == 0;
}

/* Query with a task of @type. 1 when the device is there, 0 when not. */
static int query(int type, const char *name, struct dm_task **ret_task, struct dm_info *ret_info)
{
	TASK task = NULL;
	int r, e;

	if (!is_there())
		return 0;
	r = new_task(type, name, &task);
	if (r < 0)
		return r;
	/* Counters of I/O that is under way need no flush. */
	if (type == DM_DEVICE_STATUS)
		(void)dm_task_no_flush(task);
	e = run(task);
	if (e == ENXIO)
		return 0;
	if (e == EACCES || e == EPERM)
		return hc_fail(HC_E_PERMISSION, "not allowed to use device-mapper; run as root");
	if (e || !dm_task_get_info(task, ret_info))
		return hc_fail(HC_E_SYSTEM, "device-mapper did not answer about %s: %s", name,
			       said[0] ? said : strerror(e));
	if (!ret_info->exists)
		return 0;
	*ret_task = task;
	task = NULL;
	return 1;
}

/* The LUKS UUID in a DM UUID of ours; false for somebody else's. */
static bool parse_dm_uuid(const char *uuid, char ret_luks_uuid[HC_UUID_TEXT])
{
	uint8_t bytes[HOSTCRYPT_UUID_SIZE];
	char text[HC_UUID_TEXT];

	if (!uuid || strncmp(uuid, UUID_PREFIX, strlen(UUID_PREFIX)) != 0)
		return false;
	snprintf(text, sizeof(text), "%s", uuid + strlen(UUID_PREFIX));
	if (hc_uuid_parse(text, bytes) < 0)
		return false;
	hc_uuid_format(bytes, ret_luks_uuid);
	return true;
}

static int not_open(const char *name)
{
	return hc_fail(HC_E_NOT_OPEN, "no volume %s is open; \"hostcrypt list\" shows what is",
		       name);
}

/* The first line of a table or status; "" for none or another target's. */
static const char *first_line(struct dm_task *task, uint64_t *ret_length)
{
	char *type = NULL, *params = NULL;
	uint64_t start = 0;

	(void)dm_get_next_target(task, NULL, &start, ret_length, &type, &params);
	return type && params && strcmp(type, TARGET) == 0 ? params : "";
}

int hc_dm_status(const char *name, struct hc_dm_status *ret_status)
{
	struct hc_dm_status status = { 0 };
	uint64_t length = 0, ignored;
	TASK task = NULL;
	TASK table = NULL;
	struct dm_info info;
	int r = query(DM_DEVICE_STATUS, name, &task, &info);

	if (r <= 0)
		return r < 0 ? r : not_open(name);
	if (!parse_dm_uuid(dm_task_get_uuid(task), status.luks_uuid))
		return hc_fail(HC_E_NAME_TAKEN,
			       "%s is a device-mapper device that hostcrypt did not "
			       "make; choose another name",
			       name);
	status.number = makedev(info.major, info.minor);
	status.suspended = info.suspended;
	status.readonly = info.read_only;
	status.open_count = info.open_count;
	if (info.live_table) {
		hc_dm_parse_status(first_line(task, &ignored), &status);
		r = query(DM_DEVICE_TABLE, name, &table, &info);
		if (r <= 0)
			return r < 0 ? r : not_open(name);
		status.active = hc_dm_parse_table(first_line(table, &length), &status.table);
		status.table.length = length;
	}
	*ret_status = status;
	return 0;
}

int hc_dm_remove(const char *name)
{
	TASK task = NULL;
	int r = new_task(DM_DEVICE_REMOVE, name, &task);
	int e;

	if (r < 0)
		return r;
	/* udev opens a device for a moment when it was closed after a write. */
	(void)dm_task_retry_remove(task);
	e = run_and_settle(task);
	if (e == ENXIO)
		return not_open(name);
	if (e == EBUSY)
		return hc_fail(HC_E_VOLUME_BUSY, "%s is in use", name);
	if (e)
		return hc_fail(HC_E_SYSTEM, "device-mapper did not remove %s: %s", name,
			       strerror(e));
	return 0;
}

static bool is_ours(const char *name)
{
	char luks_uuid[HC_UUID_TEXT];
	struct dm_info info;
	TASK task = NULL;

	return query(DM_DEVICE_INFO, name, &task, &info) > 0 &&
	       parse_dm_uuid(dm_task_get_uuid(task), luks_uuid);
}

int hc_dm_names(char (**ret_names)[HC_DM_NAME_MAX], size_t *ret_n)
{
	char(*names)[HC_DM_NAME_MAX] = NULL;
	struct dm_names *entry;
	TASK task = NULL;
	size_t n = 0, room = 0;
	int r, e;

	if (!is_there()) {
		*ret_names = NULL;
		*ret_n = 0;
		return 0;
	}
	r = new_task(DM_DEVICE_LIST, NULL, &task);
	if (r < 0)
		return r;
	e = run(task);
	if (e == EACCES || e == EPERM)
		return hc_fail(HC_E_PERMISSION, "not allowed to use device-mapper; run as root");
	entry = e ? NULL : dm_task_get_names(task);
	if (!entry)
		return hc_fail(HC_E_SYSTEM, "device-mapper did not list its devices: %s",
			       said[0] ? said : strerror(e));
	for (; entry->dev; entry = (void *)((char *)entry + entry->next)) {
		if (is_ours(entry->name)) {
			if (n == room) {
				void *more = realloc(names, (room + 16) * sizeof(*names));

				if (!more) {
					free(names);
					return hc_fail(HC_E_MEMORY, "out of memory");
				}
				names = more;
				room += 16;
			}
			snprintf(names[n++], HC_DM_NAME_MAX, "%s", entry->name);
		}
		if (!entry->next)
			break;
	}
	*ret_names = names;
	*ret_n = n;
	return 0;
}
