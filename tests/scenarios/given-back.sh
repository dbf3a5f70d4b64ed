# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Pages kept for ciphertext go back to the system: when memory is short, and with the last volume
# rigs: uml
# uml: plain
# timeout: 120
# disks: 64M
#
# What is at hand shows when a write needs it: page_misses counts the blocks that
# were not. On one CPU, so that the one that gives a block back is the next to want it.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e21
KEY=$(printf '%02x' {11..74})
SLOW="1 allow_slow_cipher"

open_volume() {
	dmsetup create t --table "0 131072 hostcrypt $UUID 0 $DISK1 0 $SLOW"
}

misses() {
	dmsetup status t | grep -o 'page_misses:[0-9]*' | cut -d: -f2
}

# Writes of many sizes, one at a time: from pages and from large blocks.
write_some() {
	local size

	for size in 4k 12k 32k 36k 256k 1M; do
		dd if=/dev/zero of=/dev/mapper/t bs=$size count=4 oflag=direct status=none || return
	done
}

# check NAME REGEX - how many blocks were not at hand for some writes
check() {
	local before

	before=$(misses)
	expect_ok "$1: writes" write_some
	expect_match "$1: misses" "^($2)\$" echo $(($(misses) - before))
}

load_module || give_up "no module"
xxd -r -p <<<"$KEY" | hostcrypt key load "$UUID" || give_up "no key"

open_volume || give_up "no volume"

check "a new volume" '[1-9][0-9]*'
check "what was used is at hand" 0
echo 2 >/proc/sys/vm/drop_caches
check "memory was short" '[1-9][0-9]*'
check "and it is at hand again" 0

dmsetup remove t && open_volume || give_up "no volume"
check "the last volume was closed" '[1-9][0-9]*'
check "another one has what it needs" 0
expect_ok "remove" dmsetup remove t
expect_ok "the key is dropped" hostcrypt key drop "$UUID"
expect_ok "the module unloads" rmmod dm-hostcrypt
