/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_CONTROL_H
#define HC_CONTROL_H

#include "uapi/hostcrypt.h"

int hc_control_register(void);
void hc_control_unregister(void);

int hc_check_version(const struct hostcrypt_version *arg);
int hc_check_load(const struct hostcrypt_load *arg);
int hc_check_drop(const struct hostcrypt_drop *arg);
int hc_check_inherit(const struct hostcrypt_inherit *arg);
int hc_check_list(const struct hostcrypt_list *arg);

#endif
