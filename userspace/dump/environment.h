/* SPDX-License-Identifier: GPL-2.0 */
/* What "hostcrypt dump load" leaves in the capture environment and
 * hostcrypt-capture finds there: files of one line, and dump.conf with the
 * recipients' public keys. */
#ifndef HC_DUMP_ENVIRONMENT_H
#define HC_DUMP_ENVIRONMENT_H

#define HC_CAPTURE_FOLDER "/etc/hostcrypt/capture"
#define HC_CAPTURE_DEVICE "device" /* UUID=... of the target's file system; the boot script reads it */
#define HC_CAPTURE_TYPE "type"	   /* of the file system */
#define HC_CAPTURE_HOST "host"	   /* the host's name */
#define HC_CAPTURE_CONFIG HC_CAPTURE_FOLDER "/dump.conf"

/* Where the target's file system is mounted in the capture environment. */
#define HC_CAPTURE_MOUNT "/run/target"

/* The word on the capture kernel's command line. */
#define HC_CAPTURE_REGISTRY "hostcrypt.registry="

#endif
