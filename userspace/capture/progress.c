// SPDX-License-Identifier: GPL-2.0
#include "capture/progress.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/error.h"
#include "dump/config.h"

struct progress {
	_Atomic uint64_t steps;
	/* A string of the program's own, at the same place in all that are forked. */
	const char *_Atomic awaited;
	_Atomic unsigned limit;
};

static struct progress *progress;

void *progress_shared(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return shared == MAP_FAILED ? NULL : shared;
}

int progress_begin(void)
{
	progress = progress_shared(sizeof(*progress));
	if (!progress)
		return hc_fail(HC_E_MEMORY, "out of memory");
	progress->awaited = "hostcrypt-capture";
	progress->limit = HC_DUMP_STALL_LIMIT;
	return 0;
}

void progress_step(void)
{
	if (progress)
		progress->steps++;
}

void progress_await(const char *whom)
{
	if (progress)
		progress->awaited = whom;
	progress_step();
}

void progress_set_limit(unsigned seconds)
{
	if (progress)
		progress->limit = seconds;
}

uint64_t progress_steps(void)
{
	return progress->steps;
}

const char *progress_awaited(void)
{
	return progress->awaited;
}

unsigned progress_limit(void)
{
	return progress->limit;
}
