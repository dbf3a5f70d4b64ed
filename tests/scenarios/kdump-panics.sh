# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: The machine dies while keys and volumes come and go under I/O, by an oops in the middle of a change of the list of key pages and by a panic in an interrupt: the dump has no key
# rigs: qemu-6.12 qemu-6.1
# timeout: 300
# mem: 512M
# disks: 16M 600M 8M
# kernel: crashkernel=160M
# console-allow: Kernel panic - not syncing: |Call Trace:|BUG: kernel NULL pointer|Oops|hc_step
#
# The first keys stay loaded, others up to 11 are closed before, 12 and more come and go.

# shellcheck source=tests/scenarios/tools/kdump.sh
. "$TREE/tests/scenarios/tools/kdump.sh"

CRASH=${MODULE%/*}/tests/crash/hc-crash.ko

# be_busy LIVE FILES: a program on each CPU for keys, and for I/O.
be_busy() {
	local live=$1 files=$2 from=kdump-$BOOT-$RANDOM$RANDOM

	load_module || give_up "no module"
	expect_ok "boot $BOOT: what to look for" ask_host keys "$from" "$live" 72
	use_volumes "$DISK1" "$live" 12 "$from"
	arm "registry=$(registry_address) inherit=0"
	# They are told of in the log, not on the console, which takes its time.
	dmesg -n 4
	taskset -c 0 hc-churn 12 30 "$from" "$DISK1" &
	taskset -c 1 hc-churn 42 30 "$from" "$DISK1" &
	fio --name=io --rw=randrw --bs=4k --ioengine=libaio --direct=1 --iodepth=8 --offset=4k \
		--time_based --runtime=1000 --filename="$files" \
		--cpus_allowed=0,1 --cpus_allowed_policy=split --numjobs=2 --output=/dev/null &
	expect_ok "boot $BOOT: keys come and go" wait_for 60 come_and_go
	expect_ok "boot $BOOT: I/O is under way" wait_for 60 under_way
}

come_and_go() {
	[ "$(dmesg | grep -c 'hostcrypt: [0-9]*:[0-9]*: key')" -gt 40 ]
}

under_way() {
	[ "$(awk '{ print $1 }' /sys/block/dm-0/stat)" -gt 100 ]
}

check_dump() {
	read_report
	check_hidden
	says "a key is taken over before the memory is looked at" '^volume 0: as it was written$'
	says "the keys that come and go were searched for" '^user page [0-9]+: [1-9][0-9]'
	says "makedumpfile finds the panic in the log" "^dmesg .*$1"
}

case $BOOT in
1)
	be_busy 8 /dev/mapper/v0:/dev/mapper/v7
	echo 1 >/proc/sys/kernel/panic_on_oops
	# Three passes or so make a checksum, of which a change looks at one and makes one.
	crash_guest insmod "$CRASH" way=step symbol=__siphash_unaligned caller=hc_registry \
		passes=$((30 + RANDOM % 60))
	;;
2)
	check_dump 'BUG: kernel NULL pointer dereference'
	says "in the middle of a change of the list" '^dmesg .* hc_registry_(add|remove|begin|check|sum|commit)'
	be_busy 1 /dev/mapper/v0
	crash_guest insmod "$CRASH" way=interrupt cpu=$((RANDOM % 2)) \
		delay=$((300 + RANDOM % 300))
	;;
3)
	check_dump 'Kernel panic - not syncing: hc-crash: in an interrupt'
	;;
esac
