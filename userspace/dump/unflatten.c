// SPDX-License-Identifier: GPL-2.0
#include "dump/unflatten.h"

#include <endian.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define SIGNATURE "makedumpfile"
#define NOT_FLAT "the memory in this dump is not in makedumpfile's flattened form"

static uint64_t get64(const uint8_t *at)
{
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	return be64toh(number);
}

static int take_header(struct hc_unflatten *state)
{
	if (memcmp(state->head, SIGNATURE, sizeof(SIGNATURE)) != 0 ||
	    get64(state->head + 16) != 1 || get64(state->head + 24) != 1)
		return hc_fail(HC_E_DUMP_DAMAGED, NOT_FLAT);
	state->header_done = true;
	return 0;
}

static int take_record(struct hc_unflatten *state)
{
	state->offset = get64(state->head);
	state->left = get64(state->head + 8);
	if (state->offset == UINT64_MAX && state->left == UINT64_MAX) {
		state->ended = true;
		state->left = 0;
		return 0;
	}
	if (state->left == 0 || state->left > INT64_MAX ||
	    state->offset > INT64_MAX - state->left)
		return hc_fail(HC_E_DUMP_DAMAGED,
			       "a record of the flattened memory lies at an impossible place");
	return 0;
}

static int write_piece(struct hc_unflatten *state, const uint8_t *data, size_t size)
{
	int r = hc_pwrite_all(state->fd, data, size, state->offset);

	if (r < 0)
		return hc_fail_errno(-r, "cannot write the memory");
	state->offset += size;
	state->left -= size;
	return 0;
}

/* Gather a header; how many bytes of @data that took. */
static size_t gather(struct hc_unflatten *state, const uint8_t *data, size_t size, bool *ret_whole)
{
	size_t whole = state->header_done ? HC_FLAT_RECORD_SIZE : HC_FLAT_HEADER_SIZE;
	size_t n = whole - state->filled;

	if (n > size)
		n = size;
	memcpy(state->head + state->filled, data, n);
	state->filled += n;
	*ret_whole = state->filled == whole;
	if (*ret_whole)
		state->filled = 0;
	return n;
}

int hc_unflatten_add(struct hc_unflatten *state, const uint8_t *data, size_t size)
{
	int r = 0;

	while (r == 0 && size > 0) {
		bool whole = false;
		size_t n;

		if (state->ended)
			return hc_fail(HC_E_DUMP_DAMAGED, "something follows the flattened memory");
		if (state->left > 0) {
			n = state->left < size ? (size_t)state->left : size;
			r = write_piece(state, data, n);
		} else {
			n = gather(state, data, size, &whole);
			if (whole)
				r = state->header_done ? take_record(state) : take_header(state);
		}
		data += n;
		size -= n;
	}
	return r;
}

int hc_unflatten_finish(const struct hc_unflatten *state)
{
	if (!state->header_done)
		return hc_fail(HC_E_DUMP_DAMAGED, NOT_FLAT);
	return state->ended ? 0 : hc_fail(HC_E_DUMP_CUT, "the flattened memory has no end");
}
