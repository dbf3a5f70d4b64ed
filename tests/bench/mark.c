// SPDX-License-Identifier: GPL-2.0
/* Executes the instruction at which the plugin "profile" begins or ends. */
#include "mark.h"

#define TEXT(...)	#__VA_ARGS__
#define BYTES(...)	".byte " TEXT(__VA_ARGS__)

int main(void)
{
	__asm__ volatile(BYTES(MARK));
	return 0;
}
