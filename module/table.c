// SPDX-License-Identifier: GPL-2.0
/*
 * The table line:
 *
 *	<start> <length> hostcrypt <key-uuid> <tweak_offset> <device> <offset>
 *		[<n> <option>...]
 *
 * Options: sector_size:<512|1024|2048|4096>, allow_discards,
 * allow_slow_cipher. Only the text is looked at here; whether the key and the
 * device exist is for the constructor to find out.
 */
#include <linux/blkdev.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/string.h>

#include "compat.h"
#include "table.h"

#define HC_TABLE_ARGS	4	/* before the options */
#define HC_UNIT_MAX	4096

/* Set *error and return -EINVAL: the idiom of a target's constructor. */
static int hc_refuse(char **error, char *why)
{
	*error = why;
	return -EINVAL;
}

static int hc_parse_key(struct hc_table *table, const char *arg, char **error)
{
	if (strlen(arg) != UUID_STRING_LEN || uuid_parse(arg, &table->key))
		return hc_refuse(error, "key: expected a UUID of 36 characters");
	if (uuid_is_null(&table->key))
		return hc_refuse(error, "key: the nil UUID names no key");
	return 0;
}

static int hc_parse_sector_size(struct hc_table *table, const char *arg, char **error)
{
	if (kstrtouint(arg, 10, &table->unit) || !is_power_of_2(table->unit) ||
	    table->unit < SECTOR_SIZE || table->unit > HC_UNIT_MAX)
		return hc_refuse(error, "sector_size: expected 512, 1024, 2048 or 4096");
	return 0;
}

static int hc_parse_flag(bool *flag, char **error)
{
	if (*flag)
		return hc_refuse(error, "an option is given twice");
	*flag = true;
	return 0;
}

static int hc_parse_option(struct hc_table *table, const char *arg, bool *sized, char **error)
{
	static const char sector_size[] = "sector_size:";

	if (!strncmp(arg, sector_size, strlen(sector_size)))
		return hc_parse_flag(sized, error) ?:
		       hc_parse_sector_size(table, arg + strlen(sector_size), error);
	if (!strcmp(arg, "allow_discards"))
		return hc_parse_flag(&table->allow_discards, error);
	if (!strcmp(arg, "allow_slow_cipher"))
		return hc_parse_flag(&table->allow_slow_cipher, error);
	return hc_refuse(error, "unknown option");
}

static int hc_parse_options(struct hc_table *table, unsigned int argc, char **argv, char **error)
{
	bool sized = false;
	unsigned int n, i;
	int err;

	if (!argc)
		return 0;
	if (kstrtouint(argv[0], 10, &n) || n != argc - 1)
		return hc_refuse(error, "the number of options does not match the options given");
	for (i = 1; i < argc; i++) {
		err = hc_parse_option(table, argv[i], &sized, error);
		if (err)
			return err;
	}
	return 0;
}

/* Everything must lie on data unit boundaries and nothing may wrap. */
static int hc_check_geometry(const struct hc_table *table, sector_t begin, sector_t len,
			     char **error)
{
	sector_t mask = (table->unit >> SECTOR_SHIFT) - 1;

	if (begin & mask)
		return hc_refuse(error, "start is not a multiple of sector_size");
	if (len & mask)
		return hc_refuse(error, "length is not a multiple of sector_size");
	if (table->tweak_offset & mask)
		return hc_refuse(error, "tweak_offset is not a multiple of sector_size");
	if (table->offset & mask)
		return hc_refuse(error, "offset is not a multiple of sector_size");
	if (table->tweak_offset + len < len)
		return hc_refuse(error, "tweak_offset: the tweak would wrap around");
	if (table->offset + len < len)
		return hc_refuse(error, "offset: the end lies beyond any device");
	return 0;
}

/**
 * hc_table_parse() - read the text of a table line
 * @table: where to
 * @begin: the line's first sector
 * @len: the line's length in sectors
 * @argc: number of arguments after the target's name
 * @argv: the arguments
 * @error: set to what is wrong, for dm_target.error, on failure
 *
 * Return: 0 or -EINVAL.
 */
int hc_table_parse(struct hc_table *table, sector_t begin, sector_t len,
		   unsigned int argc, char **argv, char **error)
{
	int err;

	memset(table, 0, sizeof(*table));
	table->unit = SECTOR_SIZE;
	if (argc < HC_TABLE_ARGS)
		return hc_refuse(error, "expected <key-uuid> <tweak_offset> <device> <offset>");

	err = hc_parse_key(table, argv[0], error);
	if (err)
		return err;
	if (kstrtou64(argv[1], 10, &table->tweak_offset))
		return hc_refuse(error, "tweak_offset: expected a number of sectors");
	table->device = argv[2];
	if (kstrtou64(argv[3], 10, &table->offset))
		return hc_refuse(error, "offset: expected a number of sectors");

	err = hc_parse_options(table, argc - HC_TABLE_ARGS, argv + HC_TABLE_ARGS, error);
	if (err)
		return err;
	return hc_check_geometry(table, begin, len, error);
}
EXPORT_SYMBOL_HC_KUNIT(hc_table_parse);
