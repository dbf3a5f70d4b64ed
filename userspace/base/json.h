/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading JSON that somebody else wrote: a member is there and of the right
 * kind, or it is not. On top of json-c.
 */
#ifndef HC_BASE_JSON_H
#define HC_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/* Is @object an object whose members are all among the @n @names? */
bool hc_json_only(struct json_object *object, const char *const *names, size_t n);

/* Members; NULL where missing or of another kind. */
struct json_object *hc_json_object(struct json_object *object, const char *name);
struct json_object *hc_json_array(struct json_object *object, const char *name);
/* A string without NUL characters inside. */
const char *hc_json_text(struct json_object *object, const char *name);

/* An integer within bounds; false where missing, out of bounds or another kind. */
bool hc_json_int(struct json_object *object, const char *name, int64_t min, int64_t max,
		 int64_t *ret_value);

/* A number written as a decimal string, as LUKS2 writes 64-bit numbers. */
bool hc_json_u64_text(struct json_object *object, const char *name, uint64_t *ret_value);
bool hc_parse_u64(const char *text, uint64_t *ret_value);

static inline void hc_json_putp(struct json_object **object)
{
	json_object_put(*object);
}

#define HC_JSON __attribute__((cleanup(hc_json_putp))) struct json_object *

#endif
