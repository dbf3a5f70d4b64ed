/* SPDX-License-Identifier: GPL-2.0 */
/* The provider "local", for who must name its one weakness to the user. */
#ifndef HC_PROVIDER_LOCAL_H
#define HC_PROVIDER_LOCAL_H

#include "provider/provider.h"

#define HC_LOCAL_WARNING                                                                           \
	"whoever reads this host's disk can read these keys; a key server protects from that"

#endif
