/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ways into a volume without hostcrypt.
 *
 * A recovery passphrase is one more keyslot: eight groups of five characters
 * from "0123456789abcdefghjkmnpqrstvwxyz" (no i, l, o, u), joined by "-", 200
 * random bits. And whoever can read the KEK from the key server opens the
 * volume with openssl and cryptsetup; hc_recovery_steps() says how.
 */
#ifndef HC_VOLUME_RECOVERY_H
#define HC_VOLUME_RECOVERY_H

#include <stddef.h>

#include "base/secret.h"

#define HC_RECOVERY_SIZE 47 /* 8 groups of 5, 7 dashes; no NUL */

int hc_recovery_make(struct hc_secret *ret_passphrase);

#define HC_RECOVERY_STEPS 1024
/* The commands, with this volume's names in them. @header: NULL when it is on
 * the device. */
void hc_recovery_steps(const char *uuid, const char *device, const char *header, const char *kek_id,
		       char *ret_text, size_t size);

#endif
