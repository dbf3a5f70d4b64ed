// SPDX-License-Identifier: GPL-2.0
/*
 * The whole agent but for hc_volume_open(): it runs in a process of its own,
 * with its real loop, children, files and notifications, on short times. What
 * opening a volume does is said by the last word of its device's path.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json.h>

#include "agent/agent.h"
#include "base/error.h"

#define MS UINT64_C(1000)

static char folder[64]; /* of one test */
static pid_t agent;
static unsigned attempt_limit_ms = 20000;
static int notify = -1;
static char notified[65536]; /* all that systemd would have been told */
static char state_text[65536];

/* ---- what stands for the volume library and the machine ---- */

static const char *in_folder(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static bool exists(const char *name)
{
	return access(in_folder(name), F_OK) == 0;
}

static bool put(const char *name, const char *text)
{
	FILE *file = fopen(in_folder(name), "we");

	return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

static bool append(const char *name, const char *text)
{
	FILE *file = fopen(in_folder(name), "ae");

	return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

static size_t size_of(const char *name)
{
	struct stat st;

	return stat(in_folder(name), &st) == 0 ? (size_t)st.st_size : 0;
}

static bool is_open(const char *name)
{
	char marker[128];

	snprintf(marker, sizeof(marker), "open.%s", name);
	return exists(marker);
}

static enum hc_kdump kdump(void)
{
	return exists("kdump-clear") ? HC_KDUMP_CLEAR :
	       exists("kdump-encrypted") ? HC_KDUMP_ENCRYPTED :
					   HC_KDUMP_OFF;
}

static void sleep_ms(unsigned ms)
{
	const struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

static int really_open(const char *name)
{
	char marker[128];

	if (is_open(name))
		return 0;
	append("opened", "x");
	snprintf(marker, sizeof(marker), "open.%s", name);
	return put(marker, "") ? 0 : hc_fail(HC_E_SYSTEM, "no marker");
}

static int ask_server(struct hc_volume_trace *trace)
{
	snprintf(trace->uuid, sizeof(trace->uuid), "2f1c5a60-0b1d-4c7e-9a3f-6d2e8b904c11");
	snprintf(trace->provider, sizeof(trace->provider), "main");
	snprintf(trace->endpoint, sizeof(trace->endpoint), "kms:5696");
	snprintf(trace->kek_id, sizeof(trace->kek_id), "kek-7");
	append("asked", "x");
	return exists("server") ? 0 : hc_fail(HC_E_KMS_UNREACHABLE, "kms:5696: nobody there");
}

/* Only those that run side by side get past this. */
static void wait_for_all(void)
{
	append("started", "x");
	while (size_of("started") < 5)
		sleep_ms(10);
}

static void hang(void)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	append("hanging", pid);
	for (;;)
		pause();
}

static int open_double(const struct hc_config *config, const struct hc_volume_open *open,
		       struct hc_volume_trace *trace)
{
	const char *what = strrchr(open->device, '/') + 1;
	int r = 0;

	(void)config;
	if (strncmp(what, "together", 8) == 0)
		wait_for_all();
	else if (strcmp(what, "gate") == 0)
		while (!exists("gate"))
			sleep_ms(10);
	else if (strcmp(what, "hang") == 0)
		hang();
	else if (strcmp(what, "missing") == 0 && !exists("device"))
		r = hc_fail(HC_E_DEVICE_MISSING, "%s: not there", open->device);
	else if (strcmp(what, "tampered") == 0)
		r = hc_fail(HC_E_HEADER_MAC, "tampered");
	else if (strcmp(what, "crash") == 0)
		raise(SIGKILL);
	else if (strcmp(what, "silent") == 0)
		_exit(0);
	else if (strcmp(what, "hostile") == 0)
		r = hc_fail(HC_E_KMIP_REFUSED, "a\nREADY=1\x1b[31m\"%0900d", 0);
	else if (strncmp(what, "kms", 3) == 0)
		r = ask_server(trace);
	return r < 0 ? r : really_open(open->name);
}

/* ---- running the agent ---- */

static void in_agent(void)
{
	struct agent_options options = {
		.config_path = strdup(in_folder("conf")),
		.volumes_path = strdup(in_folder("volumes")),
		.state_path = strdup(in_folder("state")),
		.open = open_double,
		.is_open = is_open,
		.kdump = kdump,
		.crash_path = strdup(in_folder("crash")),
		.retry = { 20 * MS, 80 * MS },
		.attempt_limit_us = attempt_limit_ms * MS,
		.look_interval_us = 30 * MS,
		.stop_limit_us = 1000 * MS,
		.parallel = 8,
	};
	int log = open(in_folder("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int r;

	dup2(log, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	setenv("NOTIFY_SOCKET", in_folder("notify"), 1);
	r = agent_run(&options);
	_exit(hc_error_exit(r));
}

static void start_agent(void)
{
	fflush(NULL);
	agent = fork();
	if (agent == 0)
		in_agent();
}

static void begin(const char *volumes)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(folder, sizeof(folder), "/tmp/hostcrypt-agent-XXXXXX");
	if (!EXPECT(mkdtemp(folder)))
		exit(1);
	notified[0] = '\0';
	notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_folder("notify"));
	EXPECT(bind(notify, (struct sockaddr *)&address, sizeof(address)) == 0);
	EXPECT(put("volumes", volumes));
	start_agent();
}

/* Wait status of the agent after @signal. */
static int stop_agent(int signal)
{
	int status = -1;

	kill(agent, signal);
	waitpid(agent, &status, 0);
	agent = 0;
	return status;
}

static void end(void)
{
	char command[128];

	if (agent) {
		int status = stop_agent(SIGTERM);

		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(notify);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	EXPECT(system(command) == 0);
}

/* ---- looking at it ---- */

static void read_notifications(void)
{
	size_t used = strlen(notified);
	ssize_t n;

	while ((n = recv(notify, notified + used, sizeof(notified) - used - 2, 0)) > 0) {
		used += (size_t)n;
		notified[used++] = '\n';
		notified[used] = '\0';
	}
}

static bool told(const char *line)
{
	char wanted[256];

	read_notifications();
	snprintf(wanted, sizeof(wanted), "%s\n", line);
	for (const char *at = strstr(notified, wanted); at; at = strstr(at + 1, wanted))
		if (at == notified || at[-1] == '\n')
			return true;
	return false;
}

static struct json_object *read_state(void)
{
	FILE *file = fopen(in_folder("state"), "re");
	size_t n;

	if (!file)
		return NULL;
	n = fread(state_text, 1, sizeof(state_text) - 1, file);
	state_text[n] = '\0';
	fclose(file);
	return json_tokener_parse(state_text);
}

static void copy_field(struct json_object *object, const char *field, char *buffer, size_t size)
{
	struct json_object *value = json_object_object_get(object, field);

	snprintf(buffer, size, "%s", value ? json_object_get_string(value) : "null");
}

/* @field of volume @name, "error.word" too; "" when there is no such volume. */
static const char *shown(const char *name, const char *field)
{
	static char buffer[2048];
	struct json_object *state = read_state();
	struct json_object *volumes = json_object_object_get(state, "volumes");
	size_t n = volumes ? json_object_array_length(volumes) : 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		struct json_object *volume = json_object_array_get_idx(volumes, i);
		char found[64];

		copy_field(volume, "name", found, sizeof(found));
		if (strcmp(found, name) != 0)
			continue;
		if (strncmp(field, "error.", 6) == 0)
			copy_field(json_object_object_get(volume, "error"), field + 6, buffer,
				   sizeof(buffer));
		else
			copy_field(volume, field, buffer, sizeof(buffer));
	}
	json_object_put(state);
	return buffer;
}

static bool shows(const char *name, const char *field, const char *value)
{
	return strcmp(shown(name, field), value) == 0;
}

/* Wait up to 10 s for @condition. */
#define SOON(condition)                                                                            \
	({                                                                                         \
		bool soon_ = false;                                                                \
		for (int i_ = 0; i_ < 1000 && !soon_; i_++) {                                      \
			read_notifications(); /* a full socket blocks the agent */                 \
			soon_ = (condition);                                                       \
			if (!soon_)                                                                \
				sleep_ms(10);                                                      \
		}                                                                                  \
		unit_expect(soon_, #condition, __FILE__, __LINE__);                                \
	})

static unsigned lines_with(const char *word)
{
	FILE *file = fopen(in_folder("log"), "re");
	char line[4096];
	unsigned n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, word) != NULL;
	if (file)
		fclose(file);
	return n;
}

static uint64_t ms_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Whether the process that hang() told of last is there. */
static bool hangs(void)
{
	FILE *file = fopen(in_folder("hanging"), "re");
	int pid = 0;

	while (file && fscanf(file, "%d", &pid) == 1)
		;
	if (file)
		fclose(file);
	return pid > 0 && kill(pid, 0) == 0;
}

/* ---- tests ---- */

static void volumes_open_in_parallel(void)
{
	begin("a /d/together1\nb /d/together2\nc /d/together3\nd /d/together4\ne /d/together5\n");
	SOON(told("READY=1"));
	EXPECT(shows("a", "state", "open") && shows("e", "state", "open"));
	EXPECT(told("STATUS=5 of 5 open: a open, b open, c open, d open, e open"));
	end();
}

static void ready_comes_after_the_first_pass(void)
{
	begin("a /d/gate\nb /d/missing\nc /d/tampered\nn /d/ok - noauto\n");
	SOON(shows("b", "state", "waiting") && shows("c", "state", "failed"));
	EXPECT(shows("a", "state", "opening") && !told("READY=1"));
	EXPECT(put("gate", ""));
	SOON(told("READY=1"));
	EXPECT(shows("a", "state", "open") && shows("n", "state", "noauto") && !is_open("n"));
	EXPECT(shows("b", "error.word", "device-missing") && shows("b", "error.exit", "20"));
	EXPECT(shows("b", "error.message", "/d/missing: not there"));
	EXPECT(shows("c", "error.word", "header-mac") && shows("c", "next_attempt", "null"));
	EXPECT(told("STATUS=1 of 4 open: b waiting (device-missing), c failed (header-mac), "
		    "n noauto, a open"));
	end();
}

static void no_volumes_is_ready_at_once(void)
{
	begin("");
	SOON(told("READY=1"));
	EXPECT(told("STATUS=0 of 0 open"));
	end();
}

static void hanging_volume_holds_up_nobody(void)
{
	attempt_limit_ms = 2000;
	begin("h /d/hang\na /d/ok\nb /d/kms\n");
	SOON(shows("a", "state", "open") && shows("b", "state", "locked"));
	EXPECT(shows("h", "state", "opening") && !told("READY=1"));
	SOON(told("READY=1"));
	EXPECT(shows("h", "state", "waiting") && shows("h", "error.word", "system"));
	EXPECT(strstr(shown("h", "error.message"), "did not come to an end"));
	SOON(atoi(shown("h", "attempts")) >= 2);
	end();
	attempt_limit_ms = 20000;
}

static void locked_volume_opens_when_the_server_is_back(void)
{
	begin("a /d/kms1\nb /d/kms2\n");
	SOON(atoi(shown("a", "attempts")) >= 4);
	EXPECT(shows("a", "state", "locked") && shows("a", "error.word", "kms-unreachable"));
	EXPECT(shows("a", "provider", "main") && shows("a", "endpoint", "kms:5696"));
	EXPECT(shows("a", "kek", "kek-7"));
	EXPECT(told("READY=1") && !is_open("a"));
	EXPECT(lines_with("a: locked") == 1); /* not one per try */
	EXPECT(put("server", ""));
	SOON(shows("a", "state", "open") && shows("b", "state", "open"));
	EXPECT(shows("a", "error", "null") && shows("a", "kek", "kek-7"));
	EXPECT(lines_with("a: open") == 1);
	end();
}

static void tampered_header_is_not_retried(void)
{
	begin("a /d/tampered\n");
	SOON(told("READY=1"));
	sleep_ms(500);
	EXPECT(shows("a", "attempts", "1"));
	kill(agent, SIGHUP);
	SOON(shows("a", "attempts", "2"));
	end();
}

static void missing_device_is_awaited(void)
{
	begin("a /d/missing\n");
	SOON(atoi(shown("a", "attempts")) >= 3);
	EXPECT(put("device", ""));
	SOON(shows("a", "state", "open"));
	end();
}

static void child_that_dies_is_an_error_of_its_own(void)
{
	begin("a /d/crash\nb /d/silent\n");
	SOON(told("READY=1"));
	EXPECT(shows("a", "state", "waiting") && shows("a", "error.word", "internal"));
	EXPECT(strstr(shown("a", "error.message"), "ended by signal 9"));
	EXPECT(strstr(shown("b", "error.message"), "without a result"));
	SOON(atoi(shown("a", "attempts")) >= 2);
	end();
}

static void words_of_a_hostile_server_stay_words(void)
{
	char message[2048];

	begin("a /d/hostile\nh /d/gate\n");
	SOON(shows("a", "state", "locked"));
	snprintf(message, sizeof(message), "%s", shown("a", "error.message"));
	EXPECT(strncmp(message, "a?READY=1?[31m\"000", 18) == 0 && strlen(message) > 900);
	EXPECT(!told("READY=1")); /* "h" is not done */
	EXPECT(put("gate", ""));
	end();
}

static void restart_changes_nothing_for_open_volumes(void)
{
	begin("a /d/ok\nb /d/kms\n");
	SOON(told("READY=1"));
	EXPECT(is_open("a") && size_of("opened") == 1);
	stop_agent(SIGKILL);
	EXPECT(is_open("a"));
	notified[0] = '\0';
	start_agent();
	SOON(told("READY=1"));
	EXPECT(shows("a", "state", "open") && size_of("opened") == 1);
	stop_agent(SIGTERM);
	EXPECT(is_open("a") && told("STOPPING=1"));
	end();
}

static void closed_volume_is_left_alone(void)
{
	begin("a /d/ok\n");
	SOON(told("READY=1"));
	unlink(in_folder("open.a"));
	SOON(shows("a", "state", "closed"));
	sleep_ms(300);
	EXPECT(!is_open("a") && shows("a", "attempts", "1"));
	kill(agent, SIGHUP);
	SOON(shows("a", "state", "open") && is_open("a"));
	end();
}

static void volume_opened_by_hand_is_seen(void)
{
	begin("a /d/tampered\n");
	SOON(shows("a", "state", "failed"));
	EXPECT(put("open.a", ""));
	SOON(shows("a", "state", "open"));
	EXPECT(shows("a", "error", "null") && shows("a", "attempts", "1"));
	end();
}

static void reload_takes_the_new_table(void)
{
	begin("a /d/ok\nb /d/ok2\n");
	SOON(told("READY=1"));
	notified[0] = '\0';
	EXPECT(put("volumes", "b /d/ok2\nc /d/ok3\n"));
	kill(agent, SIGHUP);
	SOON(shows("c", "state", "open"));
	EXPECT(shows("a", "state", "") && is_open("a"));
	EXPECT(told("RELOADING=1") && told("READY=1"));
	EXPECT(strstr(notified, "RELOADING=1") < strstr(notified, "READY=1"));
	end();
}

static void bad_line_costs_only_its_volume(void)
{
	begin("a /d/ok\nb d/ok2\nc /d/ok3\n");
	SOON(told("READY=1"));
	EXPECT(is_open("a") && is_open("c") && !is_open("b"));
	json_object_put(read_state());
	EXPECT(strstr(state_text, "volumes:2: ") && lines_with("volumes:2: ") == 1);
	/* Mended: it is read without being asked. */
	EXPECT(put("volumes", "a /d/ok\nb /d/ok2\nc /d/ok3\n"));
	SOON(shows("b", "state", "open"));
	EXPECT(!strstr(state_text, "volumes:2: ") && size_of("opened") == 3);
	end();
}

static void bad_configuration_keeps_what_is_open(void)
{
	begin("");
	SOON(told("READY=1"));
	stop_agent(SIGTERM);
	EXPECT(put("volumes", "a /d/ok\nb /d/ok2\n"));
	EXPECT(put("open.a", "") && put("conf", "[provider x]\ntype = tpm\n"));
	notified[0] = '\0';
	start_agent();
	SOON(told("READY=1"));
	EXPECT(shows("a", "state", "open") && shows("b", "state", "failed"));
	EXPECT(shows("b", "error.word", "config") &&
	       strstr(shown("b", "error.message"), "conf:2:"));
	EXPECT(put("conf", "[provider x]\ntype = local\n"));
	SOON(shows("b", "state", "open"));
	/* A bad one later: the good one read before stays in force. */
	EXPECT(put("conf", "[x]\n") && put("volumes", "a /d/ok\nb /d/ok2\nc /d/ok3\n"));
	kill(agent, SIGHUP);
	SOON(shows("c", "state", "open"));
	EXPECT(strstr(state_text, "conf:1:"));
	end();
}

static void good_files_are_not_read_unasked(void)
{
	begin("a /d/ok\n");
	SOON(told("READY=1"));
	EXPECT(put("volumes", "a /d/ok\nb /d/ok2\n"));
	sleep_ms(1500);
	EXPECT(!is_open("b"));
	end();
}

static void stop_lets_a_try_finish(void)
{
	int status;

	begin("a /d/gate\n");
	SOON(shows("a", "state", "opening"));
	kill(agent, SIGTERM);
	SOON(told("STOPPING=1"));
	EXPECT(put("gate", ""));
	status = stop_agent(SIGTERM);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_open("a"));
	end();
}

static void stop_does_not_wait_for_ever(void)
{
	uint64_t start;
	int status;

	begin("a /d/hang\n");
	SOON(shows("a", "state", "opening") && hangs());
	start = ms_now();
	status = stop_agent(SIGTERM);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0 && ms_now() - start < 10000);
	SOON(!hangs());
	end();
}

static void kdump_in_clear_is_told_once_a_change(void)
{
	begin("");
	EXPECT(put("kdump-encrypted", ""));
	SOON(told("READY=1"));
	sleep_ms(300); /* ten looks */
	EXPECT(lines_with("kdump") == 0);
	EXPECT(put("kdump-clear", ""));
	SOON(lines_with("kdump is armed with a capture kernel that is not hostcrypt's") == 1);
	sleep_ms(300);
	EXPECT(lines_with("kdump") == 1);
	unlink(in_folder("kdump-clear"));
	SOON(lines_with("kdump would no longer write memory in clear") == 1);
	EXPECT(put("kdump-clear", ""));
	SOON(lines_with("kdump is armed") == 2);
	end();
}

/* Armed before the agent starts, as kdump-tools does at boot. */
static void kdump_in_clear_is_told_at_the_start(void)
{
	begin("");
	SOON(told("READY=1"));
	stop_agent(SIGTERM);
	EXPECT(put("kdump-clear", "") && lines_with("kdump") == 0);
	notified[0] = '\0';
	start_agent();
	SOON(told("READY=1"));
	EXPECT(lines_with("kdump is armed") == 1);
	end();
}

static void a_crash_is_told_once(void)
{
	char fresh[256];

	begin("");
	SOON(told("READY=1"));
	snprintf(fresh, sizeof(fresh), "%s", in_folder("crash.new"));
	EXPECT(put("crash.new", "the crash of 2026 left no dump: why\n") &&
	       rename(fresh, in_folder("crash")) == 0);
	SOON(lines_with("the crash of 2026 left no dump: why") == 1);
	SOON(!exists("crash"));
	stop_agent(SIGTERM);
	notified[0] = '\0';
	start_agent();
	SOON(told("READY=1"));
	EXPECT(lines_with("the crash of") == 1);
	end();
}

static void watchdog_is_fed(void)
{
	begin("");
	stop_agent(SIGKILL);
	setenv("WATCHDOG_USEC", "200000", 1);
	unsetenv("WATCHDOG_PID");
	start_agent();
	SOON(told("WATCHDOG=1"));
	unsetenv("WATCHDOG_USEC");
	end();
}

int main(void)
{
	RUN(volumes_open_in_parallel);
	RUN(ready_comes_after_the_first_pass);
	RUN(no_volumes_is_ready_at_once);
	RUN(hanging_volume_holds_up_nobody);
	RUN(locked_volume_opens_when_the_server_is_back);
	RUN(tampered_header_is_not_retried);
	RUN(missing_device_is_awaited);
	RUN(child_that_dies_is_an_error_of_its_own);
	RUN(words_of_a_hostile_server_stay_words);
	RUN(restart_changes_nothing_for_open_volumes);
	RUN(closed_volume_is_left_alone);
	RUN(volume_opened_by_hand_is_seen);
	RUN(reload_takes_the_new_table);
	RUN(bad_line_costs_only_its_volume);
	RUN(bad_configuration_keeps_what_is_open);
	RUN(good_files_are_not_read_unasked);
	RUN(stop_lets_a_try_finish);
	RUN(stop_does_not_wait_for_ever);
	RUN(kdump_in_clear_is_told_once_a_change);
	RUN(kdump_in_clear_is_told_at_the_start);
	RUN(a_crash_is_told_once);
	RUN(watchdog_is_fed);
	return unit_result();
}
