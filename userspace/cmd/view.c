// SPDX-License-Identifier: GPL-2.0
#include "cmd/view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/voltab.h"
#include "cmd/output.h"

/* Copy a text that may be missing. */
static void copy(char *ret, size_t size, const char *text)
{
	snprintf(ret, size, "%s", text ? text : "");
}

#define COPY(array, text) copy((array), sizeof(array), (text))

/* The one called @name, made where it is not there yet; NULL without memory. */
static struct view *get(struct views *views, const char *name)
{
	struct view *more;

	for (size_t i = 0; i < views->n; i++)
		if (strcmp(views->all[i].info.name, name) == 0)
			return &views->all[i];
	more = realloc(views->all, (views->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	views->all = more;
	more += views->n++;
	memset(more, 0, sizeof(*more));
	COPY(more->info.name, name);
	COPY(more->state, "closed");
	return more;
}

static int add_open(struct views *views)
{
	struct hc_volume_info *infos = NULL;
	size_t n = 0;
	int r = hc_volume_list(&infos, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct view *view = get(views, infos[i].name);

		if (!view) {
			r = hc_fail(HC_E_MEMORY, "out of memory");
			break;
		}
		view->info = infos[i];
		view->is_open = true;
		COPY(view->device, infos[i].device);
		COPY(view->state, "open");
	}
	free(infos);
	return r;
}

/* A bad line is told, but what else there is to see is shown. */
static void warn_of_bad_line(void *userdata, const char *message)
{
	(void)userdata;
	fprintf(stderr, "hostcrypt: %s\n", message);
}

static int add_table(const struct cmd *cmd, struct views *views)
{
	HC_VOLTAB table = { 0 };
	int r = hc_voltab_load_good(cmd->volumes_path, warn_of_bad_line, NULL, &table);

	for (size_t i = 0; r == 0 && i < table.n_entries; i++) {
		const struct hc_voltab_entry *entry = &table.entries[i];
		struct view *view = get(views, entry->name);

		if (!view)
			return hc_fail(HC_E_MEMORY, "out of memory");
		COPY(view->header, entry->header);
		if (view->is_open)
			continue;
		COPY(view->device, entry->device);
		COPY(view->info.provider, entry->provider);
		if (entry->noauto)
			COPY(view->state, "noauto");
	}
	return r;
}

/* What the agent says of one volume. That it is open or not is for
 * device-mapper to say. */
static void take_agent_volume(struct json_object *json, struct view *view)
{
	struct json_object *error = hc_json_object(json, "error");
	const char *state = hc_json_text(json, "state");
	int64_t number;

	COPY(view->since, hc_json_text(json, "since"));
	if (view->is_open)
		return;
	if (state && strcmp(state, "open") != 0)
		COPY(view->state, state);
	COPY(view->info.uuid, hc_json_text(json, "uuid"));
	if (hc_json_text(json, "provider") && hc_json_text(json, "provider")[0])
		COPY(view->info.provider, hc_json_text(json, "provider"));
	COPY(view->info.kek_id, hc_json_text(json, "kek"));
	COPY(view->endpoint, hc_json_text(json, "endpoint"));
	COPY(view->last_attempt, hc_json_text(json, "last_attempt"));
	COPY(view->next_attempt, hc_json_text(json, "next_attempt"));
	if (hc_json_int(json, "attempts", 0, INT32_MAX, &number))
		view->attempts = (unsigned)number;
	if (!error)
		return;
	COPY(view->error_word, hc_json_text(error, "word"));
	COPY(view->error_message, hc_json_text(error, "message"));
	if (hc_json_int(error, "exit", 0, 255, &number))
		view->error_exit = (int)number;
}

static bool is_running(int pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* A state file that is not there, or that makes no sense, is no agent. */
static int add_agent(const struct cmd *cmd, struct views *views)
{
	HC_JSON root = json_object_from_file(cmd->state_path);
	struct json_object *volumes = hc_json_array(root, "volumes");
	struct json_object *first = NULL;
	int64_t pid = 0;

	if (!volumes || !hc_json_int(root, "pid", 1, INT32_MAX, &pid))
		return 0;
	views->agent_known = true;
	views->agent_pid = (int)pid;
	views->agent_runs = is_running((int)pid);
	COPY(views->agent_problem, hc_json_text(root, "problem"));
	views->first_pass_done = json_object_object_get_ex(root, "first_pass_done", &first) &&
				 json_object_get_boolean(first);
	for (size_t i = 0; i < json_object_array_length(volumes); i++) {
		struct json_object *json = json_object_array_get_idx(volumes, i);
		const char *name = hc_json_text(json, "name");
		struct view *view;

		if (!name || !hc_volume_name_valid(name))
			continue;
		view = get(views, name);
		if (!view)
			return hc_fail(HC_E_MEMORY, "out of memory");
		if (!view->device[0])
			COPY(view->device, hc_json_text(json, "device"));
		take_agent_volume(json, view);
	}
	return 0;
}

/* What the header says, where nobody said which key it is. */
static void add_header(struct view *view)
{
	const char *header = view->header[0] ? view->header : NULL;
	struct hc_volume_info found;
	char *path = NULL;

	if (view->info.kek_id[0] || !view->device[0])
		return;
	if (hc_voltab_resolve(view->device, &path) < 0)
		return;
	if (hc_volume_header(path, header, &found) == 0 &&
	    (!view->is_open || strcmp(found.uuid, view->info.uuid) == 0)) {
		memcpy(view->info.kek_id, found.kek_id, sizeof(found.kek_id));
		memcpy(view->info.wrapped_at, found.wrapped_at, sizeof(found.wrapped_at));
		memcpy(view->info.uuid, found.uuid, sizeof(found.uuid));
		memcpy(view->info.key_uuid, found.key_uuid, sizeof(found.key_uuid));
		view->info.sector_size = found.sector_size;
		view->info.data_offset = found.data_offset;
		if (!view->info.provider[0])
			memcpy(view->info.provider, found.provider, sizeof(found.provider));
	}
	free(path);
}

static void add_endpoint(const struct hc_config *config, struct view *view)
{
	const struct hc_provider_config *provider;

	if (!view->endpoint[0] && view->info.provider[0] &&
	    hc_config_provider(config, view->info.provider, &provider) == 0)
		hc_provider_endpoint(provider, view->endpoint, sizeof(view->endpoint));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct view *)a)->info.name, ((const struct view *)b)->info.name);
}

