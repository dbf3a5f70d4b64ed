// SPDX-License-Identifier: GPL-2.0
#include "agent/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json.h>

#include "base/error.h"

/* All texts of a result, each byte as \u00xx, and the names around them. */
#define REPORT_MAX (8 * sizeof(struct plan_result))

/* The texts of a result by the names they have on the pipe. */
struct text {
	const char *name;
	char *data;
	size_t size;
};
#define N_TEXTS 5

static void texts_of(struct plan_result *result, struct text texts[N_TEXTS])
{
	const struct text all[N_TEXTS] = {
		{ "message", result->message, sizeof(result->message) },
		{ "uuid", result->trace.uuid, sizeof(result->trace.uuid) },
		{ "provider", result->trace.provider, sizeof(result->trace.provider) },
		{ "endpoint", result->trace.endpoint, sizeof(result->trace.endpoint) },
		{ "kek", result->trace.kek_id, sizeof(result->trace.kek_id) },
	};

	memcpy(texts, all, sizeof(all));
}

/* The child's report: one line of JSON, smaller than a pipe's buffer. */
static void report(int fd, struct plan_result *result)
{
	struct json_object *object = json_object_new_object();
	struct text texts[N_TEXTS];
	const char *line;

	texts_of(result, texts);
	json_object_object_add(object, "code", json_object_new_int(result->code));
	for (size_t i = 0; i < N_TEXTS; i++)
		json_object_object_add(object, texts[i].name,
				       json_object_new_string(texts[i].data));
	line = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	if (line)
		dprintf(fd, "%s\n", line);
	json_object_put(object);
}

/*
 * fork() keeps what hc_process_harden() set (no core, no tracing) but the
 * locks on memory, so these are taken again before a key comes near.
 */
static int harden_child(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		return hc_fail(HC_E_MEMORY,
			       "cannot lock memory (%s); run as root, or raise LimitMEMLOCK",
			       strerror(errno));
	return 0;
}

/* The agent blocks and handles signals; the child and modprobe shall not. */
static void reset_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int open_volume(attempt_open open, const struct hc_config *config,
		       const struct hc_voltab_entry *entry, struct hc_volume_trace *trace)
{
	const struct hc_volume_open wanted = {
		.name = entry->name,
		.device = entry->device,
		.header = entry->header,
		.provider = entry->provider,
		.discard = entry->discard,
		.allow_slow_cipher = entry->allow_slow_cipher,
	};
	int r = harden_child();

	return r < 0 ? r : open(config, &wanted, trace);
}

__attribute__((noreturn)) static void run_child(attempt_open open, const struct hc_config *config,
						const struct hc_voltab_entry *entry, int fd)
{
	struct plan_result result = { 0 };

	reset_signals();
	prctl(PR_SET_NAME, "hostcrypt-open");
	result.code = open_volume(open, config, entry, &result.trace);
	if (result.code < 0)
		snprintf(result.message, sizeof(result.message), "%s", hc_error_message());
	report(fd, &result);
	_exit(0);
}

int attempt_start(attempt_open open, const struct hc_config *config,
		  const struct hc_voltab_entry *entry, pid_t *ret_pid, int *ret_fd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return hc_fail_errno(errno, "cannot make a pipe");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run_child(open, config, entry, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		int e = errno;

		close(fds[0]);
		return hc_fail_errno(e, "cannot start a process");
	}
	*ret_pid = pid;
	*ret_fd = fds[0];
	return 0;
}

/* All there is on @fd; the writer has ended. */
static size_t read_report(int fd, char *buffer, size_t size)
{
	size_t used = 0;
	ssize_t n = 1;

	/* modprobe, say, may still hold the other end: do not wait for its end. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (n > 0 && used < size - 1) {
		do
			n = read(fd, buffer + used, size - 1 - used);
		while (n < 0 && errno == EINTR);
		if (n > 0)
			used += (size_t)n;
	}
	buffer[used] = '\0';
	return used;
}

static void copy_text(struct json_object *object, const struct text *text)
{
	struct json_object *value = json_object_object_get(object, text->name);

	if (!json_object_is_type(value, json_type_string))
		return;
	snprintf(text->data, text->size, "%s", json_object_get_string(value));
	for (char *c = text->data; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static int parse_report(const char *line, struct plan_result *result)
{
	struct json_object *object = json_tokener_parse(line);
	struct json_object *code = NULL;
	struct text texts[N_TEXTS];

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "code", &code)) {
		json_object_put(object);
		return -1;
	}
	result->code = json_object_get_int(code);
	texts_of(result, texts);
	for (size_t i = 0; i < N_TEXTS; i++)
		copy_text(object, &texts[i]);
	json_object_put(object);
	return 0;
}

void attempt_result(int fd, int status, struct plan_result *ret_result)
{
	static char buffer[REPORT_MAX];
	size_t used = read_report(fd, buffer, sizeof(buffer));

	close(fd);
	*ret_result = (struct plan_result){ 0 };
	if (used > 0 && parse_report(buffer, ret_result) == 0)
		return;
	ret_result->code = HC_E_INTERNAL;
	if (WIFSIGNALED(status))
		snprintf(ret_result->message, sizeof(ret_result->message),
			 "the process that opened the volume was ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(ret_result->message, sizeof(ret_result->message),
			 "the process that opened the volume ended without a result");
}
