# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scenarios have in common in which our capture environment takes dumps of
# real panics; sourced by them. The first disk is the dump target; the companion
# (dump_host.sh) looks at it from outside.

release=$(uname -r)

# More lines of dump.conf.
dump_config=()

# What "dump status" names a dump's place.
dump_place=/var/crash/

# The kernel where a machine has it, our module among its modules, and the capture
# kernel's RAM disk, which the companion has made.
install_capture() {
	local made=$1

	mkdir -p /boot /var/lib/hostcrypt/dump
	mount -t overlay -o "lowerdir=$made/modules:/usr/lib/modules/$release" \
		none "/usr/lib/modules/$release" &&
		cp -p "/run/rig/kernel/boot/config-$release" /run/rig/kernel/boot/vmlinuz-* /boot/ &&
		cp -p "$made"/*.img* /var/lib/hostcrypt/dump/
}

# prepare [MAKEDUMPFILE]: a machine with a recipient's public key and all that "dump
# load" needs but dump.conf.
prepare() {
	local made

	load_module || give_up "no module"
	made=$(ask_host image "$@") && install_capture "$made" ||
		give_up "the capture environment cannot be put in place"
	mkdir -p /etc/hostcrypt
	ask_host public support >/etc/hostcrypt/support.pem || give_up "no recipient"
}

# configure TARGET [LINE...]: dump.conf.
configure() {
	printf '%s\n' '[dump]' 'modules = most' "target = $1" "${@:2}" '[recipient support]' \
		'public-key = /etc/hostcrypt/support.pem' >/etc/hostcrypt/dump.conf
}

# A process with the words "planted-process" in its memory. In two halves here: no
# program's text has the whole.
plant_process() {
	python3 -c 'import os; kept = "-".join(["planted", "process"]) * 100000
open("/tmp/ready", "w").close(); os.read(os.pipe()[0], 1)' &
	wait_for 120 test -e /tmp/ready || give_up "nothing planted"
}

# begin [MAKEDUMPFILE]: the same with a file system for dumps.
begin() {
	prepare "$@"
	[ "$BOOT" != 1 ] || mke2fs -q -F -b 4096 "$DISK1"
	mkdir -p /var/crash
	mount "$DISK1" /var/crash || give_up "the target cannot be mounted"
	configure file:/var/crash ${1:+"makedumpfile = $1"} "${dump_config[@]}"
}

arm() {
	expect_ok "boot $BOOT: the capture kernel is loaded" hostcrypt dump load
}

# arm_false WAY: with false_makedumpfile, which knows its way by the host's name. It stands
# behind the RAM disk's own files, which it replaces.
arm_false() {
	local image=/var/lib/hostcrypt/dump/$release.img

	mkdir -p /tmp/tree/usr/bin
	cp "$TREE/tests/scenarios/tools/false_makedumpfile" /tmp/tree/usr/bin/makedumpfile
	(cd /tmp/tree && find . | cpio --quiet -o -H newc | gzip -1) >>"$image"
	hostname "$1"
	arm
}

# expect_crash STATE REGEX: what "dump status" tells of the last panic.
expect_crash() {
	expect_match "boot $BOOT: status: the last crash's dump is $1" \
		"^ *last crash: [-0-9TZ:]+, $1: it left (no dump: |the dump $dump_place)$2" \
		hostcrypt dump status
}

# How many dumps there are; fails where there is a part of one.
dumps() {
	! find /var/crash -name '*.part' | grep . && find /var/crash -name '*.hcdump' | wc -l
}

# expect_failure REGEX: why there is no dump of the last panic.
expect_failure() {
	expect_crash failed "$1"
	expect "boot $BOOT: no dump, and no part of one" 0 dumps
}

# not_in_clear PATTERN...: none of them anywhere on the target's raw disk.
not_in_clear() {
	sync
	expect "boot $BOOT: nothing of the memory is on the raw disk in clear" 0 \
		ask_host count disk1 "$@"
}
