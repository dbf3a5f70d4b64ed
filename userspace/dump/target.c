// SPDX-License-Identifier: GPL-2.0
#include "dump/target.h"

#include "base/error.h"
#include "dump/target_kinds.h"

static const struct hc_dump_target_kind *const kinds[HC_DUMP_KINDS] = {
	[HC_DUMP_TO_FILE] = &hc_dump_target_file,
	[HC_DUMP_TO_BLOCK] = &hc_dump_target_block,
	[HC_DUMP_TO_SSH] = &hc_dump_target_ssh,
	[HC_DUMP_TO_VOLUME] = &hc_dump_target_volume,
};

int hc_dump_target_look(const struct hc_dump_config *config, struct hc_dump_target *ret_target)
{
	int r;

	*ret_target = (struct hc_dump_target){ 0 };
	r = kinds[config->target.kind]->find(config, ret_target);
	return r < 0 ? hc_context(r, "the dump target %s", config->target.text) : 0;
}

int hc_dump_target_find(const struct hc_dump_config *config, struct hc_dump_target *ret_target)
{
	const struct hc_dump_target_kind *kind = kinds[config->target.kind];
	int r = hc_dump_target_look(config, ret_target);

	if (r < 0 || !kind->try)
		return r;
	r = kind->try(config, ret_target);
	return r < 0 ? hc_context(r, "the dump target %s", config->target.text) : 0;
}

int hc_dump_target_put(const struct hc_dump_config *config, const struct hc_dump_target *target,
		       struct hc_cpio *cpio)
{
	const struct hc_dump_target_kind *kind = kinds[config->target.kind];

	return kind->put ? kind->put(config, target, cpio) : 0;
}

void hc_dump_target_state(const struct hc_dump_config *config,
			  struct hc_dump_state_place *ret_place)
{
	*ret_place = (struct hc_dump_state_place){ 0 };
	kinds[config->target.kind]->state(config, ret_place);
}
