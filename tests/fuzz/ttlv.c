// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: whatever the reader accepts, the writer writes the same again. */
#include <stdlib.h>
#include <string.h>

#include "kmip/ttlv.h"
#include "../unit/recode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_ttlv message;
	size_t written = 0;
	uint8_t *again;

	if (hc_ttlv_check(data, size, &message) < 0)
		return 0;
	again = malloc(size);
	if (!again)
		return 0;
	if (recode(data, size, again, &written) < 0 || written != size ||
	    memcmp(data, again, size) != 0)
		abort();
	free(again);
	return 0;
}
