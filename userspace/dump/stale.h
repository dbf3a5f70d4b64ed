/* SPDX-License-Identifier: GPL-2.0 */
/* Is the capture kernel that is loaded of now? */
#ifndef HC_DUMP_STALE_H
#define HC_DUMP_STALE_H

/*
 * Why our capture kernel should be loaded again, as the end of a sentence, or NULL.
 * @path is dump.conf, @providers_path hostcrypt.conf. Only to be asked where ours is loaded.
 * The sentence is good until the next call.
 */
const char *hc_dump_stale(const char *path, const char *providers_path);

#endif
