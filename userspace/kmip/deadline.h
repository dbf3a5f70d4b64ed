/* SPDX-License-Identifier: GPL-2.0 */
/* Points in time by which something must be over. */
#ifndef HC_KMIP_DEADLINE_H
#define HC_KMIP_DEADLINE_H

#include <stdint.h>

struct hc_deadline {
	int64_t at_ms; /* of CLOCK_MONOTONIC */
};

int64_t hc_now_ms(void);
struct hc_deadline hc_deadline_in(unsigned seconds);
struct hc_deadline hc_deadline_sooner(struct hc_deadline a, struct hc_deadline b);

/* Milliseconds left, 0 when it is over. */
int hc_deadline_left_ms(struct hc_deadline deadline);

/* poll() @fd for @events: 1 when ready, 0 when it is over first, HC_E_SYSTEM. */
int hc_deadline_wait(struct hc_deadline deadline, int fd, short events);

#endif
