/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_INHERIT_H
#define HC_INHERIT_H

#include <linux/uuid.h>

struct hc_frames;
struct hc_pfns;

int hc_inherit(const struct hc_pfns *pfns, const struct hc_frames *frames, const uuid_t *uuid);

#endif
