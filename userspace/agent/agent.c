// SPDX-License-Identifier: GPL-2.0
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "agent/children.h"
#include "agent/journal.h"
#include "agent/plan.h"
#include "agent/state.h"
#include "agent/watch.h"
#include "base/config.h"
#include "base/error.h"

#define SECOND UINT64_C(1000000)
#define CLOCK CLOCK_BOOTTIME /* a host that slept has waited too */

struct agent {
	const struct agent_options *options;
	sd_event *event;
	sd_event_source *wake; /* timer for the plan's next moment */
	sd_event_source *look; /* timer for looking at open volumes */
	struct watch *watch;
	struct children *children;
	struct plan plan;
	struct hc_config config;
	bool config_good;   /* @config was read once; it stays when a newer one is bad */
	char problem[1024]; /* with the two files; "" for none */
	bool ready;	    /* systemd was told so */
	bool stopping;
	bool state_unwritable; /* said once */
	enum hc_kdump kdump;   /* as it was told last */
	char status[1536];     /* what systemd was told last */
};

static uint64_t clock_now(struct agent *agent)
{
	uint64_t now = 0;

	sd_event_now(agent->event, CLOCK, &now);
	return now;
}

/* One line when something changed, not one per try. */
static void tell_changes(struct agent *agent)
{
	for (size_t i = 0; i < agent->plan.n_volumes; i++) {
		struct plan_volume *volume = agent->plan.volumes[i];

		if (volume->dropped || !plan_news(volume))
			continue;
		journal_volume(volume);
		plan_told(volume);
	}
}

static void show_state(struct agent *agent)
{
	const char *problem = agent->problem[0] ? agent->problem : NULL;
	char line[sizeof(agent->status)];

	if (state_write(agent->options->state_path, &agent->plan, problem, clock_now(agent)) < 0) {
		if (!agent->state_unwritable)
			journal_line(LOG_ERR, "%s", hc_error_message());
		agent->state_unwritable = true;
	} else {
		agent->state_unwritable = false;
	}
	state_line(&agent->plan, problem, line, sizeof(line));
	if (strcmp(line, agent->status) != 0)
		sd_notifyf(0, "STATUS=%s", line);
	snprintf(agent->status, sizeof(agent->status), "%s", line);
	if (!agent->ready && plan_first_pass_done(&agent->plan)) {
		agent->ready = true;
		state_line(&agent->plan, NULL, line, sizeof(line));
		journal_line(LOG_INFO, "first pass over: %s", line);
		sd_notify(0, "READY=1");
	}
}

static int advance(struct agent *agent);

/*
 * Do what is due, show what came of it. It comes after every event, so an
 * error here is one that ends the agent.
 */
static int after_event(struct agent *agent)
{
	int r = advance(agent);

	tell_changes(agent);
	show_state(agent);
	if (agent->stopping && !children_any(agent->children))
		r = sd_event_exit(agent->event, 0);
	return r;
}

static void volume_tried(struct agent *agent, struct plan_volume *volume,
			 const struct plan_result *result)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	plan_ended(&agent->plan, volume, result, clock_now(agent), random);
}

static int on_over(void *userdata, struct plan_volume *volume, const struct plan_result *result)
{
	volume_tried(userdata, volume, result);
	return after_event(userdata);
}

static int on_overdue(void *userdata, struct plan_volume *volume, const struct plan_result *result)
{
	plan_overdue(volume, result, clock_now(userdata));
	return after_event(userdata);
}

/* Longer than every time limit inside, so it only meets what hangs. */
static uint64_t attempt_limit(const struct agent *agent)
{
	unsigned longest = 0;

	if (agent->options->attempt_limit_us)
		return agent->options->attempt_limit_us;
	for (size_t i = 0; i < agent->config.n_providers; i++) {
		const struct hc_provider_config *provider = &agent->config.providers[i];
		unsigned seconds = provider->connect_timeout_s + 2 * provider->timeout_s;

		if (seconds > longest)
			longest = seconds;
	}
	return (30 + longest) * SECOND;
}

static void try_volume(struct agent *agent, struct plan_volume *volume)
{
	struct plan_result result = { 0 };

	plan_started(volume, clock_now(agent));
	result.code = children_start(agent->children, &agent->config, volume, attempt_limit(agent));
	if (result.code == 0)
		return;
	snprintf(result.message, sizeof(result.message), "%s", hc_error_message());
	volume_tried(agent, volume, &result);
}

