# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: What hostcrypt writes dm-crypt reads, and the other way round, for every unit size
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 240
# disks: 16M

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e01
KEY=$(printf '%02x' {1..64})
SECTORS=8192
SLOW=
[ "$RIG" != uml ] || SLOW=allow_slow_cipher

options() {
	local words=()

	[ "$1" = 512 ] || words+=("sector_size:$1")
	[ -z "${2:-}" ] || words+=("$2")
	[ ${#words[@]} = 0 ] || echo "${#words[@]} ${words[*]}"
}

# map_ours|map_theirs UNIT TWEAK OFFSET: the same disk, the same key.
map_ours() {
	dmsetup create ours --table \
		"0 $SECTORS hostcrypt $UUID $2 $DISK1 $3 $(options "$1" "$SLOW")"
}

map_theirs() {
	dmsetup create theirs --table \
		"0 $SECTORS crypt aes-xts-plain64 $KEY $2 $DISK1 $3 $(options "$1")"
}

# One way and back: what one side wrote the other reads.
check() {
	local seed=$((${seed:-0} + 2)) what="unit $1, tweak $2, offset $3"

	map_ours "$@" && hc-pattern write /dev/mapper/ours $SECTORS $seed ||
		fail "hostcrypt writes: $what" "$(dmesg -k | tail -n 1)"
	dmsetup remove ours
	map_theirs "$@" || fail "dm-crypt maps: $what" "$(dmesg -k | tail -n 1)"
	expect_ok "dm-crypt reads hostcrypt's: $what" \
		hc-pattern check /dev/mapper/theirs $SECTORS $seed
	expect_ok "no plaintext on the disk: $what" hc-pattern absent "$DISK1" $SECTORS $seed

	seed=$((seed + 1))
	hc-pattern write /dev/mapper/theirs $SECTORS $seed || fail "dm-crypt writes: $what"
	dmsetup remove theirs
	map_ours "$@"
	expect_ok "hostcrypt reads dm-crypt's: $what" \
		hc-pattern check /dev/mapper/ours $SECTORS $seed
	dmsetup remove ours
}

load_module || give_up "the module does not load"
load dm-crypt
expect_ok "key loads" hc-ioctl load "$UUID" "$KEY"

for unit in 512 1024 2048 4096; do
	check $unit 0 0
	check $unit 4096 16384
done
check 512 7 13
check 1024 6 2
check 4096 4294967288 8
check 512 18446744073709543416 0

# Another tweak, another unit, another content: the test can tell.
map_ours 512 0 0 && hc-pattern write /dev/mapper/ours $SECTORS 1 && dmsetup remove ours
map_theirs 512 8 0
expect_fail "another tweak reads something else" 1 'differs at byte 0' \
	hc-pattern check /dev/mapper/theirs $SECTORS 1
dmsetup remove theirs
map_theirs 4096 0 0
expect_fail "another unit reads something else" 1 'differs at byte 512' \
	hc-pattern check /dev/mapper/theirs $SECTORS 1
dmsetup remove theirs
map_ours 512 0 0
expect_fail "another content is noticed" 1 'differs at byte 0' \
	hc-pattern check /dev/mapper/ours $SECTORS 2
dmsetup remove ours
hc-pattern write "$DISK1" $SECTORS 3
expect_fail "plaintext is noticed" 1 'plaintext is on the disk' \
	hc-pattern absent "$DISK1" $SECTORS 3

expect_ok "key drops" hc-ioctl drop "$UUID"
