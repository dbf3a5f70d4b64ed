/* SPDX-License-Identifier: GPL-2.0 */
/* Output for people: aligned, coloured on a terminal only; and for programs. */
#ifndef HC_CMD_OUTPUT_H
#define HC_CMD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

enum out_colour { OUT_PLAIN, OUT_BOLD, OUT_GREEN, OUT_YELLOW, OUT_RED };

/* The sequences that start and end a colour; "" when @file is no terminal. */
const char *out_on(FILE *file, enum out_colour colour);
const char *out_off(FILE *file);

/* "volume: vm1" in colour. */
void out_title(const char *kind, const char *name);
/* "  key: value" with the key in bold. */
void out_field(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "48.0 MiB", "512 B". */
#define OUT_SIZE 32
const char *out_size(uint64_t bytes, char buffer[OUT_SIZE]);
/* "1 h 3 min", "12 s"; "now" for 0. */
const char *out_span(uint64_t seconds, char buffer[OUT_SIZE]);
/* Seconds from now to an ISO 8601 UTC time; negative when it is over. */
bool out_seconds_to(const char *time, int64_t *ret_seconds);

/* The sentence recorded last, on stderr; with @json also an object on stdout:
 * {"version":1,"error":{"word":...,"exit":...,"message":...}} */
void out_error(bool json, int code);
struct json_object *out_error_object(int code, const char *message);

/* Members of JSON output; an empty string becomes null. */
void out_json_text(struct json_object *object, const char *name, const char *text);
void out_json_number(struct json_object *object, const char *name, uint64_t number);
void out_json_bool(struct json_object *object, const char *name, bool value);
/* Print {"version":1,@name:@value} and put @value. */
int out_json(const char *name, struct json_object *value);

#endif