static int set_wake(struct agent *agent)
{
	uint64_t wake = plan_wake(&agent->plan, clock_now(agent));
	int r;

	if (wake == PLAN_NEVER || agent->stopping)
		return sd_event_source_set_enabled(agent->wake, SD_EVENT_OFF);
	r = sd_event_source_set_time(agent->wake, wake);
	return r < 0 ? r : sd_event_source_set_enabled(agent->wake, SD_EVENT_ONESHOT);
}

static int advance(struct agent *agent)
{
	struct plan_volume *volume;

	while (!agent->stopping && (volume = plan_next(&agent->plan, clock_now(agent))))
		try_volume(agent, volume);
	return set_wake(agent);
}

static int on_wake(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	return after_event(userdata);
}

/* Find what an administrator opened or closed behind the agent's back. */
static int look_at_volumes(struct agent *agent)
{
	bool changed = false;

	for (size_t i = 0; i < agent->plan.n_volumes; i++) {
		struct plan_volume *volume = agent->plan.volumes[i];
		bool was_open = volume->state == PLAN_OPEN;
		bool is_open;

		if (volume->trying || volume->state == PLAN_NOAUTO)
			continue;
		is_open = agent->options->is_open(volume->entry.name);
		if (is_open == was_open)
			continue;
		if (is_open)
			plan_found_open(volume, clock_now(agent));
		else
			plan_found_closed(volume, clock_now(agent));
		changed = true;
	}
	return changed ? after_event(agent) : 0;
}

/* A line for each change of what a panic would do with the host's memory. */
static void look_at_kdump(struct agent *agent)
{
	enum hc_kdump kdump = agent->options->kdump();

	if (kdump == agent->kdump)
		return;
	if (kdump == HC_KDUMP_CLEAR)
		journal_line(LOG_WARNING, HC_KDUMP_WARNING);
	else if (agent->kdump == HC_KDUMP_CLEAR)
		journal_line(LOG_INFO, "kdump would no longer write memory in clear");
	agent->kdump = kdump;
}

/* What "hostcrypt dump load" found out about the last crash. */
static void look_at_crash(struct agent *agent)
{
	FILE *file = fopen(agent->options->crash_path, "re");
	char line[2048];

	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		journal_line(LOG_WARNING, "%s", line);
	}
	fclose(file);
	unlink(agent->options->crash_path);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct agent *agent = userdata;

	(void)usec;
	sd_event_source_set_time_relative(source, agent->options->look_interval_us);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	look_at_kdump(agent);
	look_at_crash(agent);
	return look_at_volumes(agent);
}

static void on_bad_line(void *userdata, const char *message)
{
	struct agent *agent = userdata;

	journal_line(LOG_ERR, "%s", message);
	if (!agent->problem[0])
		snprintf(agent->problem, sizeof(agent->problem), "%s", message);
}

static void load_config(struct agent *agent)
{
	struct hc_config config = { 0 };

	if (hc_config_load(agent->options->config_path, &config) < 0) {
		on_bad_line(agent, hc_error_message());
		return;
	}
	hc_config_free(&agent->config);
	agent->config = config;
	agent->config_good = true;
}

static void load_volumes(struct agent *agent)
{
	HC_VOLTAB table = { 0 };

	if (hc_voltab_load_good(agent->options->volumes_path, on_bad_line, agent, &table) < 0 ||
	    plan_take(&agent->plan, &table, clock_now(agent)) < 0)
		on_bad_line(agent, hc_error_message());
}

/* With no providers to ask, what is not open cannot be opened. */
static void refuse_all(struct agent *agent)
{
	struct plan_result result = { .code = HC_E_CONFIG };

	snprintf(result.message, sizeof(result.message), "%s", agent->problem);
	for (size_t i = 0; i < agent->plan.n_volumes; i++) {
		struct plan_volume *volume = agent->plan.volumes[i];

		if (volume->state == PLAN_NOAUTO)
			continue;
		if (agent->options->is_open(volume->entry.name))
			plan_found_open(volume, clock_now(agent));
		else
			plan_refuse(volume, &result, clock_now(agent));
	}
}

