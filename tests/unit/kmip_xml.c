// SPDX-License-Identifier: GPL-2.0
/*
 * The OASIS test cases, which are XML: each message is turned into TTLV with
 * the product's writer and, with its reader, back into what the XML says.
 * The converter itself is checked with the messages that come as both.
 */
#include "unit.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "hex.h"
#include "kmip/ttlv.h"
#include "kmip_names.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define NOW 1700000000 /* for $NOW */
#define MESSAGE_MAX (64 * 1024)

static uint8_t message[MESSAGE_MAX];
static char said[4 * MESSAGE_MAX];	/* what the XML says, a line an item */
static char read_back[4 * MESSAGE_MAX];	/* the same out of the TTLV */

/* Enumerations, masks and tags by name and number. */

static uint32_t tag_of(const char *name)
{
	for (size_t i = 0; i < N(tag_names); i++)
		if (strcmp(tag_names[i].name, name) == 0)
			return tag_names[i].tag;
	return 0;
}

static const char *name_of_tag(uint32_t tag)
{
	for (size_t i = 0; i < N(tag_names); i++)
		if (tag_names[i].tag == tag)
			return tag_names[i].name;
	return NULL;
}

static bool value_of(const char *of, const char *name, uint32_t *ret)
{
	for (size_t i = 0; i < N(value_names); i++)
		if (strcmp(value_names[i].of, of) == 0 && strcmp(value_names[i].name, name) == 0) {
			*ret = value_names[i].value;
			return true;
		}
	return false;
}

static const char *name_of_value(const char *of, uint32_t value)
{
	for (size_t i = 0; i < N(value_names); i++)
		if (strcmp(value_names[i].of, of) == 0 && value_names[i].value == value)
			return value_names[i].name;
	return NULL;
}

static uint32_t bit_of(const char *of, const char *name)
{
	for (size_t i = 0; i < N(bit_names); i++)
		if (strcmp(bit_names[i].of, of) == 0 && strcmp(bit_names[i].name, name) == 0)
			return bit_names[i].bit;
	return 0;
}

static const char *const type_names[] = {
	[HC_TTLV_STRUCTURE] = "Structure", [HC_TTLV_INTEGER] = "Integer",
	[HC_TTLV_LONG] = "LongInteger",	   [HC_TTLV_BIG] = "BigInteger",
	[HC_TTLV_ENUM] = "Enumeration",	   [HC_TTLV_BOOLEAN] = "Boolean",
	[HC_TTLV_TEXT] = "TextString",	   [HC_TTLV_BYTES] = "ByteString",
	[HC_TTLV_DATE] = "DateTime",	   [HC_TTLV_INTERVAL] = "Interval",
};

static enum hc_ttlv_type type_of(const char *name)
{
	for (size_t i = 1; i < N(type_names); i++)
		if (strcmp(type_names[i], name) == 0)
			return (enum hc_ttlv_type)i;
	return HC_TTLV_ANY;
}

/* Lines of text, appended to. */
static void say(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char *out, const char *format, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + used, sizeof(said) - used, format, args);
	va_end(args);
}

static void say_mask(char *out, const char *of, uint32_t mask)
{
	const char *separator = "";

	for (size_t i = 0; i < N(bit_names); i++)
		if (strcmp(bit_names[i].of, of) == 0 && mask & bit_names[i].bit) {
			say(out, "%s%s", separator, bit_names[i].name);
			separator = " ";
			mask &= ~bit_names[i].bit;
		}
	if (mask)
		say(out, "%s%#x", separator, mask);
}

static void say_date(char *out, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[40];

	gmtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &tm);
	say(out, "%s", text);
}

static bool is_mask(const char *of)
{
	for (size_t i = 0; i < N(bit_names); i++)
		if (strcmp(bit_names[i].of, of) == 0)
			return true;
	return false;
}

/* Out of XML. */

struct element {
	char name[64], tag[16], type[16];
	char value[16384];
	bool closes, empty; /* </x>, <x/> */
};

