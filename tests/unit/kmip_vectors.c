// SPDX-License-Identifier: GPL-2.0
/*
 * Messages that nobody here wrote: whole ones of the OASIS use cases and of
 * real clients, each read and written again to the same bytes.
 */
#include "unit.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "hex.h"
#include "kmip/ttlv.h"
#include "recode.h"

static uint8_t data[16384], again[16384];

/* Bytes that come back the same. */
static bool same_again(size_t size)
{
	size_t written = 0;

	memset(again, 0xee, sizeof(again));
	return recode(data, size, again, &written) == 0 && written == size &&
	       memcmp(data, again, size) == 0;
}

/*
 * Each line of a table: file, line, label, hex. Returns how many; @check is
 * called with the label and the number of bytes, which are in data.
 */
static int for_each_line(const char *name, bool (*check)(const char *label, size_t size))
{
	char path[PATH_MAX], *line = NULL;
	const char *folder = unit_vectors();
	size_t room = 0;
	int lines = 0;
	FILE *file;

	if (!folder) {
		unit_skip("no folder of test data (HOSTCRYPT_VECTORS)");
		return -1;
	}
	snprintf(path, sizeof(path), "%s/kmip/hex/%s", folder, name);
	file = fopen(path, "r");
	if (!EXPECT(file))
		return 0;
	while (getline(&line, &room, file) > 0) {
		char *hex = strrchr(line, '\t');

		if (line[0] == '#' || !hex)
			continue;
		lines++;
		if (!EXPECT(check(line, unhex(hex + 1, data, sizeof(data)))))
			printf("  in %.*s\n", (int)(hex - line), line);
	}
	free(line);
	fclose(file);
	return lines;
}

/*
 * One fragment among the messages was made up to be odd: tags outside of both
 * ranges, and a text of control characters with a NUL. It is refused.
 */
static bool is_odd(const char *label)
{
	return strstr(label, "arbitrary_server_information");
}

static bool whole_message(const char *label, size_t size)
{
	struct hc_ttlv message;

	if (is_odd(label))
		return hc_ttlv_check(data, size, &message) == HC_E_KMIP_MALFORMED;
	return hc_ttlv_check(data, size, &message) == 0 && same_again(size);
}

static bool single_item(const char *label, size_t size)
{
	(void)label;
	return same_again(size);
}

/* A text whose length counts its padding in. */
static bool refused_for_a_nul(const char *label, size_t size)
{
	struct hc_ttlv message;

	(void)label;
	return hc_ttlv_check(data, size, &message) == HC_E_KMIP_MALFORMED &&
	       strstr(hc_error_message(), "NUL");
}

static void oasis_messages(void)
{
	int n = for_each_line("nlnetlabs-kmip-protocol.tsv", whole_message);

	EXPECT(n == -1 || n == 77);
}

static void oasis_examples(void)
{
	int n = for_each_line("oasis-spec-9.1.2-examples.tsv", single_item);

	EXPECT(n == -1 || n == 10);
}

static void message_of_a_shipped_product_is_refused(void)
{
	int n = for_each_line("real-world-malformed.tsv", refused_for_a_nul);

	EXPECT(n == -1 || n == 1);
}

static bool read_hex_file(const char *folder, const char *name)
{
	static char text[sizeof(data) * 2 + 1];
	char path[PATH_MAX];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "%s/kmip/hex/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return whole_message(name, unhex(text, data, sizeof(data)));
}

static void additional_encodings(void)
{
	char path[PATH_MAX];
	const char *folder = unit_vectors();
	struct dirent *entry;
	int files = 0;
	DIR *dir;

	if (!folder) {
		unit_skip("no folder of test data (HOSTCRYPT_VECTORS)");
		return;
	}
	snprintf(path, sizeof(path), "%s/kmip/hex", folder);
	dir = opendir(path);
	if (!EXPECT(dir))
		return;
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (length < 4 || strcmp(entry->d_name + length - 4, ".hex") != 0)
			continue;
		files++;
		if (!EXPECT(read_hex_file(folder, entry->d_name)))
			printf("  in %s\n", entry->d_name);
	}
	closedir(dir);
	EXPECT(files == 36);
}

int main(void)
{
	RUN(oasis_messages);
	RUN(oasis_examples);
	RUN(message_of_a_shipped_product_is_refused);
	RUN(additional_encodings);
	return unit_result();
}
