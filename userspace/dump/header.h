/* SPDX-License-Identifier: GPL-2.0 */
/* The header area of a dump (dump/format.h): made, taken apart, checked. */
#ifndef HC_DUMP_HEADER_H
#define HC_DUMP_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "dump/entry.h"
#include "dump/format.h"
#include "dump/recipient.h"
#include "dump/vmcoreinfo.h"

struct hc_dump_info {
	char id[HC_DUMP_TEXT_MAX];     /* UUID of this dump */
	char host[HC_DUMP_TEXT_MAX];
	char kernel[HC_DUMP_TEXT_MAX]; /* release */
	/* As hc_vmcoreinfo_build_id() finds it; "" where the kernel has none. */
	char build_id[HC_DUMP_BUILD_ID_SIZE];
	char time[HC_DUMP_TEXT_MAX];   /* 2026-01-31T12:00:00Z */
};

/* A dump that is taken now: of @host, with a new id and this kernel's release. */
int hc_dump_info_here(const char *host, struct hc_dump_info *ret_info);

struct hc_dump_header {
	struct hc_dump_info info;
	struct hc_dump_entry entries[HC_DUMP_RECIPIENTS_MAX];
	size_t n_entries;
	size_t info_at, info_size; /* the section within the area */
	size_t mac_at;
};

int hc_dump_header_make(const struct hc_dump_info *info,
			const struct hc_dump_recipient *recipients, size_t n,
			const struct hc_secret *dump_key, uint8_t ret_area[HC_DUMP_AREA]);

/*
 * The header that @header was parsed from, with the recipient @add more (or NULL) and
 * the one of number @without less (or n_entries for none).
 */
int hc_dump_header_rewrap(const struct hc_dump_header *header, const uint8_t area[HC_DUMP_AREA],
			  const struct hc_secret *dump_key, const struct hc_dump_recipient *add,
			  size_t without, uint8_t ret_area[HC_DUMP_AREA]);

/* Nothing in it is vouched for yet. HC_E_DUMP_NOT_ONE, _VERSION, _DAMAGED. */
int hc_dump_header_parse(const uint8_t area[HC_DUMP_AREA], struct hc_dump_header *ret_header);
/* Was it made by somebody with the dump key? HC_E_DUMP_DAMAGED. */
int hc_dump_header_verify(const struct hc_dump_header *header, const uint8_t area[HC_DUMP_AREA],
			  const struct hc_secret *dump_key);
int hc_dump_body_key(const struct hc_dump_header *header, const uint8_t area[HC_DUMP_AREA],
		     const struct hc_secret *dump_key, struct hc_secret *ret_key);

#endif