/* The attribute @name of the element text, or "". */
static void attribute(const char *text, const char *name, char *out, size_t size)
{
	char key[32];
	const char *at, *end;

	out[0] = '\0';
	snprintf(key, sizeof(key), " %s=\"", name);
	at = strstr(text, key);
	if (!at)
		return;
	at += strlen(key);
	end = strchr(at, '"');
	if (end && EXPECT((size_t)(end - at) < size))
		snprintf(out, size, "%.*s", (int)(end - at), at);
}

/* The next element at or behind @xml; where it ends, or NULL. */
static const char *next_element(const char *xml, struct element *element)
{
	static char text[32768];
	const char *end = NULL;

	while ((xml = strchr(xml, '<'))) {
		if (strncmp(xml, "<!--", 4) == 0) {
			end = strstr(xml, "-->");
		} else {
			end = strchr(xml, '>');
			if (xml[1] != '?' && xml[1] != '!')
				break;
		}
		if (!end)
			return NULL;
		xml = end;
	}
	if (!xml || !end || !EXPECT((size_t)(end - xml) < sizeof(text)))
		return NULL;
	snprintf(text, sizeof(text), "%.*s", (int)(end - xml), xml + 1);
	text[end - xml - 1] = '\0';
	element->closes = text[0] == '/';
	element->empty = end[-1] == '/';
	snprintf(element->name, sizeof(element->name), "%.*s",
		 (int)strcspn(text + element->closes, " /\n\t"), text + element->closes);
	attribute(text, "type", element->type, sizeof(element->type));
	attribute(text, "tag", element->tag, sizeof(element->tag));
	attribute(text, "value", element->value, sizeof(element->value));
	return end + 1;
}

/* Into TTLV. */

static void put_number(struct hc_ttlv_writer *w, uint32_t tag, enum hc_ttlv_type type,
		       uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	hc_ttlv_put(w, tag, type, bytes, size);
}

static uint32_t mask_of(const char *of, char *names)
{
	uint32_t mask = 0;
	char *save = NULL;

	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		if (!EXPECT(bit_of(of, name) != 0))
			printf("  no bit %s of %s\n", name, of);
		mask |= bit_of(of, name);
	}
	return mask;
}

static void put_integer(struct hc_ttlv_writer *w, uint32_t tag, const char *of, char *value)
{
	uint32_t mask;

	if (isdigit((unsigned char)value[0]) || value[0] == '-') {
		if (is_mask(of))
			say_mask(said, of, (uint32_t)atol(value));
		else
			say(said, "%s", value);
		put_number(w, tag, HC_TTLV_INTEGER, (uint64_t)atol(value), 4);
		return;
	}
	mask = mask_of(of, value);
	say_mask(said, of, mask);
	put_number(w, tag, HC_TTLV_INTEGER, mask, 4);
}

static void put_enum(struct hc_ttlv_writer *w, uint32_t tag, const char *of, const char *value)
{
	uint32_t number = 0;

	if (strncmp(value, "0x", 2) == 0)
		number = (uint32_t)strtoul(value, NULL, 16);
	else if (!EXPECT(value_of(of, value, &number)))
		printf("  no %s of %s\n", value, of);
	say(said, "%s", value);
	put_number(w, tag, HC_TTLV_ENUM, number, 4);
}

static void put_date(struct hc_ttlv_writer *w, uint32_t tag, const char *value)
{
	struct tm tm = { 0 };
	const char *zone;
	int64_t when;

	if (strncmp(value, "$NOW", 4) == 0) {
		when = NOW + atol(value + 4);
		say_date(said, when);
	} else {
		zone = strptime(value, "%Y-%m-%dT%H:%M:%S", &tm);
		if (!EXPECT(zone && (strcmp(zone, "+00:00") == 0 || strcmp(zone, "Z") == 0)))
			printf("  date %s\n", value);
		when = timegm(&tm);
		say(said, "%.19s+00:00", value);
	}
	put_number(w, tag, HC_TTLV_DATE, (uint64_t)when, 8);
}

