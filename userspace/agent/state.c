// SPDX-License-Identifier: GPL-2.0
#include "agent/state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json.h>

#include "base/error.h"

static struct json_object *text_or_null(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
}

/* Moment @at of the plan's clock in words, or null. */
static struct json_object *moment(uint64_t at, uint64_t now)
{
	int64_t away = (int64_t)(at - now) / 1000000;
	time_t wall = time(NULL) + (time_t)away;
	char text[32];
	struct tm tm;

	if (at == PLAN_NEVER || !gmtime_r(&wall, &tm))
		return NULL;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_object_new_string(text);
}

static struct json_object *error_of(const struct plan_result *result)
{
	struct json_object *error;

	if (result->code == 0)
		return NULL;
	error = json_object_new_object();
	json_object_object_add(error, "word", json_object_new_string(hc_error_word(result->code)));
	json_object_object_add(error, "exit", json_object_new_int(hc_error_exit(result->code)));
	json_object_object_add(error, "message", json_object_new_string(result->message));
	return error;
}

static struct json_object *volume_object(const struct plan_volume *volume, uint64_t now)
{
	const struct hc_volume_trace *trace = &volume->result.trace;
	const char *provider = trace->provider[0] ? trace->provider : volume->entry.provider;
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(volume->entry.name));
	json_object_object_add(object, "device", json_object_new_string(volume->entry.device));
	json_object_object_add(object, "state",
			       json_object_new_string(plan_state_name(volume->state)));
	json_object_object_add(object, "uuid", json_object_new_string(trace->uuid));
	json_object_object_add(object, "provider",
			       json_object_new_string(provider ? provider : ""));
	json_object_object_add(object, "endpoint", json_object_new_string(trace->endpoint));
	json_object_object_add(object, "kek", json_object_new_string(trace->kek_id));
	json_object_object_add(object, "error", error_of(&volume->result));
	json_object_object_add(object, "attempts", json_object_new_int64(volume->attempts));
	json_object_object_add(object, "last_attempt", moment(volume->last_attempt, now));
	json_object_object_add(object, "next_attempt", moment(volume->due, now));
	json_object_object_add(object, "since", moment(volume->since, now));
	return object;
}

static struct json_object *state_object(const struct plan *plan, const char *problem, uint64_t now)
{
	struct json_object *object = json_object_new_object();
	struct json_object *volumes = json_object_new_array();

	for (size_t i = 0; i < plan->n_volumes; i++)
		if (!plan->volumes[i]->dropped)
			json_object_array_add(volumes, volume_object(plan->volumes[i], now));
	json_object_object_add(object, "version", json_object_new_int(1));
	json_object_object_add(object, "pid", json_object_new_int64(getpid()));
	json_object_object_add(object, "first_pass_done",
			       json_object_new_boolean(plan_first_pass_done(plan)));
	json_object_object_add(object, "problem", text_or_null(problem));
	json_object_object_add(object, "volumes", volumes);
	return object;
}

int state_write(const char *path, const struct plan *plan, const char *problem, uint64_t now)
{
	struct json_object *object = state_object(plan, problem, now);
	char temporary[4096];
	int r = 0;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		r = hc_fail(HC_E_USAGE, "%s: the path is too long", path);
	else if (json_object_to_file_ext(temporary, object,
					 JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE) <
		 0)
		r = hc_fail(HC_E_SYSTEM, "cannot write %s: %s", temporary,
			    json_util_get_last_err());
	else if (rename(temporary, path) < 0)
		r = hc_fail_errno(errno, "cannot put %s in place", path);
	json_object_put(object);
	return r;
}

/* snprintf() at the end of what @buffer holds; false when it was cut. */
__attribute__((format(printf, 3, 4))) static bool add(char *buffer, size_t size, const char *format,
						      ...)
{
	size_t used = strlen(buffer);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buffer + used, size - used, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < size - used)
		return true;
	buffer[used] = '\0';
	return false;
}

static bool add_volume(const struct plan_volume *volume, const char *separator, char *buffer,
		       size_t size)
{
	if (volume->result.code)
		return add(buffer, size, "%s%s %s (%s)", separator, volume->entry.name,
			   plan_state_name(volume->state), hc_error_word(volume->result.code));
	return add(buffer, size, "%s%s %s", separator, volume->entry.name,
		   plan_state_name(volume->state));
}

void state_line(const struct plan *plan, const char *problem, char *buffer, size_t size)
{
	static const char more[] = ", ...";
	size_t n_open = 0, n = 0, shown = 0;

	for (size_t i = 0; i < plan->n_volumes; i++) {
		n += !plan->volumes[i]->dropped;
		n_open += !plan->volumes[i]->dropped && plan->volumes[i]->state == PLAN_OPEN;
	}
	buffer[0] = '\0';
	if (problem)
		add(buffer, size, "%s; ", problem);
	add(buffer, size, "%zu of %zu open", n_open, n);
	/* First those that an administrator looks for. */
	for (int open = 0; open < 2; open++)
		for (size_t i = 0; i < plan->n_volumes; i++) {
			const struct plan_volume *volume = plan->volumes[i];

			if (volume->dropped || (volume->state == PLAN_OPEN) != open)
				continue;
			if (!add_volume(volume, shown++ ? ", " : ": ", buffer,
					size - sizeof(more))) {
				strcat(buffer, more);
				return;
			}
		}
}
