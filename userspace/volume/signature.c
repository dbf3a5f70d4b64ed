// SPDX-License-Identifier: GPL-2.0
#include "volume/signature.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <blkid/blkid.h>

#include "base/error.h"

/* A prober that never comes to an end is wrong, not thorough. */
#define SIGNATURES_MAX 100

static void freep(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

#define PROBE __attribute__((cleanup(freep))) blkid_probe

static int open_probe(int fd, const char *path, blkid_probe *ret_probe)
{
	PROBE probe = blkid_new_probe();

	if (!probe)
		return hc_fail(HC_E_MEMORY, "no memory to look at %s", path);
	errno = 0;
	if (blkid_probe_set_device(probe, fd, 0, 0) < 0 ||
	    blkid_probe_enable_superblocks(probe, 1) < 0 ||
	    blkid_probe_set_superblocks_flags(
		    probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL |
				   BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM) < 0 ||
	    blkid_probe_enable_partitions(probe, 1) < 0 ||
	    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT) < 0)
		return hc_fail_errno(errno ? errno : EIO, "libblkid cannot look at %s", path);
	*ret_probe = probe;
	probe = NULL;
	return 0;
}

static const char *kind(blkid_probe probe)
{
	const char *usage = NULL;

	if (blkid_probe_has_value(probe, "PTTYPE"))
		return "partition table";
	(void)blkid_probe_lookup_value(probe, "USAGE", &usage, NULL);
	if (usage && strcmp(usage, "filesystem") == 0)
		return "file system";
	if (usage && strcmp(usage, "raid") == 0)
		return "member";
	return "signature";
}

/* What the prober stands on, with ", " in front unless it is the first; one
 * that was seen already is left out (blkid counts each copy). */
static void describe(blkid_probe probe, char *found, size_t size)
{
	const char *type = NULL, *label = NULL;
	size_t used = strlen(found);
	char one[128];

	if (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) < 0 &&
	    blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) < 0)
		type = "unknown";
	(void)blkid_probe_lookup_value(probe, "LABEL", &label, NULL);
	snprintf(one, sizeof(one), "%s %s", type, kind(probe));
	if (strstr(found, one))
		return;
	snprintf(found + used, size - used, "%s%s", used ? ", " : "", one);
	used = strlen(found);
	if (!label || !label[0])
		return;
	snprintf(found + used, size - used, " \"%.32s\"", label);
	/* A label is whatever somebody wrote there. */
	for (char *c = found + used; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

int hc_signature_find(int fd, const char *path, char *ret_found, size_t size)
{
	PROBE probe = NULL;
	char found[512] = "";
	int r = open_probe(fd, path, &probe);

	if (r < 0)
		return r;
	for (int i = 0; i < SIGNATURES_MAX; i++) {
		r = blkid_do_probe(probe);
		if (r != 0)
			break;
		describe(probe, found, sizeof(found));
	}
	if (r < 0)
		return hc_fail_errno(errno ? errno : EIO, "libblkid cannot read %s", path);
	snprintf(ret_found, size, "%s", found);
	return 0;
}

int hc_signature_wipe(int fd, const char *path)
{
	PROBE probe = NULL;
	int r = open_probe(fd, path, &probe);

	if (r < 0)
		return r;
	for (int i = 0; i < SIGNATURES_MAX; i++) {
		r = blkid_do_probe(probe);
		if (r == 1)
			return 0;
		if (r < 0 || blkid_do_wipe(probe, 0) < 0)
			break;
	}
	return hc_fail_errno(errno ? errno : EIO, "cannot remove the old signatures of %s", path);
}
