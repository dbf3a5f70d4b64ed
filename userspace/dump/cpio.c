// SPDX-License-Identifier: GPL-2.0
#include "dump/cpio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "base/file.h"

#define ALIGN 4
#define BLOCK 512

static int put(struct hc_cpio *cpio, const void *data, size_t size)
{
	int r = cpio->fd < 0 ? 0 : hc_write_all(cpio->fd, data, size);

	cpio->written += size;
	return r;
}

static int fill(struct hc_cpio *cpio, size_t align)
{
	static const char zero[BLOCK];

	return put(cpio, zero, (align - cpio->written % align) % align);
}

static int entry(struct hc_cpio *cpio, const char *name, unsigned mode, const void *data,
		 size_t size)
{
	size_t length = strlen(name) + 1;
	char header[128];
	int n, r;

	/* magic, inode, mode, owner, group, links, time, size, device, node, name, check */
	n = snprintf(header, sizeof(header),
		     "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
		     ++cpio->entries, mode, 0u, 0u, 1u, 0u, size, 0u, 0u, 0u, 0u, length, 0u);
	r = put(cpio, header, (size_t)n);
	if (r == 0)
		r = put(cpio, name, length);
	if (r == 0)
		r = fill(cpio, ALIGN);
	if (r == 0 && size > 0)
		r = put(cpio, data, size);
	return r == 0 ? fill(cpio, ALIGN) : r;
}

int hc_cpio_folder(struct hc_cpio *cpio, const char *name)
{
	return entry(cpio, name, S_IFDIR | 0755, NULL, 0);
}

static int list(struct hc_cpio *cpio, const char *name, const void *data, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (EVP_Digest(data, size, digest, &length, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	for (unsigned i = 0; i < length; i++)
		fprintf(cpio->list, "%02x", digest[i]);
	return fprintf(cpio->list, " %s\n", name) < 0 ? -ENOSPC : 0;
}

int hc_cpio_file(struct hc_cpio *cpio, const char *name, const void *data, size_t size)
{
	int r = cpio->list ? list(cpio, name, data, size) : 0;

	return r < 0 ? r : entry(cpio, name, S_IFREG | 0600, data, size);
}

int hc_cpio_end(struct hc_cpio *cpio)
{
	int r = entry(cpio, "TRAILER!!!", 0, NULL, 0);

	return r == 0 ? fill(cpio, BLOCK) : r;
}
