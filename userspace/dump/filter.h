/* SPDX-License-Identifier: GPL-2.0 */
/* makedumpfile: which version is there, and what it may be asked to leave out of a
 * dump of which kernel. */
#ifndef HC_DUMP_FILTER_H
#define HC_DUMP_FILTER_H

#define HC_DUMP_LEVEL_USER 8 /* leave out what programs hold, guests' memory too */

struct hc_dump_filter {
	char version[32]; /* "1.7.2"; "" when there is none that runs */
	unsigned level;	  /* for makedumpfile -d */
	const char *note; /* what is less than good about it, or NULL */
};

/* @release is the kernel's that is to be dumped, as of uname -r. */
void hc_dump_filter(const char *makedumpfile, const char *release,
		    struct hc_dump_filter *ret_filter);

#endif
