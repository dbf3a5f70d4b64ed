/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "target =" of dump.conf says, by its word:
 *
 *	file:/var/crash		a folder
 *	block:/dev/sdb3		a device that is given to dumps whole (dump/mark.h)
 *	ssh:dump@host:2222/srv	a folder of another host; the port is 22 unless said
 *	volume:vm1/crash	a folder in the file system of a hostcrypt volume
 *
 * A place is only its spelling. What the running system knows of it is in
 * dump/target.h, how the capture kernel writes there in capture/target.h.
 */
#ifndef HC_DUMP_PLACE_H
#define HC_DUMP_PLACE_H

#include <stddef.h>

enum hc_dump_kind {
	HC_DUMP_TO_FILE,
	HC_DUMP_TO_BLOCK,
	HC_DUMP_TO_SSH,
	HC_DUMP_TO_VOLUME,
	HC_DUMP_KINDS,
};

struct hc_dump_place {
	enum hc_dump_kind kind;
	char *text; /* all of it; NULL for no place */
	char *path; /* absolute: the folder (in the volume, too), or the device */
	char *volume; /* volume: its name */
	/* ssh: */
	char *user;
	char *host; /* a name, an IPv4 address, or an IPv6 address without brackets */
	unsigned port;
};

/*
 * Read @text. What is wrong with it comes back as a sentence, which does not repeat
 * @text, in @ret_why: HC_E_CONFIG; the caller knows the line.
 */
int hc_dump_place_parse(const char *text, struct hc_dump_place *ret_place, char *ret_why,
			size_t size);
void hc_dump_place_free(struct hc_dump_place *place);

#endif
