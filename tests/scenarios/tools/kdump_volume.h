/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KDUMP_VOLUME_H
#define KDUMP_VOLUME_H

/* Take over key @n of hc-volumes, make its volume, read from it; report it. */
void take_over(unsigned int n);

#endif
