// SPDX-License-Identifier: GPL-2.0
/*
 * A volume's header in a regular file: made, read back, its MAC, its binding;
 * and what is left of the keys in this process's memory afterwards.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "volume/binding.h"
#include "volume/header.h"
#include "volume/luks.h"
#include "volume/mac.h"
#include "volume/recovery.h"

#define UUID "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
#define DEK_UUID "c0ffee00-4b5a-4978-8796-a5b4c3d2e1f0"
#define DATA_OFFSET ((uint64_t)HC_LUKS_HEADER_BYTES)

static char path[] = "/tmp/hostcrypt-unit-XXXXXX";
static struct hc_secret dek, kek;

/* A whole volume as "hostcrypt create" makes it, but on a file. */
static int make_volume(struct hc_header *ret_header)
{
	const struct hc_luks_format format = {
		.header = path,
		.data = path,
		.uuid = UUID,
		.label = "unit",
		.sector_size = 4096,
		.data_offset = DATA_OFFSET,
	};
	HC_SECRET passphrase = { 0 };
	struct hc_header header;
	HC_JSON json = NULL;
	HC_LUKS cd = NULL;
	int r;

	r = hc_keyslot_passphrase(&kek, UUID, &passphrase);
	if (r == 0)
		r = hc_luks_format(&format, &dek, &cd);
	if (r == 0)
		r = hc_luks_add_keyslot(cd, 0, &dek, &passphrase);
	if (r == 0)
		r = hc_header_read_fresh(cd, &header);
	if (r < 0)
		return r;
	header.token = (struct hc_token){
		.dek = DEK_UUID,
		.keks = { { .provider = "local",
			    .kek = "4711",
			    .wrapped_at = "2026-01-31T12:00:00Z" } },
		.n_keks = 1,
		.binding = { HC_BINDING_BLOCK, DATA_OFFSET - HC_BINDING_BLOCK_SIZE },
	};
	r = hc_binding_write(path, &header, &dek);
	if (r == 0)
		r = hc_header_mac(&header, &dek, header.token.mac);
	if (r == 0)
		r = hc_token_format(&header.token, &json);
	if (r == 0)
		r = hc_luks_set_token(cd, json_object_to_json_string(json));
	*ret_header = header;
	return r;
}

static int read_volume(struct hc_header *ret_header, struct hc_secret *ret_dek)
{
	HC_SECRET passphrase = { 0 };
	HC_LUKS cd = NULL;
	int r;

	r = hc_luks_load(path, &cd);
	if (r == 0)
		r = hc_header_read(cd, ret_header);
	if (r == 0)
		r = hc_keyslot_passphrase(&kek, UUID, &passphrase);
	return r ? r : hc_luks_open_keyslot(cd, 0, &passphrase, ret_dek);
}

static void made_header_reads_back(void)
{
	struct hc_header made, header;
	HC_SECRET back = { 0 };

	if (!EXPECT(make_volume(&made) == 0) || !EXPECT(read_volume(&header, &back) == 0)) {
		printf("  %s\n", hc_error_message());
		return;
	}
	EXPECT(hc_secret_equal(back.data, dek.data, HOSTCRYPT_KEY_SIZE));
	EXPECT(strcmp(header.uuid, UUID) == 0 && header.sector_size == 4096);
	EXPECT(header.data_offset == DATA_OFFSET && header.iv_tweak == 0 && !header.data_bytes);
	EXPECT(memcmp(&header, &made, sizeof(header)) == 0);
	EXPECT(hc_header_verify(&header, &back) == 0);
	EXPECT(hc_binding_verify(path, &header, &back) == 0);
}

static void text_is_the_documented_one(void)
{
	char text[HC_HEADER_TEXT], expected[HC_HEADER_TEXT];
	struct hc_header header;
	HC_SECRET back = { 0 };

	if (!EXPECT(read_volume(&header, &back) == 0))
		return;
	EXPECT(hc_header_text(&header, text) == (int)strlen(text));
	snprintf(expected, sizeof(expected),
		 "hostcrypt header v1\ntoken 1\nuuid " UUID "\n"
		 "segment crypt 16777216 dynamic 0 aes-xts-plain64 4096\n"
		 "digest %s\nrequirements -\ndek " DEK_UUID "\n"
		 "binding block 16773120\nconversion none\n",
		 header.digest);
	EXPECT(strcmp(text, expected) == 0);
	EXPECT(strncmp(header.digest, "pbkdf2 sha256 1000 ", 19) == 0);
}

