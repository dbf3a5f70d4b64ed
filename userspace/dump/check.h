/* SPDX-License-Identifier: GPL-2.0 */
/* Everything that can be wrong before a capture kernel is loaded, all of it at once:
 * whoever sets a host up wants one list, not the first error of five. */
#ifndef HC_DUMP_CHECK_H
#define HC_DUMP_CHECK_H

#include "dump/config.h"

enum hc_dump_grade {
	HC_DUMP_GOOD,
	HC_DUMP_NOTE, /* works, and could be better */
	HC_DUMP_BAD,  /* no dump */
};

struct hc_dump_finding {
	const char *subject; /* "memory" */
	enum hc_dump_grade grade;
	int error; /* of a bad one */
	char text[1024];
};

/*
 * Look at each thing and call @tell for it; @providers_path is hostcrypt.conf. 0, or
 * the error of the first that is bad, with its sentence recorded.
 */
int hc_dump_check(const struct hc_dump_config *config, const char *providers_path,
		  void (*tell)(const struct hc_dump_finding *finding));

#endif
