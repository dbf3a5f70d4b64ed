# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Polled I/O on an NVMe disk: reads come back without an interrupt and are decrypted by the one who polls
# rigs: qemu-6.12 qemu-6.1
# timeout: 90
# nvme: 64M
# kernel: nvme.poll_queues=1
#
# io_uring polls; since 5.19 preadv2 with RWF_HIPRI does no longer.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e14
KEY=$(printf '%02x' {31..94})
DISK=/dev/nvme0n1
SECTORS=65536
TRACING=/sys/kernel/tracing
READS=300

# Interrupts of the disk so far, on all CPUs.
interrupts() {
	awk '/nvme0q/ { for (i = 2; i < NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

# The volume's folder in sysfs.
folder() {
	echo "/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor --separator : t)"
}

# reads WORD...: READS reads, and what they did to the number of interrupts.
reads() {
	local before

	INTERRUPTS=unknown
	echo >$TRACING/trace
	before=$(interrupts)
	fio --name=reads --filename=/dev/mapper/t --ioengine=io_uring --direct=1 --rw=randread --bs=4k --size=16M \
		--number_ios=$READS --randrepeat=1 --minimal --thread=0 "$@" || return
	INTERRUPTS=$(($(interrupts) - before))
}

# The reads by who decrypted them: "COUNT PROGRAM CONTEXT HOW" lines. CONTEXT is
# the kernel's letter: "." a task, "s" softirq, "h" hard interrupt.
decrypted() {
	sed -nE 's/^ *([^ ]+)-[0-9]+ +\[[0-9]+\] ...(.)[^ ]* .*hostcrypt_read: .* by=(.*)/\1 \2 \3/p' \
		$TRACING/trace | sort | uniq -c | awk '{ print $1, $2, $3, $4 }'
}

check_reads() {
	local how=$1
	shift

	expect_ok "$how: runs" reads "$@" --hipri
	expect "$how: no interrupt" 0 echo "$INTERRUPTS"
	expect "$how: each is decrypted by the poller" "$READS fio . inline" decrypted
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
mountpoint -q $TRACING || mount -t tracefs none $TRACING
expect "the disk can be polled" 1 cat /sys/block/nvme0n1/queue/io_poll
hc-pattern write $DISK $SECTORS 1

for unit in 512 4096; do
	dmsetup create t --table "0 $SECTORS hostcrypt $UUID 0 $DISK 0 1 sector_size:$unit"
	expect "unit $unit: so can the volume" 1 cat "$(folder)/queue/io_poll"
	echo 1 >$TRACING/events/hostcrypt/hostcrypt_read/enable
	check_reads "unit $unit, depth 1" --iodepth=1
	check_reads "unit $unit, depth 8" --iodepth=8
	expect_ok "unit $unit, not polled: runs" reads --iodepth=1
	if [ "$INTERRUPTS" != unknown ] && [ "$INTERRUPTS" -gt 0 ]; then
		pass "unit $unit, not polled: there are interrupts (so their number is right)"
	else
		fail "unit $unit, not polled: there are interrupts (so their number is right)" none
	fi
	echo 0 >$TRACING/events/hostcrypt/hostcrypt_read/enable
	expect_ok "unit $unit: polled reads and writes, every byte right" \
		fio --name=mixed --filename=/dev/mapper/t --ioengine=io_uring --hipri --direct=1 \
		--iodepth=4 --rw=randrw --bsrange=$unit-64k --blockalign=$unit --size=4M --verify=crc32c \
		--verify_fatal=1 --minimal
	expect_match "unit $unit: no error is counted" ' errors:0' dmsetup status t
	dmsetup remove t
done

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