/* Made once with openssl's command line: HKDF, then HMAC with its result. */
static void mac_is_the_documented_one(void)
{
	static const uint8_t expected[HC_MAC_SIZE] = {
		0xad, 0x22, 0x33, 0x51, 0xd3, 0x52, 0xeb, 0x36, 0xe7, 0xfa, 0xbb,
		0xd9, 0xa8, 0xb3, 0xfd, 0xc7, 0xcd, 0x5f, 0xbc, 0xcf, 0x65, 0x0f,
		0xa3, 0x92, 0xac, 0x9f, 0x6b, 0x7d, 0xfd, 0xb5, 0xb3, 0xc3,
	};
	HC_SECRET key = { 0 };
	uint8_t mac[HC_MAC_SIZE];

	if (!EXPECT(hc_secret_alloc(HOSTCRYPT_KEY_SIZE, &key) == 0))
		return;
	for (size_t i = 0; i < key.size; i++)
		key.data[i] = (uint8_t)i;
	EXPECT(hc_mac(&key, UUID, HC_MAC_HEADER, "abc", 3, mac) == 0);
	EXPECT(memcmp(mac, expected, sizeof(mac)) == 0);
	EXPECT(hc_mac(&key, UUID, HC_MAC_BINDING, "abc", 3, mac) == 0);
	EXPECT(memcmp(mac, expected, sizeof(mac)) != 0);
	EXPECT(hc_mac(&key, DEK_UUID, HC_MAC_HEADER, "abc", 3, mac) == 0);
	EXPECT(memcmp(mac, expected, sizeof(mac)) != 0);
}

static void each_change_breaks_the_mac(void)
{
	struct hc_header header, changed;
	HC_SECRET back = { 0 };

	if (!EXPECT(read_volume(&header, &back) == 0))
		return;
	EXPECT(hc_header_verify(&header, &back) == 0);
	changed = header;
	changed.segment[6] ^= 1;
	EXPECT(hc_header_verify(&changed, &back) == HC_E_HEADER_MAC);
	changed = header;
	changed.digest[20] ^= 1;
	EXPECT(hc_header_verify(&changed, &back) == HC_E_HEADER_MAC);
	changed = header;
	changed.uuid[0] ^= 1;
	EXPECT(hc_header_verify(&changed, &back) == HC_E_HEADER_MAC);
	changed = header;
	changed.token.dek[0] ^= 1;
	EXPECT(hc_header_verify(&changed, &back) == HC_E_HEADER_MAC);
	changed = header;
	changed.token.binding.value++;
	EXPECT(hc_header_verify(&changed, &back) == HC_E_HEADER_MAC);
	changed = header;
	changed.token.mac[31] ^= 1;
	EXPECT(hc_header_verify(&changed, &back) == HC_E_HEADER_MAC);
	back.data[0] ^= 1;
	EXPECT(hc_header_verify(&header, &back) == HC_E_HEADER_MAC);
}

/* The member at @path ("segments/0/size") of @root gets the JSON @value, or is
 * removed. */
static void change(struct json_object *root, const char *member, const char *value)
{
	char copy[128], *name, *next, *state = NULL;

	snprintf(copy, sizeof(copy), "%s", member);
	name = strtok_r(copy, "/", &state);
	while ((next = strtok_r(NULL, "/", &state)) != NULL) {
		root = hc_json_object(root, name);
		name = next;
	}
	if (value)
		json_object_object_add(root, name, json_tokener_parse(value));
	else
		json_object_object_del(root, name);
}

