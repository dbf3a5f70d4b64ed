/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways to a dump's key: which recipient of the header fits what one has, and the
 * key unwrapped. That it is the dump's is found out by hc_dump_reader_unlock().
 */
#ifndef HC_DUMP_UNLOCK_H
#define HC_DUMP_UNLOCK_H

#include "base/secret.h"
#include "dump/header.h"
#include "provider/provider.h"

/* With a private key in a PEM file that only its owner can read. HC_E_DUMP_RECIPIENT. */
int hc_dump_unlock_pem(const struct hc_dump_header *header, const char *path,
		       struct hc_secret *ret_dump_key);

/* With a private key at a key server, which is asked. HC_E_DUMP_RECIPIENT, or what it said. */
int hc_dump_unlock_provider(const struct hc_dump_header *header, struct hc_provider *provider,
			    struct hc_secret *ret_dump_key);

/* HC_E_DUMP_RECIPIENT where no passphrase opens the dump: then none need be asked for. */
int hc_dump_takes_passphrase(const struct hc_dump_header *header);
int hc_dump_unlock_passphrase(const struct hc_dump_header *header,
			      const struct hc_secret *passphrase, struct hc_secret *ret_dump_key);

#endif
