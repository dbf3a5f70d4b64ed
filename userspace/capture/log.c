// SPDX-License-Identifier: GPL-2.0
#include "capture/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char kept[64 * 1024];
static size_t used;

void log_say(const char *format, ...)
{
	char line[1200], text[1024];
	struct timespec now;
	va_list args;
	size_t length;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(line, sizeof(line), "[%5lld.%03ld] %s\n", (long long)now.tv_sec,
		 now.tv_nsec / 1000000, text);
	fprintf(stderr, "hostcrypt-capture: %s\n", text);
	length = strlen(line);
	if (used + length > sizeof(kept))
		return;
	memcpy(kept + used, line, length);
	used += length;
}

void log_lines(const char *name, int fd)
{
	char text[8192], *line, *save = NULL;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_say("%s: %s", name, line);
}

const char *log_text(size_t *ret_size)
{
	*ret_size = used;
	return kept;
}
