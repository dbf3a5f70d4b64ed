// SPDX-License-Identifier: GPL-2.0
#include "volume/volume.h"

#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "volume/device.h"
#include "volume/dm.h"

/* Refuse while somebody uses it. udev may look at it for a moment. */
static int check_idle(const char *name, struct hc_dm_status *status)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	char users[HC_DEVICE_USERS];
	int r;

	for (int i = 0; i < 10; i++) {
		r = hc_dm_status(name, status);
		if (r < 0 || status->open_count == 0)
			return r;
		hc_device_users(status->number, false, users, sizeof(users));
		if (users[0])
			break;
		nanosleep(&pause, NULL);
	}
	hc_device_users(status->number, true, users, sizeof(users));
	return hc_fail(HC_E_VOLUME_BUSY, "volume %s is in use%s%s; stop what uses it first", name,
		       users[0] ? ": " : "", users);
}

/* Another volume may use the same key, and an administrator may have dropped
 * it: neither is a failure of this close. */
static int drop_key(int control, const char *uuid)
{
	int r = hc_control_drop(control, uuid);

	return r == HC_E_KEY_BUSY || r == HC_E_KEY_NOT_LOADED ? 0 : r;
}

/* Under the lock, so that no open comes between the device and its key. */
static int remove_and_drop(int control, const char *name, const struct hc_dm_status *status)
{
	int r = control < 0 ? 0 : hc_control_lock(control);

	if (r == 0)
		r = hc_dm_remove(name);
	if (r < 0 || !status->active)
		return r;
	/* Without a module that fits, the device goes all the same. */
	r = control < 0 ? control : drop_key(control, status->table.key_uuid);
	return r < 0 ? hc_context(r, "%s is closed, but its key %s may still be loaded", name,
				  status->table.key_uuid)
		     : 0;
}

int hc_volume_close(const char *name)
{
	struct hc_dm_status status;
	HC_FD control = -1;
	int r = check_idle(name, &status);

	if (r == HC_E_NAME_TAKEN)
		return hc_fail(HC_E_NOT_OPEN,
			       "%s is a device-mapper device that hostcrypt did not "
			       "make; it is left alone",
			       name);
	if (r < 0)
		return r;
	control = hc_control_open();
	return remove_and_drop(control, name, &status);
}
