#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Python files compile, without a warning.
set -euo pipefail

git ls-files | while read -r file; do
	[ -f "$file" ] || continue
	[[ $file == *.py ]] || head -n 1 "$file" | grep -q '^#!.*python' || continue
	echo "$file"
done | xargs python3 -W error -c '
import sys
for name in sys.argv[1:]:
	with open(name, encoding="utf-8") as source:
		compile(source.read(), name, "exec")'
