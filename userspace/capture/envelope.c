// SPDX-License-Identifier: GPL-2.0
#include "capture/envelope.h"

#include <stdio.h>

#include "dump/recipients.h"

int envelope_write(struct target *target, const char *host, const char *build_id,
		   int (*streams)(const struct hc_dump_config *config,
				  struct hc_dump_writer *writer))
{
	HC_DUMP_RECIPIENTS recipients = { 0 };
	struct hc_dump_writer *writer = NULL;
	struct hc_dump_info info;
	int r = hc_dump_recipients_load(target->config, &recipients);

	if (r == 0)
		r = hc_dump_info_here(host, &info);
	if (r < 0)
		return r;
	snprintf(info.build_id, sizeof(info.build_id), "%s", build_id);
	r = hc_dump_writer_open(target->fd, &info, recipients.all, recipients.n, &writer);
	if (r < 0)
		return r;
	hc_dump_writer_limit(writer, target->room);
	if (target->in_steps)
		hc_dump_writer_in_steps(writer);
	r = streams(target->config, writer);
	if (r == 0)
		r = hc_dump_writer_finish(writer);
	target->bytes = hc_dump_writer_bytes(writer);
	hc_dump_writer_close(writer);
	return r;
}
