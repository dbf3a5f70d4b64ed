// SPDX-License-Identifier: GPL-2.0
#include "volume/binding.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "volume/mac.h"

#define MAGIC "HOSTCRYPTBINDING"
#define VERSION 1

/* First bytes and place of the UUID of both copies of a LUKS header. */
#define LUKS_MAGIC "LUKS\xba\xbe"
#define LUKS_MAGIC_SIZE 6

struct block {
	char magic[16];
	uint32_t version;
	uint32_t zero;
	char uuid[40];
	char dek[40];
	uint64_t data_offset;
	uint8_t zeros[3952];
	uint8_t mac[HC_MAC_SIZE];
};

_Static_assert(sizeof(struct block) == HC_BINDING_BLOCK_SIZE, "the block has no holes");

static int make_block(const struct hc_header *header, const struct hc_secret *dek,
		      struct block *ret_block)
{
	struct block block = { .version = htole32(VERSION) };

	memcpy(block.magic, MAGIC, sizeof(block.magic));
	memcpy(block.uuid, header->uuid, sizeof(header->uuid));
	memcpy(block.dek, header->token.dek, sizeof(header->token.dek));
	block.data_offset = htole64(header->data_offset);
	*ret_block = block;
	return hc_mac(dek, header->uuid, HC_MAC_BINDING, &block, offsetof(struct block, mac),
		      ret_block->mac);
}

int hc_binding_write(const char *device, const struct hc_header *header,
		     const struct hc_secret *dek)
{
	struct block block;
	HC_FD fd = -1;
	int r;

	if (header->token.binding.type != HC_BINDING_BLOCK)
		return 0;
	r = make_block(header, dek, &block);
	if (r < 0)
		return r;
	fd = open(device, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", device);
	r = hc_pwrite_all(fd, &block, sizeof(block), header->token.binding.value);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return hc_fail_errno(-r, "cannot write the binding block of %s", device);
	return 0;
}

static int foreign(const char *device, const struct hc_header *header, const char *why)
{
	return hc_fail(
		HC_E_HEADER_FOREIGN,
		"the header of volume %s does not belong to the data on %s: %s; put the right "
		"header there, or name the right device (if you are sure that they belong "
		"together, open it with stock cryptsetup as in a recovery)",
		header->uuid, device, why);
}

static int verify_block(int fd, const char *device, const struct hc_header *header,
			const struct hc_secret *dek)
{
	struct block block, expected;
	int r;

	if (header->data_offset < HC_BINDING_BLOCK_SIZE ||
	    header->token.binding.value != header->data_offset - HC_BINDING_BLOCK_SIZE)
		return foreign(device, header, "the binding block is not right before the data");
	r = make_block(header, dek, &expected);
	if (r < 0)
		return r;
	r = hc_pread_all(fd, &block, sizeof(block), header->token.binding.value);
	if (r < 0)
		return hc_fail_errno(-r, "cannot read the binding block of %s", device);
	if (memcmp(block.magic, MAGIC, sizeof(block.magic)) != 0)
		return foreign(device, header, "there is no binding block before the data");
	if (memcmp(block.uuid, expected.uuid, sizeof(block.uuid)) != 0)
		return foreign(device, header, "the data belongs to another volume");
	if (!hc_secret_equal(&block, &expected, sizeof(block)))
		return foreign(device, header, "the binding block was not made with this key");
	return 0;
}

static int verify_size(int fd, const char *device, const struct hc_header *header)
{
	char magic[LUKS_MAGIC_SIZE];
	uint64_t bytes;
	int r;

	r = hc_fd_bytes(fd, &bytes);
	if (r == 0)
		r = hc_pread_all(fd, magic, sizeof(magic), 0);
	if (r < 0)
		return hc_fail_errno(-r, "cannot read %s", device);
	if (bytes < header->token.binding.value)
		return foreign(device, header, "the device is smaller than the volume was made");
	if (header->data_offset == 0 && memcmp(magic, LUKS_MAGIC, sizeof(magic)) == 0)
		return foreign(device, header, "the device carries a LUKS header of its own");
	return 0;
}

int hc_binding_verify(const char *device, const struct hc_header *header,
		      const struct hc_secret *dek)
{
	HC_FD fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hc_fail_errno(errno, "cannot open %s", device);
	return header->token.binding.type == HC_BINDING_BLOCK
		       ? verify_block(fd, device, header, dek)
		       : verify_size(fd, device, header);
}
