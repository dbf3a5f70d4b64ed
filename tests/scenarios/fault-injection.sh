# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Each allocation of a key load, a table load, reads, writes, flush, discard and zeroes fails in turn; no I/O is lost, nothing leaks
# rigs: uml
# timeout: 120
#
# kmemleak, scanned at the end of the scenario, finds what a failure would have
# left behind.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e0f
DEBUG=/sys/kernel/debug
SECTORS=32768

# Allocations that may wait, and single pages, are to fail too; quietly.
allow_failures() {
	echo N >$DEBUG/failslab/ignore-gfp-wait
	echo N >$DEBUG/fail_page_alloc/ignore-gfp-wait
	echo N >$DEBUG/fail_page_alloc/ignore-gfp-highmem
	echo 0 >$DEBUG/fail_page_alloc/min-order
	echo 0 >$DEBUG/failslab/verbose
	echo 0 >$DEBUG/fail_page_alloc/verbose
}

# A count of at least one: the injection really reached the call.
MET='^[1-9][0-9]* failures met, '

field() {
	dmsetup status t | tr ' ' '\n' | sed -n "s/^$1://p"
}

# An allocation that fails on the way to a device has the caller told, whatever
# the device is: as often as by dm-linear, but not once more.
check_io() {
	local name="$1 of $2" linear

	expect_match "$name" "$MET" fail-nth "$1" /dev/mapper/t "$2"
	note "$name: $LAST"
	linear=$(fail-nth "$1" /dev/mapper/linear "$2")
	if [ "${LAST##*, }" = "${linear##*, }" ]; then
		pass "$name: none reaches the caller"
	else
		fail "$name: none reaches the caller" "$LAST; $linear by dm-linear"
	fi
}

# The kernel leaks when it cannot make what all devices share, such as slab
# caches: a device that is there already holds them.
check_table() {
	dmsetup create failing --table "0 $SECTORS zero"
	expect_match "table load" "$MET" fail-nth table failing $SECTORS "$1"
	note "table load: $LAST"
	dmsetup remove failing
	expect "no table holds the key but one" "$UUID users 1" bash -c \
		"hc-ioctl list | sed -n 's/ age_ms.*//; /^$UUID/p'"
}

load_module || give_up "no module"
# The disk's own allocations are those of the loop device's thread, which do not
# fail here.
truncate -s $((SECTORS * 512)) /run/disk
disk=$(losetup -f --show /run/disk) || give_up "no loop device"
# No program to look for modules: hundreds of times it would find none.
echo >/proc/sys/kernel/modprobe
allow_failures || give_up "no fault injection"

expect_match "key load" "$MET" fail-nth load $UUID
expect "no key is left" "0 loaded" hc-ioctl list
head -c 64 /dev/urandom | hostcrypt key load $UUID || give_up "no key"
words="$UUID 0 $disk 0 2 allow_discards allow_slow_cipher"
dmsetup create t --table "0 $SECTORS hostcrypt $words" || give_up "no device"
dmsetup create linear --table "0 $SECTORS linear $disk 0"
check_table "$words"

# The largest takes more than one bio.
for bytes in 4096 131072 1052672; do
	check_io read $bytes
	check_io write $bytes
done
check_io fua 4096
check_io flush 4096
check_io discard 1048576
check_io zero 131072
expect "no I/O error was counted" 0 field errors
if [ "$(field page_misses)" -gt 0 ]; then
	pass "the allocator was asked for pages"
else
	fail "the allocator was asked for pages" "it was not"
fi
dmsetup remove linear
expect_ok "remove" dmsetup remove t
expect_ok "drop" hostcrypt key drop $UUID
expect_ok "unload" rmmod dm_hostcrypt
