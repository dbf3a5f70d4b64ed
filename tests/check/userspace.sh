#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cppcheck on user space, all findings but those of mere style.
set -euo pipefail

git ls-files 'userspace/*.c' 'tests/unit/*.c' 'tests/rig/*.c' 'tests/tools/*.c' |
	xargs cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability \
		--inline-suppr --error-exitcode=1 --suppress=missingInclude \
		-D_GNU_SOURCE -DHC_VERSION='""' -Iuserspace -Imodule
