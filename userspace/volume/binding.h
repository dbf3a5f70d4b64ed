/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ties a header to the device that carries the data, so that the header
 * of one volume in front of the data of another (a backup restored to the
 * wrong device) is refused before it makes garbage of every read.
 *
 * Binding by block, for data behind its header: the 4096 bytes right before
 * the data, outside of what luksHeaderBackup copies. Numbers little-endian:
 *
 *	0	16	"HOSTCRYPTBINDING"
 *	16	4	version, 1
 *	20	4	zero
 *	24	40	LUKS UUID as text, NUL-padded
 *	64	40	DEK's UUID as text, NUL-padded
 *	104	8	data offset in bytes
 *	112	3952	zero
 *	4064	32	HMAC-SHA256 over the bytes before, with a key derived from
 *			the DEK: HKDF(salt = LUKS UUID, "hostcrypt binding v1")
 *
 * Binding by size, for a detached header whose data begins at byte 0: there is
 * no room for a block, so the data's device must have at least the size it had
 * and must not carry a LUKS header of its own.
 *
 * Limits: a copy of the whole front of a device (header, binding block and
 * all), and with detached headers two devices of like size, are not told apart.
 */
#ifndef HC_VOLUME_BINDING_H
#define HC_VOLUME_BINDING_H

#include <stdint.h>

#include "base/secret.h"
#include "volume/header.h"

#define HC_BINDING_BLOCK_SIZE 4096

/* Write the block that header->token.binding speaks of, if it speaks of one. */
int hc_binding_write(const char *device, const struct hc_header *header,
		     const struct hc_secret *dek);

/* HC_E_HEADER_FOREIGN. Call it after the header's MAC was found right. */
int hc_binding_verify(const char *device, const struct hc_header *header,
		      const struct hc_secret *dek);

#endif
