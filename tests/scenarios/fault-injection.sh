# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Each allocation of a key load, a table load, a read and a write fails once; nothing leaks, nothing is wrong
# rigs: uml
# timeout: 120

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e0f
DEBUG=/sys/kernel/debug

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
MET='^[1-9][0-9]* failures met$'

load_module || give_up "no module"
# Not a null_blk disk: its own faults would be injected as well. Filled, the ram
# disk allocates nothing more.
disk=/dev/ram0
load brd rd_nr=1 rd_size=16384 || give_up "no ram disk"
dd if=/dev/zero of=$disk bs=1M count=16 oflag=direct status=none || give_up "no ram disk"

allow_failures || give_up "no fault injection"

expect_match "key load" "$MET" fail-nth load $UUID
expect "no key is left" "0 loaded" hc-ioctl list
head -c 64 /dev/urandom | hostcrypt key load $UUID || give_up "no key"
words="$UUID 0 $disk 0 1 allow_slow_cipher"
expect_match "table load" "$MET" fail-nth table failing 32768 "$words" 80
expect_match "no table holds the key" "^$UUID users 0 " hc-ioctl list

dmsetup create t --table "0 32768 hostcrypt $words" || give_up "no device"
expect_match "read" "$MET" fail-nth read /dev/mapper/t
expect_match "write" "$MET" fail-nth write /dev/mapper/t
expect_match "no I/O error was counted" "errors:0" dmsetup status t
expect_ok "remove" dmsetup remove t
expect_ok "drop" hostcrypt key drop $UUID
expect_ok "unload" rmmod dm_hostcrypt
