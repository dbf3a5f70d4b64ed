/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_TABLE_H
#define HC_TABLE_H

#include <linux/types.h>
#include <linux/uuid.h>

/* Version of the table line, reported by HOSTCRYPT_IOC_VERSION and dmsetup. */
#define HC_TABLE_MAJOR	1
#define HC_TABLE_MINOR	0

/**
 * struct hc_table - a table line, parsed
 * @key: name of the DEK
 * @tweak_offset: tweak of the line's first sector, in 512-byte sectors
 * @device: path or MAJOR:MINOR of the device below; points into the arguments
 * @offset: where the data starts on @device, in 512-byte sectors
 * @unit: bytes that are encrypted as one data unit
 * @allow_discards: pass discards down
 * @allow_slow_cipher: a generic C cipher will do
 */
struct hc_table {
	uuid_t key;
	u64 tweak_offset;
	const char *device;
	sector_t offset;
	unsigned int unit;
	bool allow_discards;
	bool allow_slow_cipher;
};

int hc_table_parse(struct hc_table *table, sector_t begin, sector_t len,
		   unsigned int argc, char **argv, char **error);

#endif