static void put_bytes(struct hc_ttlv_writer *w, uint32_t tag, enum hc_ttlv_type type, char *value)
{
	uint8_t bytes[8192];
	size_t size;

	/* A placeholder stands for bytes that a server would make. */
	if (value[0] == '$')
		strcpy(value, "00112233445566778899aabbccddeeff");
	size = unhex(value, bytes, sizeof(bytes));
	EXPECT(size * 2 == strlen(value));
	for (char *c = value; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	say(said, "%s", value);
	hc_ttlv_put(w, tag, type, bytes, size);
}

static void put_boolean(struct hc_ttlv_writer *w, uint32_t tag, const char *value)
{
	EXPECT(strcmp(value, "true") == 0 || strcmp(value, "false") == 0);
	say(said, "%s", value);
	put_number(w, tag, HC_TTLV_BOOLEAN, strcmp(value, "true") == 0, 8);
}

/* One element with a value; @of says whose names its value may use. */
static void put_element(struct hc_ttlv_writer *w, uint32_t tag, const char *of,
			struct element *element)
{
	enum hc_ttlv_type type = type_of(element->type);
	char *value = element->value;

	say(said, "%s ", element->type);
	switch (type) {
	case HC_TTLV_INTEGER:
		put_integer(w, tag, of, value);
		break;
	case HC_TTLV_ENUM:
		put_enum(w, tag, of, value);
		break;
	case HC_TTLV_LONG:
		say(said, "%s", value);
		put_number(w, tag, type, (uint64_t)atoll(value), 8);
		break;
	case HC_TTLV_INTERVAL:
		say(said, "%s", value);
		put_number(w, tag, type, (uint64_t)atoll(value), 4);
		break;
	case HC_TTLV_BOOLEAN:
		put_boolean(w, tag, value);
		break;
	case HC_TTLV_DATE:
		put_date(w, tag, value);
		break;
	case HC_TTLV_BIG:
	case HC_TTLV_BYTES:
		put_bytes(w, tag, type, value);
		break;
	case HC_TTLV_TEXT:
		say(said, "%s", value);
		hc_ttlv_put_text(w, tag, value);
		break;
	default:
		EXPECT(!"a type");
	}
	say(said, "\n");
}

/* "Cryptographic Algorithm" as the enumeration is called. */
static void without_spaces(const char *text, size_t length, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n + 1 < size; i++)
		if (text[i] != ' ')
			out[n++] = text[i];
	out[n] = '\0';
}

/*
 * The message that starts with the element at @xml, as TTLV in message[] and
 * as lines in said[]. Returns where it ends, and its size.
 */
static const char *encode(const char *xml, size_t *ret_size)
{
	struct hc_ttlv_writer w;
	struct element element;
	char of[64] = "";
	int depth = 0;
	uint32_t tag;

	said[0] = '\0';
	hc_ttlv_writer_init(&w, message, sizeof(message));
	while ((xml = next_element(xml, &element))) {
		if (element.closes) {
			hc_ttlv_end(&w);
			if (--depth == 0)
				break;
			continue;
		}
		tag = element.tag[0] ? (uint32_t)strtoul(element.tag, NULL, 16) :
				       tag_of(element.name);
		if (!EXPECT(tag != 0))
			printf("  no tag %s\n", element.name);
		say(said, "%d %06x ", depth, tag);
		if (strcmp(element.name, "AttributeName") == 0)
			without_spaces(element.value, strlen(element.value), of, sizeof(of));
		if (element.type[0] && strcmp(element.type, "Structure") != 0) {
			put_element(&w, tag,
				    strcmp(element.name, "AttributeValue") == 0 ? of :
										  element.name,
				    &element);
			continue;
		}
		say(said, "Structure\n");
		hc_ttlv_begin(&w, tag);
		if (element.empty)
			hc_ttlv_end(&w);
		else
			depth++;
	}
	if (!EXPECT(hc_ttlv_finish(&w, ret_size) == 0))
		*ret_size = 0;
	return xml;
}

/* Out of TTLV. */

