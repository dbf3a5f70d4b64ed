/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

/* nopl 0x4d41524b(%rax): an instruction without effect that nobody else uses. */
#define MARK	0x0f, 0x1f, 0x80, 0x4b, 0x52, 0x41, 0x4d

#endif
