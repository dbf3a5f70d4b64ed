# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: I/O that may not wait is done at once or refused, never handed to a worker and never wrong; io_uring does not need its own workers for it
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 150
# disks: 32M
#
# User-mode Linux with fault injection shows what happens without memory, QEMU
# what io_uring does.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e12
KEY=$(printf '%02x' {11..74})
SECTORS=65536
FAULTS=/sys/kernel/debug/fail_page_alloc
PUNTED=/sys/kernel/tracing/events/io_uring/io_uring_queue_async_work
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# make DISK [UNIT]: the device "t".
make() {
	local words=("sector_size:${2:-512}" "${SLOW[@]}")

	dmsetup create t --table "0 $SECTORS hostcrypt $UUID 0 $1 0 ${#words[@]} ${words[*]}"
}

field() {
	dmsetup status t | tr ' ' '\n' | sed -n "s/^$1://p"
}

check_bytes() {
	local unit jobs=8 requests=200

	[ "$RIG" != uml ] || jobs=4 requests=100
	for unit in 512 4096; do
		make "$1" $unit
		expect_match "$2, unit $unit: every byte right, whether done or refused" \
			'^[1-9][0-9]+ done [0-9]+ refused$' \
			hc-nowait /dev/mapper/t $SECTORS $jobs $requests $unit
		note "$2, unit $unit: ${LAST//$'\n'/ }"
		expect "$2, unit $unit: no error is counted" 0 field errors
		dmsetup remove t
	done
}

# starve PERCENT: so many of the page allocations that may not wait fail, in
# tasks that are marked.
starve() {
	echo Y >$FAULTS/task-filter
	echo Y >$FAULTS/ignore-gfp-wait
	echo 0 >$FAULTS/min-order
	echo -1 >$FAULTS/times
	echo "$1" >$FAULTS/probability
}

marked() {
	bash -c 'echo 1 >/proc/self/make-it-fail; exec "$@"' marked "$@"
}

check_without_memory() {
	# A disk that takes requests of any size whole.
	local disk=/dev/ram0

	load brd rd_nr=1 rd_size=32768
	hc-pattern write $disk $SECTORS 1
	echo 0 >$FAULTS/verbose
	make "$disk"
	starve 100
	# A whole MiB is more than the reserve has.
	expect_match "no memory: a large write is refused, a read is done" \
		'^[1-9][0-9]* done [1-9][0-9]* refused$' \
		marked hc-nowait /dev/mapper/t 8192 1 40 3 1048576 drop
	note "no memory: $LAST"
	# The tool writes again what was refused, and then may wait.
	expect_match "no memory: who may wait is served by a worker" '^[1-9][0-9]*$' field deferred
	expect "no memory: no error is counted" 0 field errors
	dmsetup remove t

	make "$disk"
	starve 50
	expect_match "memory half of the time: done and refused, every byte right" \
		'^[1-9][0-9]+ done [1-9][0-9]* refused$' \
		marked hc-nowait /dev/mapper/t $SECTORS 4 80 5 524288 drop
	note "memory half of the time: $LAST"
	starve 0
	expect "memory half of the time: no error is counted" 0 field errors
	dmsetup remove t
}

# How many requests io_uring gave to its workers since "punted_from_now".
punted_from_now() {
	echo '!hist:keys=common_pid' >$PUNTED/trigger 2>/dev/null
	echo 'hist:keys=common_pid' >$PUNTED/trigger
}

punted() {
	sed -n 's/^ *Hits: *//p' $PUNTED/hist
}

# uring RW TABLE: 400 requests of 4 to 64 KiB through io_uring.
uring() {
	dmsetup create u --table "$2" || return
	punted_from_now
	fio --name=uring --filename=/dev/mapper/u --ioengine=io_uring --direct=1 \
		--iodepth=16 --rw="$1" --bsrange=4k-64k --size=16M --number_ios=400 \
		--randrepeat=1 --minimal
	dmsetup remove u
}

check_uring() {
	local key rw
	key=$(printf '%02x' {1..64})

	for rw in randread randwrite; do
		expect_ok "io_uring, $rw: linear runs" uring $rw "0 $SECTORS linear $DISK1 0"
		expect "io_uring, $rw: linear needs no worker" 0 punted
		expect_ok "io_uring, $rw: hostcrypt runs" uring $rw \
			"0 $SECTORS hostcrypt $UUID 0 $DISK1 0"
		expect "io_uring, $rw: nor does hostcrypt" 0 punted
	done
	load dm-crypt
	expect_ok "io_uring: dm-crypt runs" uring randread \
		"0 $SECTORS crypt aes-xts-plain64 $key 0 $DISK1 0 2 no_read_workqueue no_write_workqueue"
	expect_match "io_uring: dm-crypt does (so the count counts)" '^[1-9][0-9]*$' punted
	note "io_uring: dm-crypt had $LAST of 400 reads done by a worker"
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"

check_bytes "$DISK1" disk
if [ -d $FAULTS ]; then
	check_without_memory
else
	check_bytes "$(make_ram_disk 32M)" "ram disk"
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	check_uring
fi

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
