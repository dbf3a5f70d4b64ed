// SPDX-License-Identifier: GPL-2.0
/* The table of volumes: what is taken, and each error with its line. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/voltab.h"

#define UUID "2f1c5a60-0b1d-4c7e-9a3f-6d2e8b904c11"

static char path[] = "/tmp/hostcrypt-voltab-XXXXXX";

static bool store(const char *text, size_t size)
{
	FILE *file = fopen(path, "we");

	return file && fwrite(text, 1, size, file) == size && fclose(file) == 0;
}

static int load(const char *text, struct hc_voltab *ret_table)
{
	return store(text, strlen(text)) ? hc_voltab_load(path, ret_table) : 1;
}

/* @text is refused with a message that starts with file and @line and has @words. */
static bool refused(const char *text, unsigned line, const char *words)
{
	struct hc_voltab table = { .n_entries = 77 };
	char where[64];
	int r = load(text, &table);

	snprintf(where, sizeof(where), "%s:%u: ", path, line);
	if (r == HC_E_CONFIG && strncmp(hc_error_message(), where, strlen(where)) == 0 &&
	    strstr(hc_error_message(), words) && table.n_entries == 77)
		return true;
	printf("code %d, \"%s\"\n", r, r < 0 ? hc_error_message() : "");
	if (r == 0)
		hc_voltab_free(&table);
	return false;
}

static void full_file(void)
{
	HC_VOLTAB table = { 0 };
	const struct hc_voltab_entry *e;

	if (!EXPECT(load("# a comment\n\n"
			 "vm1 /dev/vg0/vm1 main\n"
			 "  vm2\tUUID=" UUID "  -  header=/dev/vg0/h,discard,noauto\r\n"
			 "_x.y-z /dev/x\n"
			 "vm4 /dev/y main allow-slow-cipher\n"
			 "vm5 /dev/z - -",
			 &table) == 0))
		return;
	EXPECT(table.n_entries == 5);
	e = hc_voltab_find(&table, "vm1");
	if (!EXPECT(e))
		return;
	EXPECT(strcmp(e->device, "/dev/vg0/vm1") == 0 && strcmp(e->provider, "main") == 0);
	EXPECT(!e->header && !e->discard && !e->noauto && !e->allow_slow_cipher && e->line == 3);
	e = hc_voltab_find(&table, "vm2");
	if (!EXPECT(e))
		return;
	EXPECT(strcmp(e->device, "UUID=" UUID) == 0 && !e->provider && e->line == 4);
	EXPECT(strcmp(e->header, "/dev/vg0/h") == 0 && e->discard && e->noauto);
	e = hc_voltab_find(&table, "vm4");
	EXPECT(e && e->allow_slow_cipher);
	e = hc_voltab_find(&table, "vm5");
	EXPECT(e && !e->provider && e->line == 7);
	EXPECT(hc_voltab_find(&table, "_x.y-z") && !hc_voltab_find(&table, "vm"));
}

static void missing_file_is_empty(void)
{
	HC_VOLTAB table = { .n_entries = 3 };

	unlink(path);
	EXPECT(hc_voltab_load(path, &table) == 0 && table.n_entries == 0);
}

static void bad_lines(void)
{
	EXPECT(refused("\nvm/1 /dev/a\n", 2, "\"vm/1\" is no name"));
	EXPECT(refused(".vm /dev/a\n", 1, "is no name"));
	EXPECT(refused("-vm /dev/a\n", 1, "is no name"));
	EXPECT(refused("vm1\n", 1, "has no device"));
	EXPECT(refused("vm1 sda\n", 1, "\"sda\" is no device"));
	EXPECT(refused("vm1 UUID=abc\n", 1, "is no device"));
	EXPECT(refused("vm1 UUID=" UUID "0\n", 1, "is no device"));
	EXPECT(refused("vm1 UUID=2f1c5a60_0b1d-4c7e-9a3f-6d2e8b904c11\n", 1, "is no device"));
	EXPECT(refused("vm1 /dev/a ma/in\n", 1, "no name of a provider"));
	EXPECT(refused("vm1 /dev/a - discard noauto\n", 1, "\"noauto\" is a field too many"));
	EXPECT(refused("vm1 /dev/a -\nvm1 /dev/b\n", 2,
		       "a second volume \"vm1\" (first in line 1)"));
	EXPECT(refused("vm1 /dev/a -\nvm2 /dev/a\n", 2,
		       "/dev/a is already volume \"vm1\" (line 1)"));
}

