/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One picture of all volumes, from three places: device-mapper (what is open),
 * the agent's state file (what it tries and what it was answered), and the
 * table of volumes (what there should be). Each place may be missing.
 */
#ifndef HC_CMD_VIEW_H
#define HC_CMD_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "cmd/cmd.h"
#include "volume/volume.h"

struct view {
	/* From device-mapper when @is_open; else name, and from the header, where
	 * it can be read, uuid, key_uuid, data_offset, sector_size, provider,
	 * kek_id, wrapped_at. */
	struct hc_volume_info info;
	bool is_open;
	/* "open", "closed", or what the agent says: "locked", "waiting", "failed",
	 * "noauto", "opening". */
	char state[16];
	char device[256]; /* as the table of volumes or device-mapper name it */
	char header[256];
	char endpoint[320];
	/* From the agent; empty where it said nothing. */
	char error_word[32];
	char error_message[1024];
	int error_exit;
	unsigned attempts;
	char last_attempt[32], next_attempt[32], since[32];
};

struct views {
	struct view *all;
	size_t n;
	/* The agent's state file was read; its process is there. */
	bool agent_known, agent_runs, first_pass_done;
	int agent_pid;
	char agent_problem[512]; /* what it says of its own files; "" for nothing */
};

/* @name: only this one, or NULL for all. */
int view_load(const struct cmd *cmd, const char *name, struct views *ret_views);
void view_free(struct views *views);

/* As JSON; README and "hostcrypt help status" describe the members. */
struct json_object *view_to_json(const struct view *view);
struct json_object *view_agent_to_json(const struct views *views);

#define VIEWS __attribute__((cleanup(view_free))) struct views

#endif
