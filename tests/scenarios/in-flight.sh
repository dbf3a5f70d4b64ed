# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: What an I/O under way takes of memory
# rigs: qemu-6.12 qemu-6.1
# timeout: 240
# disks: 64M

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e13

# per N BEFORE AFTER: KiB each, with a decimal.
per() {
	awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.1f", (b - a) / n }'
}

# The volume's folder in sysfs.
folder() {
	echo "/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor --separator : t)"
}

under_way() {
	[ "$(awk '{ print $1 + $2 }' "$1")" = "$2" ]
}

# KiB of bios with all that is made with them.
bios() {
	awk '/^bio(vec)?-/ { bytes += $2 * $4 } END { print bytes / 1024 }' /proc/slabinfo
}

# held RW SIZE DEPTH TABLE: sets HELD to the KiB of bios while the device below
# holds DEPTH I/Os of SIZE, and MISSES to the blocks of pages that were made.
held() {
	local inflight job before

	dmsetup create below --table "0 65536 linear $DISK1 0"
	dmsetup create t --table "$4"
	inflight=$(folder)/inflight
	echo 2 >/proc/sys/vm/drop_caches
	dmsetup suspend --nolockfs --noflush below
	before=$(bios)
	fio --name=held --filename=/dev/mapper/t --ioengine=libaio --direct=1 --rw="$1" \
		--bs="$2" --iodepth="$3" --number_ios="$3" --size=32M --minimal >/dev/null &
	job=$!
	wait_for 60 under_way "$inflight" "$3" || fail "I/O is held" "$(cat "$inflight")"
	HELD=$(awk -v a="$before" -v b="$(bios)" 'BEGIN { print b - a }')
	MISSES=$(dmsetup status t | sed -n 's/.* page_misses:\([0-9]*\).*/\1/p')
	dmsetup resume below
	wait $job || fail "I/O that was held is done" "fio: $?"
	dmsetup remove t
	dmsetup remove below
}

# bounded RW SIZE DEPTH: blocks for the ciphertext and no more (a few may have been
# at hand), bios of less than 2 KiB and 128 bytes for each page.
bounded() {
	local pages=$(($(numfmt --from=iec "${2^^}") / 4096)) most=0

	[ "$1" != randwrite ] || most=$(($3 * (pages < 8 ? pages : pages / 8)))
	if [ "$MISSES" -le $most ] && [ "$MISSES" -ge $((most * 3 / 4)) ]; then
		pass "$1 of $2: as many blocks as there is ciphertext"
	else
		fail "$1 of $2: as many blocks as there is ciphertext" "$MISSES, not $most"
	fi
	if awk -v n="$3" -v kib="$HELD" -v pages=$pages \
		'BEGIN { exit !(kib / n < 2 + pages / 8) }'; then
		pass "$1 of $2: small bios"
	else
		fail "$1 of $2: small bios" "$(per "$3" 0 "$HELD") KiB each"
	fi
}

check_held() {
	local rw size depth linear

	hc-ioctl load $UUID "$(printf '%02x' {1..64})"
	while read -r rw size depth; do
		held "$rw" "$size" "$depth" "0 65536 linear /dev/mapper/below 0"
		linear=$(per "$depth" 0 "$HELD")
		held "$rw" "$size" "$depth" "0 65536 hostcrypt $UUID 0 /dev/mapper/below 0"
		bounded "$rw" "$size" "$depth"
		note "under way, $rw of $size: bios of $(per "$depth" 0 "$HELD") KiB" \
			"(dm-linear: $linear), $(per "$depth" 0 "$MISSES") blocks for ciphertext"
	done <<-END
	randread 4k 512
	randwrite 4k 512
	randwrite 1m 12
	END
	hc-ioctl drop $UUID
}

load_module || give_up "the module does not load"
check_held
expect_ok "the module unloads" rmmod dm_hostcrypt
