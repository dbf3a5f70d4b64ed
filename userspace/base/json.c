// SPDX-License-Identifier: GPL-2.0
#include "base/json.h"

#include <string.h>

bool hc_json_only(struct json_object *object, const char *const *names, size_t n)
{
	if (!json_object_is_type(object, json_type_object))
		return false;
	json_object_object_foreach(object, name, value)
	{
		size_t i = 0;

		(void)value;
		while (i < n && strcmp(name, names[i]) != 0)
			i++;
		if (i == n)
			return false;
	}
	return true;
}

static struct json_object *member(struct json_object *object, const char *name, enum json_type type)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

struct json_object *hc_json_object(struct json_object *object, const char *name)
{
	return member(object, name, json_type_object);
}

struct json_object *hc_json_array(struct json_object *object, const char *name)
{
	return member(object, name, json_type_array);
}

const char *hc_json_text(struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name, json_type_string);
	const char *text = value ? json_object_get_string(value) : NULL;

	if (!text || strlen(text) != (size_t)json_object_get_string_len(value))
		return NULL;
	return text;
}

bool hc_json_int(struct json_object *object, const char *name, int64_t min, int64_t max,
		 int64_t *ret_value)
{
	struct json_object *value = member(object, name, json_type_int);
	int64_t number;

	if (!value)
		return false;
	number = json_object_get_int64(value);
	if (number < min || number > max)
		return false;
	*ret_value = number;
	return true;
}

bool hc_json_u64_text(struct json_object *object, const char *name, uint64_t *ret_value)
{
	const char *text = hc_json_text(object, name);

	return text && hc_parse_u64(text, ret_value);
}

bool hc_parse_u64(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}