static void load(struct agent *agent)
{
	agent->problem[0] = '\0';
	load_config(agent);
	load_volumes(agent);
	if (!agent->config_good)
		refuse_all(agent);
}

static int reload(struct agent *agent)
{
	if (agent->stopping)
		return 0;
	sd_notify(0, "RELOADING=1");
	load(agent);
	journal_line(LOG_INFO, "read the configuration again: %zu volumes", agent->plan.n_volumes);
	if (agent->ready)
		sd_notify(0, "READY=1");
	return after_event(agent);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	(void)info;
	return reload(userdata);
}

/*
 * A changed file is read without being asked only where something is wrong
 * with it as it was; else a half-finished edit would be taken.
 */
static int on_files_changed(void *userdata)
{
	struct agent *agent = userdata;

	if (!agent->problem[0] && !plan_any(&agent->plan, PLAN_FAILED))
		return 0;
	return reload(agent);
}

static int on_mappings_changed(void *userdata)
{
	return look_at_volumes(userdata);
}

static int on_device_appeared(void *userdata)
{
	struct agent *agent = userdata;

	plan_device_appeared(&agent->plan);
	return advance(agent);
}

static int on_stop_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct agent *agent = userdata;

	(void)source;
	(void)usec;
	children_kill(agent->children);
	return sd_event_exit(agent->event, 0);
}

/* A try under way may finish: one that is cut off could leave a key loaded. */
static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct agent *agent = userdata;
	int r = 0;

	(void)source;
	(void)info;
	sd_notify(0, "STOPPING=1");
	if (!agent->stopping && children_any(agent->children))
		r = sd_event_add_time_relative(agent->event, NULL, CLOCK,
					       agent->options->stop_limit_us, 0, on_stop_limit,
					       agent);
	agent->stopping = true;
	return r < 0 ? r : after_event(agent);
}

static int set_up_events(struct agent *agent)
{
	static const struct children_calls children_calls = {
		.over = on_over,
		.overdue = on_overdue,
	};
	static const struct watch_calls watch_calls = {
		.files_changed = on_files_changed,
		.mappings_changed = on_mappings_changed,
		.device_appeared = on_device_appeared,
	};
	const struct agent_options *options = agent->options;
	sigset_t mask;
	int r;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	r = sd_event_new(&agent->event);
	if (r >= 0)
		r = sd_event_add_signal(agent->event, NULL, SIGTERM, on_stop, agent);
	if (r >= 0)
		r = sd_event_add_signal(agent->event, NULL, SIGINT, on_stop, agent);
	if (r >= 0)
		r = sd_event_add_signal(agent->event, NULL, SIGHUP, on_hangup, agent);
	if (r >= 0)
		r = sd_event_add_time(agent->event, &agent->wake, CLOCK, PLAN_NEVER, 1, on_wake,
				      agent);
	if (r >= 0)
		r = sd_event_add_time_relative(agent->event, &agent->look, CLOCK,
					       options->look_interval_us, 0, on_look, agent);
	if (r >= 0)
		r = sd_event_set_watchdog(agent->event, true);
	if (r < 0)
		return hc_fail_errno(-r, "cannot set up the event loop");
	r = children_new(agent->event, options->open, &children_calls, agent, &agent->children);
	if (r < 0)
		return r;
	return watch_start(agent->event, &watch_calls, agent, options->config_path,
			   options->volumes_path, &agent->watch);
}

static void tear_down(struct agent *agent)
{
	children_free(agent->children);
	watch_stop(agent->watch);
	sd_event_source_disable_unref(agent->wake);
	sd_event_source_disable_unref(agent->look);
	sd_event_unref(agent->event);
	plan_free(&agent->plan);
	hc_config_free(&agent->config);
}

int agent_run(const struct agent_options *options)
{
	struct agent agent = {
		.options = options,
		.plan = { .parallel = options->parallel, .range = options->retry },
	};
	int r;

	r = set_up_events(&agent);
	if (r == 0) {
		load(&agent);
		look_at_kdump(&agent);
		look_at_crash(&agent);
		r = after_event(&agent);
		if (r >= 0)
			r = sd_event_loop(agent.event);
		if (r < 0)
			r = hc_fail_errno(-r, "the event loop broke");
	}
	tear_down(&agent);
	return r;
}