static int64_t number_of(const struct hc_ttlv *item)
{
	uint64_t value = item->value[0] & 0x80 && item->type != HC_TTLV_INTERVAL ? UINT64_MAX : 0;

	for (uint32_t i = 0; i < item->length; i++)
		value = value << 8 | item->value[i];
	return (int64_t)value;
}

static void say_item(const struct hc_ttlv *item, const char *of)
{
	const char *name;

	say(read_back, "%s ", type_names[item->type]);
	switch (item->type) {
	case HC_TTLV_INTEGER:
		if (is_mask(of))
			say_mask(read_back, of, hc_ttlv_enum(item));
		else
			say(read_back, "%d", hc_ttlv_integer(item));
		break;
	case HC_TTLV_ENUM:
		name = name_of_value(of, hc_ttlv_enum(item));
		if (name)
			say(read_back, "%s", name);
		else
			say(read_back, "0x%08x", hc_ttlv_enum(item));
		break;
	case HC_TTLV_BOOLEAN:
		say(read_back, "%s", hc_ttlv_boolean(item) ? "true" : "false");
		break;
	case HC_TTLV_DATE:
		say_date(read_back, number_of(item));
		break;
	case HC_TTLV_BIG:
	case HC_TTLV_BYTES:
		for (uint32_t i = 0; i < item->length; i++)
			say(read_back, "%02x", item->value[i]);
		break;
	case HC_TTLV_TEXT:
		say(read_back, "%.*s", (int)item->length, item->value);
		break;
	default:
		say(read_back, "%lld", (long long)number_of(item));
	}
	say(read_back, "\n");
}

static bool decode(size_t size)
{
	struct hc_ttlv_cursor open[HC_TTLV_DEPTH_MAX + 1];
	struct hc_ttlv item;
	char of[64] = "";
	const char *name;
	int depth = 0;
	int r = 0;

	read_back[0] = '\0';
	if (hc_ttlv_check(message, size, &item) < 0)
		return false;
	hc_ttlv_open(message, size, &open[0]);
	while (depth >= 0 && (r = hc_ttlv_next(&open[depth], &item)) >= 0) {
		if (r == 0) {
			depth--;
			continue;
		}
		name = name_of_tag(item.tag);
		say(read_back, "%d %06x ", depth, item.tag);
		if (item.type == HC_TTLV_STRUCTURE) {
			say(read_back, "Structure\n");
			hc_ttlv_enter(&item, &open[++depth]);
			continue;
		}
		if (name && strcmp(name, "AttributeName") == 0)
			without_spaces((const char *)item.value, item.length, of, sizeof(of));
		say_item(&item, name && strcmp(name, "AttributeValue") == 0 ? of :
				name ? name : "");
	}
	return r >= 0;
}

/* Files. */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (file && text)
		EXPECT(fread(text, 1, (1 << 20) - 1, file) > 0);
	if (file)
		fclose(file);
	return text;
}

/* Where the next message of @xml starts, or NULL. */
static const char *next_message(const char *xml)
{
	const char *request = strstr(xml, "<RequestMessage>");
	const char *response = strstr(xml, "<ResponseMessage>");

	if (!request || !response)
		return request ? request : response;
	return request < response ? request : response;
}

static int messages, pairs, empty_files;

static void try_messages(const char *path)
{
	char *xml = read_file(path);
	const char *at = xml;
	size_t size = 0;

	if (!EXPECT(xml))
		return;
	while (at && (at = next_message(at))) {
		at = encode(at, &size);
		messages++;
		if (!EXPECT(decode(size) && strcmp(said, read_back) == 0)) {
			printf("  in %s, message\n%s  read back as\n%s", path, said, read_back);
			break;
		}
	}
	free(xml);
}

/*
 * The XML and the bytes of some answers were written down at different times:
 * their Time Stamp is left out of the comparison.
 */
static void drop_time_stamp(uint8_t *bytes, size_t size)
{
	static const uint8_t head[] = { 0x42, 0x00, 0x92, 0x09, 0, 0, 0, 8 };

	for (size_t i = 0; i + 16 <= size; i += 8)
		if (memcmp(bytes + i, head, sizeof(head)) == 0)
			memset(bytes + i + 8, 0, 8);
}

