// SPDX-License-Identifier: GPL-2.0
#include "kmip/protocol.h"

const char *hc_kmip_tag_name(uint32_t tag)
{
	switch (tag) {
#define X(name, number, words) \
	case number: \
		return words;
		HC_KMIP_TAGS(X)
#undef X
	}
	return "unknown";
}

const char *hc_kmip_operation_name(uint32_t operation)
{
	switch (operation) {
#define X(name, number, words) \
	case number: \
		return words;
		HC_KMIP_OPERATIONS(X)
#undef X
	}
	return "unknown";
}

const char *hc_kmip_reason_name(uint32_t reason)
{
	switch (reason) {
#define X(name, number, words) \
	case number: \
		return words;
		HC_KMIP_REASONS(X)
#undef X
	}
	return "unknown";
}
