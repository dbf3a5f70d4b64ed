# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Thousands of bios of all shapes, made by a kernel module from a seed: the same bytes as dm-crypt on the disk, and read back
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 300
# mem: 768M
#
# The seed is new each time; SEED=NUMBER in the machine's environment gives one.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e0b
KEY=$(printf '%02x' {3..66})
SEED=${SEED:-$(od -A n -t u4 -N 4 /dev/urandom | tr -d ' ')}
DISK_MIB=8
SECTORS=12288
# Where the volumes begin on their disks, and in what their tweak begins.
OFFSET=1024
TWEAK=4096
# Six or seven shapes a round.
[ "$RIG" = uml ] && ROUNDS=70 || ROUNDS=50

# ram_disk NAME BLOCK IRQMODE CACHE: with a write cache of so many MiB (flush and FUA are
# real), completing in the submitter (0), in softirq (1) or in a timer's interrupt (2).
ram_disk() {
	local dir=/sys/kernel/config/nullb/$1

	mkdir "$dir" && echo $DISK_MIB >"$dir/size" && echo "$2" >"$dir/blocksize" &&
		echo 1 >"$dir/memory_backed" && echo 1 >"$dir/discard" &&
		echo "$3" >"$dir/irqmode" && echo "$4" >"$dir/cache_size" &&
		echo 1 >"$dir/power" || give_up "no ram disk"
	[ -b "/dev/$1" ] && echo "/dev/$1" || echo "/dev/nullb$(cat "$dir/index")"
}

# counted WORD...: option words of a table line, with their number.
counted() {
	[ $# = 0 ] || echo "$# $*"
}

# volumes UNIT DISCARDS OURS THEIRS: four volumes over the two disks.
volumes() {
	local ours=() theirs=()

	[ "$RIG" != uml ] || ours+=(allow_slow_cipher)
	[ "$2" = 0 ] || ours+=(allow_discards) theirs+=(allow_discards)
	[ "$1" = 512 ] || ours+=("sector_size:$1") theirs+=("sector_size:$1")
	for pair in "ours $3" "ours-crossed $4"; do
		dmsetup create "${pair% *}" --table \
			"0 $SECTORS hostcrypt $UUID $TWEAK ${pair#* } $OFFSET $(counted "${ours[@]}")" ||
			give_up "no hostcrypt volume"
	done
	for pair in "theirs $4" "theirs-crossed $3"; do
		dmsetup create "${pair% *}" --table \
			"0 $SECTORS crypt aes-xts-plain64 $KEY $TWEAK ${pair#* } $OFFSET $(counted "${theirs[@]}")" ||
			give_up "no dm-crypt volume"
	done
}

said() {
	dmesg -k | sed -n 's/.*hc-bios: //p'
}

# The counts of all runs, "WORD NUMBER": what kinds of shapes there were.
totals() {
	grep -E '^(kinds|layouts): ' /run/counts | tr ' ' '\n' |
		awk -F: 'NF == 2 && $2 != "" { n[$1] += $2 } END { for (word in n) print word, n[word] }'
}

# Of all kinds there were some, and of all together thousands. That one that may
# not wait would have had to ("again") is nothing to rely on.
check_totals() {
	local missing shapes

	shapes=$(totals | awk '/^(read|write|flush|zeroes|discard|bad_read|bad_write) / { n += $2 }
		END { print n + 0 }')
	missing=$(totals | sed -n 's/ 0$//p' | grep -vx again)
	note "$shapes shapes: $(totals | sort | tr '\n' ' ')"
	if [ -z "$missing" ] && [ "$shapes" -gt 1000 ]; then
		pass "thousands of shapes of all kinds"
	else
		fail "thousands of shapes of all kinds" "$shapes, none of: ${missing//$'\n'/ }"
	fi
}

# check UNIT BLOCK IRQMODE CACHE DISCARDS
check() {
	local name="units of $1, blocks of $2, completion $3, cache $4, discards $5" ours theirs

	ours=$(ram_disk ours "$2" "$3" "$4")
	theirs=$(ram_disk theirs "$2" "$3" "$4")
	volumes "$1" "$5" "$ours" "$theirs"
	dmesg -C
	if insmod "${MODULE%/*}/tests/bios/hc-bios.ko" seed="$SEED" rounds=$ROUNDS unit="$1" \
		offset=$OFFSET discards="$5" disks="$ours,$theirs" \
		volumes=/dev/mapper/ours,/dev/mapper/theirs,/dev/mapper/ours-crossed,/dev/mapper/theirs-crossed
	then
		rmmod hc-bios
		pass "$name"
		note "$name: $(said | grep shapes)"
	else
		fail "$name" "$(said | grep -A 3 -B 1 WRONG | head -n 5 | tr '\n' '|')"
	fi
	said | tee -a /run/counts
	dmsetup remove ours theirs ours-crossed theirs-crossed
	rmdir /sys/kernel/config/nullb/{ours,theirs}
}

load_module || give_up "the module does not load"
load dm-crypt
load null_blk nr_devices=0 || give_up "no ram disk"
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
note "SEED=$SEED"

check 512 512 0 0 1
check 512 4096 2 8 0
check 1024 512 1 0 1
check 2048 512 2 4 0
check 4096 512 2 0 1
check 4096 4096 1 4 1
check_totals

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