static void wrong_headers_are_refused(void)
{
	static const struct {
		const char *member, *value;
		int code;
	} cases[] = {
		{ "segments/0/type", "\"linear\"", HC_E_HEADER_CIPHER },
		{ "segments/0/encryption", "\"cipher_null-ecb\"", HC_E_HEADER_CIPHER },
		{ "segments/0/encryption", "\"aes-xts-plain\"", HC_E_HEADER_CIPHER },
		{ "segments/0/encryption", NULL, HC_E_HEADER_CIPHER },
		{ "segments/0/sector_size", "513", HC_E_HEADER_CIPHER },
		{ "segments/0/sector_size", "8192", HC_E_HEADER_CIPHER },
		{ "segments/0/sector_size", "\"4096\"", HC_E_HEADER_CIPHER },
		{ "segments/0/offset", "\"16777217\"", HC_E_HEADER_CIPHER },
		{ "segments/0/offset", "16777216", HC_E_HEADER_CIPHER },
		{ "segments/0/offset", "\"-1\"", HC_E_HEADER_CIPHER },
		{ "segments/0/size", "\"0\"", HC_E_HEADER_CIPHER },
		{ "segments/0/size", "\"4097\"", HC_E_HEADER_CIPHER },
		{ "segments/0/size", "\"dynamic \"", HC_E_HEADER_CIPHER },
		{ "segments/0/iv_tweak", "\"\"", HC_E_HEADER_CIPHER },
		{ "segments/0/flags", "[\"backup-final\"]", HC_E_HEADER_CIPHER },
		{ "segments/0/integrity", "{}", HC_E_HEADER_CIPHER },
		{ "segments/1", "{}", HC_E_HEADER_CIPHER },
		{ "segments/0", NULL, HC_E_HEADER_CIPHER },
		{ "segments", NULL, HC_E_HEADER_CIPHER },
		{ "digests/0/type", "\"none\"", HC_E_HEADER_CIPHER },
		{ "digests/0/hash", "\"sha256\\nconversion none\"", HC_E_HEADER_CIPHER },
		{ "digests/0/salt", "\"AAAA\\n\"", HC_E_HEADER_CIPHER },
		{ "digests/0/digest", "\"AA AA\"", HC_E_HEADER_CIPHER },
		{ "digests/0/digest", "\"\"", HC_E_HEADER_CIPHER },
		{ "digests/0/iterations", "4294967295", HC_E_HEADER_CIPHER },
		{ "digests/0/segments", "[]", HC_E_HEADER_CIPHER },
		{ "digests/1", "{\"segments\":[\"0\"]}", HC_E_HEADER_CIPHER },
		{ "keyslots/0/type", "\"reencrypt\"", HC_E_HEADER_CIPHER },
		{ "keyslots/0/key_size", "32", HC_E_HEADER_CIPHER },
		{ "keyslots/0/area/key_size", "16", HC_E_HEADER_CIPHER },
		{ "keyslots/0/area/encryption", "\"cipher_null-ecb\"", HC_E_HEADER_CIPHER },
		{ "keyslots/0/kdf/type", "\"argon2id\"", HC_E_HEADER_CIPHER },
		{ "keyslots/0/kdf/iterations", "10000001", HC_E_HEADER_CIPHER },
		{ "keyslots/1",
		  "{\"type\":\"luks2\",\"area\":{\"encryption\":\"cipher_null-ecb\"}}",
		  HC_E_HEADER_CIPHER },
		{ "keyslots/0", NULL, HC_E_HEADER_TOKEN },
		{ "tokens/0", NULL, HC_E_NOT_A_VOLUME },
		{ "tokens", "7", HC_E_NOT_A_VOLUME },
		{ "tokens/0/mac", NULL, HC_E_HEADER_TOKEN },
		{ "config/requirements", "{\"mandatory\":[\"x\"]}", HC_E_DEVICE_UNFIT },
		{ "config/requirements", "{}", HC_E_DEVICE_UNFIT },
		/* And what may be there. */
		{ "config/requirements", "{\"mandatory\":[]}", 0 },
		{ "tokens/1", "{\"type\":\"luks2-keyring\"}", 0 },
		{ "digests/1", "{\"segments\":[],\"type\":\"x\"}", 0 },
		{ "keyslots/1",
		  "{\"type\":\"luks2\",\"area\":{\"encryption\":\"aes-xts-plain64\"}}", 0 },
		{ "segments/0/size", "\"4096\"", 0 },
	};
	const char *text = NULL;
	struct hc_header header;
	HC_LUKS cd = NULL;

	if (!EXPECT(hc_luks_load(path, &cd) == 0 && crypt_dump_json(cd, &text, 0) == 0))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		HC_JSON root = json_tokener_parse(text);

		change(root, cases[i].member, cases[i].value);
		if (!EXPECT(hc_header_parse(root, UUID, false, &header) == cases[i].code))
			printf("  case %zu: %s = %s\n", i, cases[i].member, cases[i].value);
	}
}

