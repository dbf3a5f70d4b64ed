// SPDX-License-Identifier: GPL-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *word;
	const char *text;
} errors[] = {
#define X(name, status, word, text) { HC_E_##name, word, text },
	HC_ERRORS(X)
#undef X
};

static char message[1024];

static void vrecord(const char *tail, const char *format, va_list args)
{
	char text[sizeof(message)];
	int n = vsnprintf(text, sizeof(text), format, args);

	if (n > 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, "%s", tail);
	memcpy(message, text, sizeof(message));
}

int hc_fail(enum hc_error code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vrecord("", format, args);
	va_end(args);
	return code;
}

int hc_fail_errno(int errnum, const char *format, ...)
{
	char tail[256];
	va_list args;

	snprintf(tail, sizeof(tail), ": %s", strerror(errnum));
	va_start(args, format);
	vrecord(tail, format, args);
	va_end(args);
	return HC_E_SYSTEM;
}

int hc_context(int code, const char *format, ...)
{
	char tail[sizeof(message) + 2];
	va_list args;

	snprintf(tail, sizeof(tail), ": %s", message);
	va_start(args, format);
	vrecord(tail, format, args);
	va_end(args);
	return code;
}

const char *hc_error_message(void)
{
	return message;
}

int hc_error_exit(int code)
{
	return code < 0 ? -code : code;
}

static size_t find(int code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == code)
			return i;
	return find(HC_E_INTERNAL);
}

const char *hc_error_word(int code)
{
	return errors[find(code)].word;
}

const char *hc_error_text(int code)
{
	return errors[find(code)].text;
}

int hc_error_from_word(const char *word)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].word, word) == 0)
			return errors[i].code;
	return HC_E_INTERNAL;
}