/* The same message as XML and as bytes. */
static void try_pair(const char *path)
{
	static uint8_t want[MESSAGE_MAX];
	char hex_path[PATH_MAX];
	char *xml = read_file(path), *hex;
	const char *at = xml ? next_message(xml) : NULL;
	size_t size = 0;

	if (!at) {
		empty_files++;
		free(xml);
		return;
	}
	snprintf(hex_path, sizeof(hex_path), "%.*s.hex", (int)strlen(path) - 4, path);
	hex = read_file(hex_path);
	if (EXPECT(hex)) {
		pairs++;
		encode(at, &size);
		drop_time_stamp(message, size);
		if (!EXPECT(size == unhex(hex, want, sizeof(want))))
			printf("  in %s\n", path);
		drop_time_stamp(want, size);
		if (!EXPECT(memcmp(want, message, size) == 0))
			printf("  in %s\n", path);
	}
	free(hex);
	free(xml);
}

/* Every XML file in the sub-folder; how many there were, -1 without test data. */
static int for_each_file(const char *sub, void (*try_file)(const char *path))
{
	char folder[PATH_MAX], path[PATH_MAX + 256];
	const char *vectors = unit_vectors();
	struct dirent *entry;
	int files = 0;
	DIR *dir;

	if (!vectors) {
		unit_skip("no folder of test data (HOSTCRYPT_VECTORS)");
		return -1;
	}
	snprintf(folder, sizeof(folder), "%s/kmip/%s", vectors, sub);
	dir = opendir(folder);
	if (!EXPECT(dir))
		return 0;
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (length < 4 || strcmp(entry->d_name + length - 4, ".xml") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		try_file(path);
		files++;
	}
	closedir(dir);
	return files;
}

static void converter_makes_the_right_bytes(void)
{
	int files = for_each_file("hex", try_pair);

	/* Three of the XML files have no message in them. */
	EXPECT(files == -1 || (files == 36 && pairs == 33 && empty_files == 3));
}

static void cases_of_kmip_1_1(void)
{
	int files;

	messages = 0;
	files = for_each_file("xml/1.1", try_messages);
	EXPECT(files == -1 || (files == 67 && messages == 982));
}

static void cases_of_kmip_1_4(void)
{
	int files;

	messages = 0;
	files = for_each_file("xml/1.4", try_messages);
	EXPECT(files == -1 || (files == 26 && messages == 286));
}

/* A message of our own, so that the converter is tried everywhere. */
static void a_message_of_our_own(void)
{
	static const char xml[] =
		"<RequestMessage><BatchItem><Operation type=\"Enumeration\" value=\"Get\"/>"
		"<RequestPayload/>"
		"<TimeStamp type=\"DateTime\" value=\"2008-03-14T11:56:40+00:00\"/>"
		"<AttributeName type=\"TextString\" value=\"Cryptographic Usage Mask\"/>"
		"<AttributeValue type=\"Integer\" value=\"Decrypt Encrypt\"/>"
		"</BatchItem></RequestMessage>";
	uint8_t want[256];
	size_t size = 0, n;

	encode(xml, &size);
	n = unhex("42007801 00000060 42000f01 00000058"
		  "42005c05 00000004 0000000a00000000 42007901 00000000"
		  "42009209 00000008 0000000047da67f8"
		  "42000a07 00000018 43727970746f6772 6170686963205573 616765204d61736b"
		  "42000b02 00000004 0000000c00000000", want, sizeof(want));
	EXPECT(size == n && memcmp(message, want, n) == 0);
	EXPECT(decode(size) && strcmp(said, read_back) == 0);
	/* And it would be seen if it were wrong. */
	message[size - 5] = 0x08;
	EXPECT(decode(size) && strcmp(said, read_back) != 0);
}

int main(void)
{
	RUN(a_message_of_our_own);
	RUN(converter_makes_the_right_bytes);
	RUN(cases_of_kmip_1_1);
	RUN(cases_of_kmip_1_4);
	return unit_result();
}
