#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every shell script, known by its first line, goes through shellcheck.
set -euo pipefail

git ls-files | while read -r file; do
	[ -f "$file" ] || continue
	if head -n 1 "$file" | grep -qE '^#!/bin/(ba)?sh|^# shellcheck shell='; then
		echo "$file"
	fi
done | xargs shellcheck -x -P SCRIPTDIR -P . -S warning -e SC2155,SC2206
