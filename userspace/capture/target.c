// SPDX-License-Identifier: GPL-2.0
#include "capture/target.h"

#include "capture/mount.h"
#include "capture/target_kinds.h"

static const struct target_kind *const kinds[HC_DUMP_KINDS] = {
	[HC_DUMP_TO_FILE] = &target_file,
	[HC_DUMP_TO_BLOCK] = &target_block,
	[HC_DUMP_TO_SSH] = &target_ssh,
	[HC_DUMP_TO_VOLUME] = &target_volume,
};

static const struct target_kind *kind_of(const struct target *target)
{
	return kinds[target->config->target.kind];
}

void target_init(struct target *target, const struct hc_dump_config *config)
{
	*target = (struct target){ .config = config, .fd = -1, .room = UINT64_MAX };
}

int target_state(struct target *target, struct hc_dump_state_place *ret_place)
{
	return kind_of(target)->state(target, ret_place);
}

int target_open(struct target *target, const char *host, long long now)
{
	return kind_of(target)->open(target, host, now);
}

int target_commit(struct target *target)
{
	int r = kind_of(target)->commit(target);

	target->whole = r == 0;
	return r;
}

void target_discard(struct target *target)
{
	kind_of(target)->discard(target);
}

void target_recover(struct target *target)
{
	/* With the name, there may be something of that name. */
	if (target->name[0] && !target->whole)
		kind_of(target)->recover(target);
}

void target_close(void)
{
	mount_end();
}
