# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A thousand open volumes in a machine of 1 GiB, each usable; what one takes of memory; all of it comes back
# rigs: qemu-6.12 qemu-6.1
# timeout: 300
# mem: 1024M
# disks: 64M 20M 20M
#
# Each volume has a key and a piece of the disk of its own.

COUNT=1000
PIECE=128

# KiB in use by everything but what the kernel gives up when asked.
used() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemTotal:/ { used += $2 }
		/^(MemFree|Buffers|Cached|SReclaimable):/ { used -= $2 }
		END { print used }' /proc/meminfo
}

# The parts of it that the kernel tells apart, KiB.
parts() {
	awk '/^(SUnreclaim|KernelStack|Percpu):/ { printf "%s%d ", $1, $2 }' /proc/meminfo
	echo "threads:$(find /proc -maxdepth 1 -name '[0-9]*' | wc -l)"
}

# Their sum. Unlike "used" it has nothing of programs and of the page allocator's
# per-CPU lists in it.
own() {
	awk '/^(SUnreclaim|KernelStack|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# per N BEFORE AFTER: KiB each, with a decimal.
per() {
	awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.1f", (b - a) / n }'
}

# parts_per N BEFORE AFTER
parts_per() {
	paste -d: <(tr ' ' '\n' <<<"$2") <(tr ' ' '\n' <<<"$3") | awk -F: -v n="$1" '
		NF == 4 { printf "%s %.2f  ", $1, ($4 - $2) / n }'
}

# Every volume costs a device of device mapper, whatever the target.
measure_linear() {
	local n=100 before parts_before

	before=$(used) parts_before=$(parts)
	seq 0 $((n - 1)) | awk -v disk="$DISK1" -v piece=$PIECE '
		{ printf "%sl%d,,,rw,0 %d linear %s %d", ($1 ? ";" : ""), $1, piece, disk, $1 * piece }' |
		dmsetup create --concise
	note "dm-linear: $(per $n "$before" "$(used)") KiB per device" \
		"($(parts_per $n "$parts_before" "$(parts)"))"
	seq -f l%.0f 0 $((n - 1)) | xargs dmsetup remove
}

measure_crypt() {
	local n=10 before parts_before key

	key=$(printf '%02x' {1..64})
	load dm-crypt
	before=$(used) parts_before=$(parts)
	seq 0 $((n - 1)) | awk -v disk="$DISK1" -v piece=$PIECE -v key="$key" '
		{ printf "%sc%d,,,rw,0 %d crypt aes-xts-plain64 %s 0 %s %d", ($1 ? ";" : ""), $1,
			piece, key, disk, $1 * piece }' |
		dmsetup create --concise
	note "dm-crypt: $(per $n "$before" "$(used)") KiB per device" \
		"($(parts_per $n "$parts_before" "$(parts)"))"
	seq -f c%.0f 0 $((n - 1)) | xargs dmsetup remove
}

# The command opens its volumes beside them.
check_command() {
	local disk n=0

	write_config
	for disk in "$DISK2" "$DISK3"; do
		n=$((n + 1))
		expect_ok "volume $n by the command: create" \
			hostcrypt create --yes --provider local "$disk"
		expect_ok "volume $n by the command: open" hostcrypt open "$disk" "vm$n"
		expect_ok "volume $n by the command: it can be used" \
			hc-pattern write "/dev/mapper/vm$n" 2048 $n
		expect_ok "volume $n by the command: and reads as written" \
			hc-pattern check "/dev/mapper/vm$n" 2048 $n
	done
	expect_ok "and closes them" hostcrypt close vm1
	hostcrypt close vm2
}

open_volumes() {
	local line

	hc-volumes tables "$1" "$DISK1" $PIECE | while read -r line; do
		dmsetup create --concise "$line" || return
	done
}

check_thousand() {
	local before with parts_before keys own_before own_with

	# What is made with the first one and stays is none of theirs.
	hc-volumes load 1
	open_volumes 1
	hc-volumes use 1
	dmsetup remove v0
	hc-volumes drop 1

	before=$(used) parts_before=$(parts) own_before=$(own)
	expect_ok "$COUNT keys are loaded" hc-volumes load $COUNT
	keys=$(used)
	expect_ok "$COUNT volumes are opened" open_volumes $COUNT
	expect "$COUNT volumes are there" $COUNT bash -c 'dmsetup ls --target hostcrypt | wc -l'
	with=$(used) own_with=$(own)
	note "$(awk '/^(MemTotal|MemFree|MemAvailable)/ { printf "%s %d MiB  ", $1, $2 / 1024 }' \
		/proc/meminfo)"
	note "a loaded key: $(per $COUNT "$before" "$keys") KiB"
	note "a volume with its key: $(per $COUNT "$before" "$with") KiB" \
		"($(parts_per $COUNT "$parts_before" "$(parts)"))"
	expect "each is written and read" "$COUNT used" hc-volumes use $COUNT
	check_command
	expect_ok "all are closed" xargs dmsetup remove < <(seq -f v%.0f 0 $((COUNT - 1)))
	expect_ok "all keys are dropped" hc-volumes drop $COUNT
	expect "none is left" "No devices found" dmsetup ls
	expect "no key either" "0 loaded" hc-ioctl list
	note "left of them: $(($(used) - before)) KiB, of which the kernel's own" \
		"$(($(own) - own_before)) KiB"
	# A tenth of what they took is more than slabs that are not quite empty.
	if [ $(($(own) - own_before)) -lt $(((own_with - own_before) / 10)) ]; then
		pass "their memory is back"
	else
		fail "their memory is back" \
			"of $((own_with - own_before)) KiB $(($(own) - own_before)) are not"
	fi
}

load_module || give_up "the module does not load"
measure_linear
measure_crypt
check_thousand
expect_ok "the module unloads" rmmod dm_hostcrypt
