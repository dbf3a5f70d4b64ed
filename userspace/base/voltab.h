/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /etc/hostcrypt/volumes: which volumes the agent opens, one a line, no
 * secret in it:
 *
 *	# name   device                  provider  options
 *	vm1      /dev/vg0/vm1            main
 *	vm2      UUID=2f1c...            -         header=/dev/vg0/vm2-header,discard
 *
 * provider: whom to ask for the KEK; "-" takes what the volume's token names.
 * options, separated by commas: header=PATH, discard, noauto (the agent
 * leaves it alone), allow-slow-cipher; "-" or nothing for none.
 */
#ifndef HC_BASE_VOLTAB_H
#define HC_BASE_VOLTAB_H

#include <stdbool.h>
#include <stddef.h>

struct hc_voltab_entry {
	char *name;
	char *device;	/* a path, or UUID=... of the LUKS2 header */
	char *provider; /* NULL for "-" */
	char *header;	/* NULL when the header is on the device */
	bool discard;
	bool noauto;
	bool allow_slow_cipher;
	unsigned line;
};

struct hc_voltab {
	struct hc_voltab_entry *entries;
	size_t n_entries;
};

/*
 * Read @path; a missing file is an empty one. HC_E_CONFIG with file and line
 * for a bad name, a doubled name or device, a missing field, an unknown option.
 */
int hc_voltab_load(const char *path, struct hc_voltab *ret_table);
void hc_voltab_free(struct hc_voltab *table);
void hc_voltab_entry_free(struct hc_voltab_entry *entry);

/*
 * The same, but a bad line costs only itself: @on_bad hears its error (file,
 * line and what is wrong) and the rest is taken.
 */
typedef void (*hc_voltab_on_bad)(void *userdata, const char *message);
int hc_voltab_load_good(const char *path, hc_voltab_on_bad on_bad, void *userdata,
			struct hc_voltab *ret_table);

/* The entry called @name, or NULL. */
const struct hc_voltab_entry *hc_voltab_find(const struct hc_voltab *table, const char *name);

/* The block device an entry's device field means, in newly allocated memory:
 * "UUID=..." is looked up with libblkid. HC_E_DEVICE_MISSING. */
int hc_voltab_resolve(const char *device, char **ret_path);

/* Letters, digits, "-", "_", "."; not "." or "-" first; 1..48 long. */
bool hc_volume_name_valid(const char *name);

#define HC_VOLTAB __attribute__((cleanup(hc_voltab_free))) struct hc_voltab

#endif
