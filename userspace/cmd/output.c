// SPDX-License-Identifier: GPL-2.0
#include "cmd/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"

static bool is_coloured(FILE *file)
{
	const char *term = getenv("TERM");

	return isatty(fileno(file)) && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

const char *out_on(FILE *file, enum out_colour colour)
{
	static const char *const sequences[] = { "", "\033[1m", "\033[32m", "\033[33m",
						 "\033[31m" };

	return is_coloured(file) ? sequences[colour] : "";
}

const char *out_off(FILE *file)
{
	return is_coloured(file) ? "\033[0m" : "";
}

void out_title(const char *kind, const char *name)
{
	printf("%s%s:%s %s%s%s\n", out_on(stdout, OUT_GREEN), kind, out_off(stdout),
	       out_on(stdout, OUT_BOLD), name, out_off(stdout));
}

void out_field(const char *key, const char *format, ...)
{
	va_list args;

	printf("  %s%s:%s ", out_on(stdout, OUT_BOLD), key, out_off(stdout));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

const char *out_size(uint64_t bytes, char buffer[OUT_SIZE])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t whole = bytes, rest = 0;
	size_t unit = 0;

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	if (rest == 0)
		snprintf(buffer, OUT_SIZE, "%llu %s", (unsigned long long)whole, units[unit]);
	else
		snprintf(buffer, OUT_SIZE, "%llu.%llu %s", (unsigned long long)whole,
			 (unsigned long long)(rest * 10 / 1024), units[unit]);
	return buffer;
}

const char *out_span(uint64_t seconds, char buffer[OUT_SIZE])
{
	unsigned long long s = seconds;

	if (s == 0)
		snprintf(buffer, OUT_SIZE, "now");
	else if (s < 60)
		snprintf(buffer, OUT_SIZE, "%llu s", s);
	else if (s < 3600)
		snprintf(buffer, OUT_SIZE, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buffer, OUT_SIZE, "%llu h %llu min", s / 3600, s / 60 % 60);
	else
		snprintf(buffer, OUT_SIZE, "%llu d %llu h", s / 86400, s / 3600 % 24);
	return buffer;
}

bool out_seconds_to(const char *text, int64_t *ret_seconds)
{
	struct tm tm = { 0 };
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!end)
		return false;
	*ret_seconds = (int64_t)timegm(&tm) - (int64_t)time(NULL);
	return true;
}

struct json_object *out_error_object(int code, const char *message)
{
	struct json_object *error = json_object_new_object();

	out_json_text(error, "word", hc_error_word(code));
	out_json_number(error, "exit", (uint64_t)hc_error_exit(code));
	out_json_text(error, "message", message);
	return error;
}

void out_error(bool json, int code)
{
	fprintf(stderr, "%shostcrypt:%s %s\n", out_on(stderr, OUT_RED), out_off(stderr),
		hc_error_message()[0] ? hc_error_message() : hc_error_text(code));
	if (json)
		out_json("error", out_error_object(code, hc_error_message()));
}

void out_json_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, text && text[0] ? json_object_new_string(text) : NULL);
}

void out_json_number(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

void out_json_bool(struct json_object *object, const char *name, bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

int out_json(const char *name, struct json_object *value)
{
	HC_JSON root = json_object_new_object();

	out_json_number(root, "version", 1);
	json_object_object_add(root, name, value);
	printf("%s\n", json_object_to_json_string_ext(
			       root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					     JSON_C_TO_STRING_NOSLASHESCAPE));
	return fflush(stdout) == 0 ? 0 : hc_fail(HC_E_SYSTEM, "cannot write the output");
}