static void wrong_kek_opens_nothing(void)
{
	struct hc_header header;
	HC_SECRET back = { 0 };

	kek.data[31] ^= 0x80;
	EXPECT(read_volume(&header, &back) == HC_E_HEADER_KEYSLOT);
	kek.data[31] ^= 0x80;
	EXPECT(!back.data);
	EXPECT(read_volume(&header, &back) == 0);
}

/* Every bit of the block counts. */
static void changed_binding_block_is_refused(void)
{
	static const unsigned places[] = { 0,	15,  16,  20,	24,   63,  64,
					   104, 111, 112, 4063, 4064, 4095 };
	struct hc_header header;
	HC_SECRET back = { 0 };
	HC_FD fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	if (!EXPECT(read_volume(&header, &back) == 0) || !EXPECT(fd >= 0))
		return;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint64_t at = header.token.binding.value + places[i];

		EXPECT(hc_pread_all(fd, &byte, 1, at) == 0);
		byte ^= 1;
		EXPECT(hc_pwrite_all(fd, &byte, 1, at) == 0);
		EXPECT(hc_binding_verify(path, &header, &back) == HC_E_HEADER_FOREIGN);
		byte ^= 1;
		EXPECT(hc_pwrite_all(fd, &byte, 1, at) == 0);
	}
	EXPECT(hc_binding_verify(path, &header, &back) == 0);
	back.data[0] ^= 1;
	EXPECT(hc_binding_verify(path, &header, &back) == HC_E_HEADER_FOREIGN);
	back.data[0] ^= 1;
	header.token.binding.value -= 512;
	EXPECT(hc_binding_verify(path, &header, &back) == HC_E_HEADER_FOREIGN);
}

static void binding_by_size(void)
{
	struct hc_header header = { .uuid = UUID };
	HC_SECRET back = { 0 };

	header.token.binding = (struct hc_binding){ HC_BINDING_SIZE, 17 << 20 };
	header.data_offset = 512;
	EXPECT(hc_binding_verify(path, &header, &back) == 0);
	header.token.binding.value++;
	EXPECT(hc_binding_verify(path, &header, &back) == HC_E_HEADER_FOREIGN);
	header.token.binding.value = 0;
	header.data_offset = 0;
	/* The file begins with a LUKS header. */
	EXPECT(hc_binding_verify(path, &header, &back) == HC_E_HEADER_FOREIGN);
}

static void what_is_no_header_is_refused(void)
{
	HC_LUKS cd = NULL;

	EXPECT(hc_luks_load("/proc/self/exe", &cd) == HC_E_NOT_A_VOLUME);
	EXPECT(hc_luks_load("/nonexistent", &cd) == HC_E_DEVICE_MISSING);
	EXPECT(!cd);
}

static void recovery_passphrases_differ(void)
{
	HC_SECRET a = { 0 };
	HC_SECRET b = { 0 };

	if (!EXPECT(hc_recovery_make(&a) == 0 && hc_recovery_make(&b) == 0))
		return;
	EXPECT(a.size == HC_RECOVERY_SIZE && !hc_secret_equal(a.data, b.data, a.size));
	for (size_t i = 0; i < a.size; i++)
		EXPECT(i % 6 == 5
			       ? a.data[i] == '-'
			       : memchr("0123456789abcdefghjkmnpqrstvwxyz", a.data[i], 32) != NULL);
}

