// SPDX-License-Identifier: GPL-2.0
#include "volume/recovery.h"

#include <stdio.h>

#include "base/error.h"
#include "volume/header.h"

#define GROUP 5

int hc_recovery_make(struct hc_secret *ret_passphrase)
{
	static const char alphabet[32] = "0123456789abcdefghjkmnpqrstvwxyz";
	HC_SECRET random = { 0 };
	HC_SECRET text = { 0 };
	int r;

	r = hc_secret_alloc(HC_RECOVERY_SIZE, &random);
	if (r == 0)
		r = hc_secret_random(&random);
	if (r == 0)
		r = hc_secret_alloc(HC_RECOVERY_SIZE, &text);
	if (r < 0)
		return r;
	for (size_t i = 0; i < HC_RECOVERY_SIZE; i++)
		text.data[i] = i % (GROUP + 1) == GROUP
				       ? '-'
				       : (uint8_t)alphabet[random.data[i] % sizeof(alphabet)];
	*ret_passphrase = text;
	text = (struct hc_secret){ 0 };
	return 0;
}

void hc_recovery_steps(const char *uuid, const char *device, const char *header, const char *kek_id,
		       char *ret_text, size_t size)
{
	snprintf(ret_text, size,
		 "  # KEK.hex: the 64 hex digits of KEK %s\n"
		 "  openssl kdf -binary -keylen %d -kdfopt digest:SHA256 \\\n"
		 "    -kdfopt hexkey:$(cat KEK.hex) -kdfopt salt:%s \\\n"
		 "    -kdfopt \"info:%s\" HKDF |\n"
		 "  cryptsetup open --type luks2 --key-file=- %s%s%s%s NAME\n",
		 kek_id, HC_KEYSLOT_PASSPHRASE_SIZE, uuid, HC_KEYSLOT_INFO,
		 header ? "--header " : "", header ? header : "", header ? " " : "", device);
}
