/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where the release is written: the module, the command, the
 * agent and DKMS take it from here.
 */
#ifndef HOSTCRYPT_VERSION_H
#define HOSTCRYPT_VERSION_H

#define HOSTCRYPT_RELEASE "0.1.0"

#endif
