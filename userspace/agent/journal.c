// SPDX-License-Identifier: GPL-2.0
#include "agent/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/error.h"

/* systemd tells the journal's stream in the environment as DEVICE:INODE. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void journal_line(int priority, const char *format, ...)
{
	char message[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (stderr_is_journal())
		sd_journal_send("MESSAGE=%s", message, "PRIORITY=%i", priority, NULL);
	else
		fprintf(stderr, "hostcryptd: %s\n", message);
}

static int priority_of(const struct plan_volume *volume)
{
	switch (volume->state) {
	case PLAN_FAILED:
		return LOG_ERR;
	case PLAN_LOCKED:
	case PLAN_WAITING:
		return volume->result.code ? LOG_WARNING : LOG_INFO;
	default:
		return LOG_INFO;
	}
}

void journal_volume(const struct plan_volume *volume)
{
	const struct plan_result *result = &volume->result;
	const char *state = plan_state_name(volume->state);
	char message[1280];

	snprintf(message, sizeof(message), "%s: %s%s%s%s", volume->entry.name, state,
		 result->message[0] ? ": " : "", result->message,
		 volume->state == PLAN_FAILED ? " (no more tries before a reload)" : "");
	if (!stderr_is_journal()) {
		fprintf(stderr, "hostcryptd: %s\n", message);
		return;
	}
	sd_journal_send("MESSAGE=%s", message, "PRIORITY=%i", priority_of(volume),
			"HOSTCRYPT_VOLUME=%s", volume->entry.name, "HOSTCRYPT_STATE=%s", state,
			"HOSTCRYPT_ERROR=%s", result->code ? hc_error_word(result->code) : "",
			"HOSTCRYPT_PROVIDER=%s", result->trace.provider, "HOSTCRYPT_ENDPOINT=%s",
			result->trace.endpoint, "HOSTCRYPT_KEK=%s", result->trace.kek_id, NULL);
}