static bool is_key(const uint8_t *at, const uint8_t *masked, size_t size)
{
	size_t i = 0;

	while (i < size && (at[i] ^ 0x5a) == masked[i])
		i++;
	return i == size;
}

/*
 * How often a key is found in this process's writable memory. @masked are its
 * bytes xor 0x5a, so that the search itself holds no key. The buffer, a
 * mapping of its own, is left out.
 */
static unsigned count_in_memory(const uint8_t *masked, size_t size)
{
	static const size_t chunk = 1 << 20;
	uint8_t *buffer =
		mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	HC_FD memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512], mode[8];
	unsigned long start, end;
	unsigned found = 0;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3 || mode[1] != 'w')
			continue;
		for (; start < end; start += chunk - size + 1) {
			ssize_t n = pread(memory, buffer, end - start < chunk ? end - start : chunk,
					  (off_t)start);

			for (ssize_t i = 0; i + (ssize_t)size <= n; i++) {
				uintptr_t at = start + (uintptr_t)i;

				if (at >= (uintptr_t)buffer && at < (uintptr_t)buffer + chunk)
					continue;
				found += is_key(buffer + i, masked, size);
			}
		}
	}
	if (maps)
		fclose(maps);
	munmap(buffer, chunk);
	return found;
}

static void mask(const struct hc_secret *secret, size_t from, size_t size, uint8_t *ret_masked)
{
	for (size_t i = 0; i < size; i++)
		ret_masked[i] = secret->data[from + i] ^ 0x5a;
}

/* The last test: it gives the keys up. */
static void no_key_is_left_in_memory(void)
{
	uint8_t first[16], second[16], kek_half[16], slot[16];
	HC_SECRET passphrase = { 0 };
	struct hc_header header;
	struct hc_secret back = { 0 };

	mask(&dek, 0, 16, first);
	mask(&dek, 32, 16, second);
	mask(&kek, 0, 16, kek_half);
	if (!EXPECT(make_volume(&header) == 0) || !EXPECT(read_volume(&header, &back) == 0) ||
	    !EXPECT(hc_header_verify(&header, &back) == 0) ||
	    !EXPECT(hc_keyslot_passphrase(&kek, UUID, &passphrase) == 0))
		return;
	mask(&passphrase, 0, 16, slot);
	/* The scan can find: these are there now. */
	EXPECT(count_in_memory(first, 16) == 2);
	EXPECT(count_in_memory(kek_half, 16) == 1);
	EXPECT(count_in_memory(slot, 16) == 1);
	hc_secret_free(&back);
	hc_secret_free(&passphrase);
	hc_secret_free(&dek);
	hc_secret_free(&kek);
	EXPECT(count_in_memory(first, 16) == 0);
	EXPECT(count_in_memory(second, 16) == 0);
	EXPECT(count_in_memory(kek_half, 16) == 0);
	EXPECT(count_in_memory(slot, 16) == 0);
}

int main(void)
{
	int fd;

	if (hc_process_harden() < 0) {
		printf("%s\n", hc_error_message());
		return EXIT_FAILURE;
	}
	fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, (17 << 20)) < 0 ||
	    hc_secret_alloc(HOSTCRYPT_KEY_SIZE, &dek) < 0 || hc_secret_random(&dek) < 0 ||
	    hc_secret_alloc(32, &kek) < 0 || hc_secret_random(&kek) < 0)
		return EXIT_FAILURE;
	close(fd);
	RUN(made_header_reads_back);
	RUN(text_is_the_documented_one);
	RUN(mac_is_the_documented_one);
	RUN(each_change_breaks_the_mac);
	RUN(wrong_headers_are_refused);
	RUN(wrong_kek_opens_nothing);
	RUN(changed_binding_block_is_refused);
	RUN(binding_by_size);
	RUN(what_is_no_header_is_refused);
	RUN(recovery_passphrases_differ);
	RUN(no_key_is_left_in_memory);
	unlink(path);
	return unit_result();
}
