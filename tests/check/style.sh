#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# C, shell and Python: no space at a line's end, C indented with tabs, no line of
# C over 100 columns (a message is not broken for it). (The rest of the module's style: kernel.sh.)
set -euo pipefail
bad=0

if git grep -nIE '[[:space:]]+$' -- '*.c' '*.h' '*.sh' '*.py' Makefile Kbuild; then
	echo "space at the end of a line"
	bad=1
fi
if git grep -nE '^ {8}' -- '*.c' '*.h'; then
	echo "indented with spaces"
	bad=1
fi
for file in $(git ls-files '*.c' '*.h'); do
	[ ! -f "$file" ] || expand -t 8 "$file" |
		awk -v file="$file" 'length > 100 && !/"/ { print file ":" NR ": " length " columns"; n++ }
			END { exit n > 0 }' || bad=1
done
exit $bad
