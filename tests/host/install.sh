#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make install" puts where, that it leaves settings alone, that the units
# are good in systemd's eyes and stay as closed as they were made.
# shellcheck disable=SC2317 # functions are called through check

set -u
cd "$(dirname "$0")/../.." || exit

root=$(mktemp -d) || exit
trap 'rm -rf "$root"' EXIT
B=${B:-build}
version=$(sed -n 's/^#define HOSTCRYPT_RELEASE *"\(.*\)"/\1/p' module/version.h)
units=$root/usr/local/lib/systemd/system
failed=0

check() {
	local name=$1 output
	shift

	if output=$("$@" 2>&1); then
		echo "PASS $name"
	else
		echo "FAIL $name: $(tail -n 3 <<<"$output" | tr '\n' '|')"
		failed=1
	fi
}

not() {
	! "$@"
}

install_into() {
	make -s B="$B" install DESTDIR="$root"
}

# modes: "MODE PATH" lines, each of which must be there.
modes() {
	local mode path

	while read -r mode path; do
		[ "$(stat -c %a "$root/$path" 2>&1)" = "$mode" ] && continue
		echo "$path: $(stat -c %a "$root/$path" 2>&1), not $mode"
		return 1
	done <<-END
	755 usr/local/sbin/hostcrypt
	755 usr/local/sbin/hostcryptd
	644 usr/local/lib/systemd/system/hostcryptd.service
	644 usr/local/lib/systemd/system/hostcrypt-volumes.target
	644 usr/local/lib/modules-load.d/hostcrypt.conf
	644 etc/hostcrypt/hostcrypt.conf
	644 etc/hostcrypt/volumes
	644 usr/src/hostcrypt-$version/dkms.conf
	644 usr/src/hostcrypt-$version/Kbuild
	644 usr/src/hostcrypt-$version/module/target.c
	644 usr/src/hostcrypt-$version/module/uapi/hostcrypt.h
	END
}

# Each file that the Kbuild names must have come along.
dkms_source_is_whole() {
	local object

	while read -r object; do
		[ -e "$root/usr/src/hostcrypt-$version/module/${object%.o}.c" ] ||
			{ echo "${object%.o}.c is missing"; return 1; }
	done < <(sed -n '/^dm-hostcrypt-y/,/)/p' Kbuild | grep -o '[a-z_]*\.o')
	# shellcheck disable=SC2016 # for that shell to expand
	bash -c '. "$1" && [ "$PACKAGE_VERSION" = "$2" ]' - \
		"$root/usr/src/hostcrypt-$version/dkms.conf" "$version"
}

settings_survive() {
	echo "vm1 /dev/vg0/vm1" >"$root/etc/hostcrypt/volumes"
	install_into && grep -q ^vm1 "$root/etc/hostcrypt/volumes"
}

samples_say_nothing() {
	! grep -v -e '^#' -e '^$' "$root/etc/hostcrypt/hostcrypt.conf" "$root/etc/hostcrypt/volumes"
}

# verify FOLDER: systemd's own check, in which a warning is an error. The
# program is looked for where the unit says, so it is said to be in the tree.
verify() {
	local folder=$1 output

	output=$(systemd-analyze verify --man=no "$folder/hostcryptd.service" \
		"$folder/hostcrypt-volumes.target" 2>&1) || { echo "$output"; return 1; }
	! grep -E 'hostcrypt' <<<"$output"
}

units_in() {
	mkdir -p "$2" && cp "$units"/* "$2" &&
		sed -i "s|^ExecStart=.*|ExecStart=$1|" "$2/hostcryptd.service"
}

exposure() {
	systemd-analyze security --offline=true --threshold="$1" "$2/hostcryptd.service"
}

uninstall_leaves_settings() {
	make -s B="$B" uninstall DESTDIR="$root" || return
	[ -e "$root/etc/hostcrypt/volumes" ] || { echo "settings are gone"; return 1; }
	find "$root/usr" ! -type d | { ! grep .; }
}

check "make install" install_into
check "every file is there with its mode" modes
check "DKMS gets the whole source of this version" dkms_source_is_whole
check "the sample settings say nothing" samples_say_nothing
check "settings survive an install over them" settings_survive
check "PREFIX" grep -q "^ExecStart=/usr/local/sbin/hostcryptd$" "$units/hostcryptd.service"
units_in "$(realpath "$B")/hostcryptd" "$root/good"
check "the units are good" verify "$root/good"
# Exposure on systemd's scale of 0 to 100; it was 27 when this was written.
check "the agent's unit stays closed" exposure 30 "$root/good"

# That both checks can fail.
units_in /nowhere/hostcryptd "$root/bad"
sed -i -e '/^Protect/d' -e '/^Restrict/d' -e 's/^Type=.*/Typ=notify/' "$root/bad/hostcryptd.service"
check "a bad unit is found" not verify "$root/bad"
check "an open unit is found" not exposure 30 "$root/bad"
check "make uninstall leaves the settings alone" uninstall_leaves_settings
exit $failed
