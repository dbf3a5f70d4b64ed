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
	644 usr/local/lib/systemd/system/hostcrypt-dump.service
	644 usr/local/lib/udev/rules.d/90-hostcrypt-dump.rules
	755 usr/local/lib/hostcrypt/capture/hostcrypt-capture
	755 usr/local/lib/hostcrypt/capture/hooks/hostcrypt
	644 usr/local/lib/hostcrypt/capture/scripts/hostcrypt
	644 usr/local/lib/hostcrypt/capture/initramfs.conf
	755 etc/kernel/postinst.d/hostcrypt-dump
	755 etc/kernel/postrm.d/hostcrypt-dump
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
		"$folder/hostcrypt-volumes.target" "$folder/hostcrypt-dump.service" 2>&1) || { echo "$output"; return 1; }
	! grep -E 'hostcrypt' <<<"$output"
}

units_in() {
	mkdir -p "$2" && cp "$units"/* "$2" &&
		sed -i "s|^ExecStart=.*|ExecStart=$1|" "$2/hostcryptd.service" &&
		sed -i "s|=/usr/local/sbin/hostcrypt |=$(realpath "$B")/hostcrypt |" \
			"$2/hostcrypt-dump.service"
}

exposure() {
	systemd-analyze security --offline=true --threshold="$1" "$2/hostcryptd.service"
}

# hook WHICH: a kernel's hook with a "hostcrypt" and a "systemctl" that say what they are asked.
# $hostcrypt and $enabled are their exit statuses.
hook() {
	mkdir -p "$root/stubs" || return
	printf '#!/bin/sh\necho "hostcrypt $*"\nexit %s\n' "$hostcrypt" >"$root/stubs/hostcrypt"
	printf '#!/bin/sh\nexit %s\n' "$enabled" >"$root/stubs/systemctl"
	chmod 755 "$root"/stubs/*
	sed -e "s|/usr/local/sbin|$root/stubs|" -e "s|/var/lib|$root/var/lib|" \
		"$root/etc/kernel/$1/hostcrypt-dump" >"$root/hook"
	PATH=$root/stubs:$PATH sh "$root/hook" 6.12.1-amd64 /boot/vmlinuz-6.12.1-amd64 2>&1
}

new_kernel_gets_its_image() {
	hostcrypt=0 enabled=0
	[ "$(hook postinst.d)" = "hostcrypt dump image 6.12.1-amd64" ]
}

# A package's installation must not fail for it.
bad_image_fails_no_kernel() {
	hostcrypt=82 enabled=0
	hook postinst.d | grep 'tried again'
}

without_the_unit_nothing_is_made() {
	hostcrypt=0 enabled=1
	[ -z "$(hook postinst.d)" ]
}

old_kernel_loses_its_image() {
	mkdir -p "$root/var/lib/hostcrypt/dump" || return
	touch "$root"/var/lib/hostcrypt/dump/6.12.{1,10}-amd64.img{,.stamp}
	hostcrypt=0 enabled=1
	hook postrm.d || return
	[ "$(cd "$root/var/lib/hostcrypt/dump" && echo *)" = \
		"6.12.10-amd64.img 6.12.10-amd64.img.stamp" ]
}

uninstall_leaves_settings() {
	make -s B="$B" uninstall DESTDIR="$root" || return
	[ -e "$root/etc/hostcrypt/volumes" ] || { echo "settings are gone"; return 1; }
	find "$root/usr" "$root/etc/kernel" ! -type d | { ! grep .; } &&
		[ ! -e "$root/usr/local/lib/hostcrypt" ]
}

check "make install" install_into
check "every file is there with its mode" modes
check "DKMS gets the whole source of this version" dkms_source_is_whole
check "the sample settings say nothing" samples_say_nothing
check "settings survive an install over them" settings_survive
check "PREFIX" grep -q "^ExecStart=/usr/local/sbin/hostcryptd$" "$units/hostcryptd.service"
check "PREFIX in the unit of dumps" grep -q "^ExecStart=/usr/local/sbin/hostcrypt dump load$" \
	"$units/hostcrypt-dump.service"
check "a new kernel gets its capture environment" new_kernel_gets_its_image
check "where it cannot be made the kernel is installed all the same" bad_image_fails_no_kernel
check "nothing is made where dumps are not enabled" without_the_unit_nothing_is_made
check "a kernel that goes takes its own along" old_kernel_loses_its_image
units_in "$(realpath "$B")/hostcryptd" "$root/good"
check "the units are good" verify "$root/good"
# Exposure on systemd's scale of 0 to 100; it was 27 when this was written.
check "the agent's unit stays closed" exposure 30 "$root/good"

# That both checks can fail.
units_in /nowhere/hostcryptd "$root/bad"
sed -i -e '/^Protect/d' -e '/^Restrict/d' -e 's/^Type=.*/Typ=notify/' "$root/bad/hostcryptd.service"
check "a bad unit is found" not verify "$root/bad"
check "an open unit is found" not exposure 30 "$root/bad"
units_in "$(realpath "$B")/hostcryptd" "$root/bad"
sed -i 's|^ExecStart=.*|ExecStart=/nowhere/hostcrypt dump load|' "$root/bad/hostcrypt-dump.service"
check "a bad unit of dumps is found" not verify "$root/bad"
check "make uninstall leaves the settings alone" uninstall_leaves_settings
exit $failed