static void bad_options(void)
{
	EXPECT(refused("vm1 /dev/a - readonly\n", 1, "unknown option \"readonly\""));
	EXPECT(refused("vm1 /dev/a - discard,\n", 1, "unknown option \"\""));
	EXPECT(refused("vm1 /dev/a - discard,discard\n", 1, "given twice"));
	EXPECT(refused("vm1 /dev/a - header=h\n", 1, "no absolute path"));
	EXPECT(refused("vm1 /dev/a - header=\n", 1, "no absolute path"));
	EXPECT(refused("vm1 /dev/a - header=/h,header=/h\n", 1, "given twice"));
	EXPECT(refused("vm1 /dev/a - discard=yes\n", 1, "unknown option \"discard=yes\""));
}

static void odd_bytes(void)
{
	static const char with_nul[] = "vm1 /dev/a\0evil -\n";
	struct hc_voltab table;
	char text[9000];

	EXPECT(store(with_nul, sizeof(with_nul) - 1));
	EXPECT(hc_voltab_load(path, &table) == HC_E_CONFIG &&
	       strstr(hc_error_message(), ":1: the line holds a NUL"));
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	EXPECT(refused(text, 1, "longer than"));
}

static void unreadable_file(void)
{
	struct hc_voltab table;

	EXPECT(hc_voltab_load("/tmp", &table) == HC_E_CONFIG);
	EXPECT(strstr(hc_error_message(), "/tmp: ") != NULL);
}

static void count_bad(void *userdata, const char *message)
{
	unsigned *count = userdata;

	*count += strstr(message, ":2: ") || strstr(message, ":4: ");
}

static void bad_line_costs_only_itself(void)
{
	HC_VOLTAB table = { 0 };
	static const char text[] = "vm1 /dev/a\nvm2\nvm3 /dev/c\nvm1 /dev/d\nvm4 /dev/e\n";
	unsigned bad = 0;

	EXPECT(store(text, strlen(text)));
	EXPECT(hc_voltab_load_good(path, count_bad, &bad, &table) == 0);
	EXPECT(bad == 2 && table.n_entries == 3);
	EXPECT(hc_voltab_find(&table, "vm4") && strcmp(table.entries[0].device, "/dev/a") == 0);
}

static void names(void)
{
	EXPECT(hc_volume_name_valid("a") && hc_volume_name_valid("0-_.A"));
	EXPECT(hc_volume_name_valid("123456789012345678901234567890123456789012345678"));
	EXPECT(!hc_volume_name_valid("1234567890123456789012345678901234567890123456789"));
	EXPECT(!hc_volume_name_valid("") && !hc_volume_name_valid("..") &&
	       !hc_volume_name_valid("a b") && !hc_volume_name_valid("\xc3\xa4"));
}

static void resolve(void)
{
	char *device = NULL;

	EXPECT(hc_voltab_resolve("/dev/null", &device) == 0 && strcmp(device, "/dev/null") == 0);
	free(device);
	device = NULL;
	EXPECT(hc_voltab_resolve("/dev/hostcrypt-no-such", &device) == HC_E_DEVICE_MISSING);
	EXPECT(strstr(hc_error_message(), "/dev/hostcrypt-no-such") && !device);
	EXPECT(hc_voltab_resolve("UUID=" UUID, &device) == HC_E_DEVICE_MISSING);
	EXPECT(strstr(hc_error_message(), UUID) && !device);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	RUN(full_file);
	RUN(missing_file_is_empty);
	RUN(bad_lines);
	RUN(bad_options);
	RUN(odd_bytes);
	RUN(unreadable_file);
	RUN(bad_line_costs_only_itself);
	RUN(names);
	RUN(resolve);
	unlink(path);
	return unit_result();
}
