// SPDX-License-Identifier: GPL-2.0
/*
 * Keys and volumes that come and go until the machine ends:
 *
 *	hc-churn FROM COUNT SEED DEVICE
 *
 * loads the keys FROM to FROM+COUNT-1 that hc-volumes makes of SEED, makes volumes
 * c<N> of DEVICE with them, removes and drops them, again and again.
 *
 * The keys are in one page of this program's, that begins with "churn user page",
 * so that who looks through the memory can tell it from the kernel's.
 */
#include <libdevmapper.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernel/control.h"

enum { PAGE = 4096, TAG = 16, MOST = (PAGE - TAG) / HOSTCRYPT_KEY_SIZE, SECTORS = 128 };

static uint8_t page[PAGE] __attribute__((aligned(PAGE)));

static _Noreturn void die(const char *what)
{
	printf("hc-churn: %s: %s\n", what, hc_error_message());
	exit(1);
}

static void key_name(unsigned int n, char name[HC_UUID_TEXT])
{
	snprintf(name, HC_UUID_TEXT, "7a1b1c1e-0000-4000-8000-%012x", n);
}

/* Put together here, so that the program's file has it in no place. */
static void tag_page(void)
{
	static const char parts[] = "chu" "\0" "rn user page ";

	memcpy(page, parts, 3);
	memcpy(page + 3, parts + 4, TAG - 3);
}

static uint8_t *key_at(unsigned int i)
{
	return page + TAG + i * HOSTCRYPT_KEY_SIZE;
}

static void make_keys(unsigned int from, unsigned int count, const char *seed)
{
	HC_SECRET root = { 0 };

	if (hc_secret_alloc(strlen(seed), &root) < 0)
		die("seed");
	memcpy(root.data, seed, root.size);
	for (unsigned int i = 0; i < count; i++) {
		HC_SECRET key = { 0 };
		char name[HC_UUID_TEXT];

		key_name(from + i, name);
		if (hc_secret_hkdf(&root, "hc-volumes", name, HOSTCRYPT_KEY_SIZE, &key) < 0)
			die("key");
		memcpy(key_at(i), key.data, key.size);
	}
}

static void volume(struct dm_task *task, unsigned int n, const char *table)
{
	char name[16];

	snprintf(name, sizeof(name), "c%u", n);
	if (!task || !dm_task_set_name(task, name) ||
	    (table && !dm_task_add_target(task, 0, SECTORS, "hostcrypt", table)) ||
	    !dm_task_run(task))
		die(name);
	dm_task_destroy(task);
}

static void churn(int fd, unsigned int n, uint8_t *key, const char *device)
{
	const struct hc_secret dek = { .data = key, .size = HOSTCRYPT_KEY_SIZE };
	char name[HC_UUID_TEXT], table[256];

	key_name(n, name);
	snprintf(table, sizeof(table), "%s 0 %s 0", name, device);
	if (hc_control_load(fd, name, &dek) < 0)
		die("load");
	volume(dm_task_create(DM_DEVICE_CREATE), n, table);
	volume(dm_task_create(DM_DEVICE_REMOVE), n, NULL);
	if (hc_control_drop(fd, name) < 0)
		die("drop");
}

int main(int argc, char **argv)
{
	unsigned int from, count;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "usage: hc-churn FROM COUNT SEED DEVICE\n");
		return 2;
	}
	from = (unsigned int)strtoul(argv[1], NULL, 0);
	count = (unsigned int)strtoul(argv[2], NULL, 0);
	if (!count || count > MOST || hc_process_harden() < 0)
		die("start");
	fd = hc_control_open();
	if (fd < 0)
		die("start");
	dm_udev_set_sync_support(0);
	tag_page();
	make_keys(from, count, argv[3]);
	for (unsigned int i = 0;; i = (i + 1) % count)
		churn(fd, from + i, key_at(i), argv[4]);
}
