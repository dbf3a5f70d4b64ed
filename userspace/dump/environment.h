/* SPDX-License-Identifier: GPL-2.0 */
/* What "hostcrypt dump load" leaves in the capture environment and
 * hostcrypt-capture finds there: short text files, and dump.conf with the
 * recipients' public keys. */
#ifndef HC_DUMP_ENVIRONMENT_H
#define HC_DUMP_ENVIRONMENT_H

#define HC_CAPTURE_FOLDER "/etc/hostcrypt/capture"
/* The disks that are needed, one a line, which the boot script awaits: how to find
 * it (UUID=...), the type of its file system and where that is to be mounted; "-"
 * for both where it is not. */
#define HC_CAPTURE_DISKS "disks"
#define HC_CAPTURE_HOST "host" /* the host's name */
#define HC_CAPTURE_MARK "mark" /* the UUID of a device that is given to dumps */
/* "SPEC LUKS-UUID TYPE LENGTH PARAMETERS": a volume's device, the file system in it,
 * its length in sectors and its table line's parameters. */
#define HC_CAPTURE_VOLUME "volume"
#define HC_CAPTURE_SSH_KEY HC_CAPTURE_FOLDER "/ssh-key"
#define HC_CAPTURE_KNOWN_HOSTS HC_CAPTURE_FOLDER "/known-hosts"
/* "MAC ADDRESS/PREFIX GATEWAY HOST MTU"; "-" for no gateway. */
#define HC_CAPTURE_NETWORK "network"
/* The hardware watchdogs that are armed, an identity a line; not there for none. */
#define HC_CAPTURE_WATCHDOGS "watchdogs"
#define HC_CAPTURE_CONFIG HC_CAPTURE_FOLDER "/dump.conf"

/* The program; with this word it is run by "hostcrypt dump test" (capture/trial.h), and
 * says in one line of its output how that ended: "BYTES MILLISECONDS NAME" of the dump,
 * or an error's word and sentence. */
#define HC_CAPTURE_PROGRAM "/sbin/hostcrypt-capture"
#define HC_CAPTURE_TRIAL "--trial"
#define HC_CAPTURE_TRIAL_KEEP "keep"
#define HC_CAPTURE_TRIAL_RESULT "trial-result "
#define HC_CAPTURE_TRIAL_ERROR "trial-error "

/* Where the target's file system is mounted in the capture environment. */
#define HC_CAPTURE_MOUNT "/run/target"
/* And where that for the state is, if it is another. */
#define HC_CAPTURE_STATE_MOUNT "/run/state"

/* The word on the capture kernel's command line. */
#define HC_CAPTURE_REGISTRY "hostcrypt.registry="

#endif
