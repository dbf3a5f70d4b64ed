// SPDX-License-Identifier: GPL-2.0
#include "kmip/deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "base/error.h"

int64_t hc_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct hc_deadline hc_deadline_in(unsigned seconds)
{
	return (struct hc_deadline){ hc_now_ms() + (int64_t)seconds * 1000 };
}

struct hc_deadline hc_deadline_sooner(struct hc_deadline a, struct hc_deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

int hc_deadline_left_ms(struct hc_deadline deadline)
{
	int64_t left = deadline.at_ms - hc_now_ms();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int hc_deadline_wait(struct hc_deadline deadline, int fd, short events)
{
	struct pollfd poller = { .fd = fd, .events = events };

	for (;;) {
		int left = hc_deadline_left_ms(deadline);
		int n;

		/* A peer that always has one more byte ready does not stop the clock. */
		if (left == 0)
			return 0;
		n = poll(&poller, 1, left);
		if (n >= 0)
			return n > 0;
		if (errno != EINTR)
			return hc_fail_errno(errno, "cannot wait for the network");
	}
}
