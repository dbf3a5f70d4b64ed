# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the rig's shell scripts share. Sourced.

RIG=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by those who source this
TOP=$(cd "$RIG/../.." && pwd)
CACHE=${HOSTCRYPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hostcrypt}
mkdir -p "$CACHE"

# The scripts' standard output is their result: talk on standard error.
say() {
	echo "rig: $*" >&2
}

die() {
	say "$*"
	exit 1
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

# need_packages NAME... - install those Debian packages that are missing.
need_packages() {
	local missing=() package

	for package; do
		installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing with apt: ${missing[*]}"
	[ "$(id -u)" = 0 ] || die "that needs root; run: sudo apt-get install ${missing[*]}"
	apt_lists
	# An old list of packages names versions that the archive no longer has.
	apt_install "${missing[@]}" || { apt_update && apt_install "${missing[@]}"; } ||
		{ tail -n 20 "$CACHE/apt.log" >&2; die "apt-get failed; see $CACHE/apt.log"; }
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		"$@" >"$CACHE/apt.log" 2>&1
}

apt_update() {
	apt-get update -q >"$CACHE/apt-update.log" 2>&1 ||
		say "apt-get update failed; going on with the lists there are"
}

# Fetch apt's package lists when they are missing or older than a day.
apt_lists() {
	if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -mtime -1 -print -quit 2>/dev/null)" ]; then
		apt_update
	fi
}
