# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: After a real panic, the memory that the capture kernel sees has no key in it, nor a round key; a damaged list is refused
# rigs: qemu-6.12 qemu-6.1
# timeout: 300
# mem: 512M
# disks: 16M 600M 8M
# kernel: crashkernel=160M
# console-allow: Kernel panic - not syncing: |Call Trace:|BUG: kernel NULL pointer|Oops|hc_returned
#
# Two panics: one with a list that was written over, which the module has to refuse,
# so that the search finds the keys; one where it may not, at the very moment when the
# page of a key (on 6.1 that of a cipher) has gone from the list. The keys are known to nobody
# in the guest but the kernel; what is searched for is made by the companion.

# shellcheck source=tests/scenarios/tools/kdump.sh
. "$TREE/tests/scenarios/tools/kdump.sh"

CRASH=${MODULE%/*}/tests/crash/hc-crash.ko
FROM=kdump-$RANDOM$RANDOM

# use_keys N: N and N+1 are to be taken over.
use_keys() {
	load_module || give_up "no module"
	expect_ok "boot $BOOT: what to look for" ask_host keys "$FROM" 50 60
	use_volumes "$DISK1" 50 60 "$FROM"
	arm "registry=$(registry_address) inherit=$1"
}

unlisted() {
	cat /sys/module/dm_hostcrypt/parameters/unlisted
}

# What something has written over while the machine runs is known, and stays known.
check_broken() {
	local key=7a1b1c1e-0000-4000-8000-0000000000ff

	load_module || give_up "no module"
	expect "the list of key pages is whole" 0 unlisted
	expect_ok "a key is loaded" hc-ioctl load "$key" "$(printf '%02x' {1..64})"
	expect_ok "a bit of the list changes, and nobody has died" insmod "$CRASH" \
		way=damage address="$(($(registry_address) + 16))"
	rmmod hc_crash
	expect_ok "the key can be dropped all the same" hc-ioctl drop "$key"
	expect_match "the log says that there will be no dump" \
		'hostcrypt: registry of key pages: something has written over it' dmesg -k
	expect "and so does the module" broken unlisted
	expect_ok "keys can be loaded all the same" \
		hc-ioctl load "$key" "$(printf '%02x' {1..64})"
	expect "which makes nothing good" broken unlisted
	rmmod dm_hostcrypt
}

case $BOOT in
1)
	use_keys 0
	# The generation that counts, behind magic and version.
	expect_ok "a bit of the list changes" insmod "$CRASH" \
		way=damage address="$(($(registry_address) + 16))"
	crash_guest
	;;
2)
	read_report
	says "a damaged list is refused" '^right address: Bad message$'
	says "and the log says why" \
		'^log hostcrypt: registry of key pages: its generation is not that of the copy in use'
	says "nothing hidden, keys are found" '^live raw '
	says "and round keys" '^live rounds '
	says_not "but none that was dropped" '^dropped '
	says "then there is no module to take keys over" '^key 0: No such file or directory$'
	load_module || give_up "no module"
	expect_fail "registry= is refused in a kernel that saves no dump" any 'Invalid' bash -c \
		"rmmod dm_hostcrypt && insmod '$MODULE' registry=0x1000"
	check_broken
	# The last that is open, and the first that was closed.
	use_keys 49
	expect "boot 2: the list of a module that was loaded anew is whole" 0 unlisted
	last=(dmsetup remove v48)
	if [ "$RIG" != qemu-6.1 ]; then
		expect_ok "a volume is closed" "${last[@]}"
		last=(hc-ioctl drop 7a1b1c1e-0000-4000-8000-000000000030)
	fi
	expect_ok "the machine is to die when a page is no longer listed" \
		insmod "$CRASH" way=return symbol=dm_hostcrypt:hc_registry_remove
	echo 1 >/proc/sys/kernel/panic_on_oops
	crash_guest "${last[@]}"
	;;
3)
	read_report
	check_hidden
	says "a key is taken over" '^key 49: Success$'
	says "its volume reads as before" '^volume 49: as it was written$'
	says "a key that was dropped is not there" '^key 50: Required key not available$'
	says "makedumpfile finds the panic in the log" \
		'^dmesg .*BUG: kernel NULL pointer dereference'
	;;
esac