/* Keep only the one called @name. */
static int select_one(struct views *views, const char *name)
{
	for (size_t i = 0; i < views->n; i++) {
		if (strcmp(views->all[i].info.name, name) != 0)
			continue;
		views->all[0] = views->all[i];
		views->n = 1;
		return 0;
	}
	return hc_fail(HC_E_NOT_OPEN, "no volume %.64s is open, and the table of volumes has none",
		       name);
}

int view_load(const struct cmd *cmd, const char *name, struct views *ret_views)
{
	VIEWS views = { 0 };
	HC_CONFIG config = { 0 };
	int r = add_open(&views);

	if (r == 0)
		r = add_table(cmd, &views);
	if (r == 0)
		r = add_agent(cmd, &views);
	if (r == 0)
		r = hc_config_load(cmd->config_path, &config);
	if (r == 0 && name)
		r = select_one(&views, name);
	if (r < 0)
		return r;
	if (views.n)
		qsort(views.all, views.n, sizeof(*views.all), by_name);
	for (size_t i = 0; i < views.n; i++) {
		add_header(&views.all[i]);
		add_endpoint(&config, &views.all[i]);
	}
	*ret_views = views;
	views = (struct views){ 0 };
	return 0;
}

void view_free(struct views *views)
{
	free(views->all);
}

static void add_mapping(struct json_object *object, const struct hc_volume_info *info)
{
	out_json_text(object, "key_uuid", info->key_uuid);
	out_json_text(object, "cipher", info->cipher_driver);
	out_json_number(object, "sector_size", info->sector_size);
	out_json_number(object, "data_bytes", info->data_bytes);
	out_json_number(object, "data_offset", info->data_offset);
	out_json_bool(object, "suspended", info->suspended);
	out_json_bool(object, "readonly", info->readonly);
	out_json_bool(object, "discard", info->discard);
	out_json_number(object, "open_count", (uint64_t)info->open_count);
	out_json_number(object, "reads", info->reads);
	out_json_number(object, "read_bytes", info->read_bytes);
	out_json_number(object, "writes", info->writes);
	out_json_number(object, "written_bytes", info->written_bytes);
	out_json_number(object, "errors", info->errors);
}

struct json_object *view_to_json(const struct view *view)
{
	struct json_object *object = json_object_new_object();
	struct json_object *error = NULL;

	out_json_text(object, "name", view->info.name);
	out_json_text(object, "state", view->state);
	out_json_text(object, "device", view->device);
	out_json_text(object, "header", view->header);
	out_json_text(object, "uuid", view->info.uuid);
	out_json_text(object, "provider", view->info.provider);
	out_json_text(object, "endpoint", view->endpoint);
	out_json_text(object, "kek", view->info.kek_id);
	out_json_text(object, "wrapped_at", view->info.wrapped_at);
	if (view->error_word[0]) {
		error = json_object_new_object();
		out_json_text(error, "word", view->error_word);
		out_json_number(error, "exit", (uint64_t)view->error_exit);
		out_json_text(error, "message", view->error_message);
	}
	json_object_object_add(object, "error", error);
	out_json_number(object, "attempts", view->attempts);
	out_json_text(object, "last_attempt", view->last_attempt);
	out_json_text(object, "next_attempt", view->next_attempt);
	out_json_text(object, "since", view->since);
	if (view->is_open)
		add_mapping(object, &view->info);
	return object;
}

struct json_object *view_agent_to_json(const struct views *views)
{
	struct json_object *object;

	if (!views->agent_known)
		return NULL;
	object = json_object_new_object();
	out_json_number(object, "pid", (uint64_t)views->agent_pid);
	out_json_bool(object, "running", views->agent_runs);
	out_json_bool(object, "first_pass_done", views->first_pass_done);
	out_json_text(object, "problem", views->agent_problem);
	return object;
}
