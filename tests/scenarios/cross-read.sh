# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: What hostcrypt writes dm-crypt reads, and the other way round, for every unit size
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 240
# disks: 32M

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

unmap() {
	dmsetup remove "$1"
}

# Pages go through different sizes and ways: direct and through the cache.
fill() {
	[ -b "$1" ] || return
	openssl enc -aes-128-ctr -K "$(printf '%032x' "$2")" -iv 0 -in /dev/zero 2>/dev/null |
		head -c $((SECTORS * 512)) >/tmp/content
	dd if=/tmp/content of="$1" bs=1M count=2 oflag=direct status=none &&
		dd if=/tmp/content of="$1" bs=4k skip=512 seek=512 count=256 oflag=direct \
			status=none &&
		dd if=/tmp/content of="$1" bs=64k skip=48 seek=48 conv=fsync status=none
}

same_as_content() {
	cmp "$1" /tmp/content &&
		dd if="$1" bs=1M iflag=direct status=none | cmp - /tmp/content &&
		dd if="$1" bs=4k iflag=direct count=256 status=none |
			cmp -n $((256 * 4096)) - /tmp/content
}

no_trace_on_disk() {
	head -c 64 /tmp/content >/tmp/start
	python3 - "$DISK1" <<-'END'
	import sys
	disk = open(sys.argv[1], "rb").read()
	start = open("/tmp/start", "rb").read()
	sys.exit(start[:16] in disk)
	END
}

# One way and back: what one side wrote the other reads.
check() {
	local unit=$1 tweak=$2 offset=$3 what="unit $1, tweak $2, offset $3"

	map_ours "$unit" "$tweak" "$offset" && fill /dev/mapper/ours "$unit" && unmap ours ||
		{ fail "hostcrypt writes: $what" "$(dmesg | tail -n 3)"; return; }
	map_theirs "$unit" "$tweak" "$offset" || { fail "dm-crypt maps: $what"; return; }
	expect_ok "dm-crypt reads hostcrypt's: $what" same_as_content /dev/mapper/theirs
	expect_ok "no plaintext on the disk: $what" no_trace_on_disk
	fill /dev/mapper/theirs "$((unit + 1))" || fail "dm-crypt writes: $what"
	unmap theirs
	map_ours "$unit" "$tweak" "$offset"
	expect_ok "hostcrypt reads dm-crypt's: $what" same_as_content /dev/mapper/ours
	unmap ours
}

load_module || give_up "the module does not load"
load dm-crypt
expect_ok "key loads" hc-ioctl load "$UUID" "$KEY"

for unit in 512 1024 2048 4096; do
	check $unit 0 0
	check $unit 4096 32768
done
check 512 7 13
check 1024 6 2
check 4096 4294967288 8
check 512 18446744073709543416 0

# Another tweak must not read: the test can tell.
map_ours 512 0 0 && fill /dev/mapper/ours 1 && unmap ours
map_theirs 512 8 0
expect_fail "another tweak reads something else" 1 'differ' same_as_content /dev/mapper/theirs
unmap theirs
map_theirs 4096 0 0
expect_fail "another unit reads something else" 1 'differ' same_as_content /dev/mapper/theirs
unmap theirs

expect_ok "key drops" hc-ioctl drop "$UUID"
