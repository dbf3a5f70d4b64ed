# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Real panics whose dumps go to a block device, which takes one and keeps it
# rigs: qemu-6.12 qemu-6.1
# timeout: 900
# mem: 768M
# disks: 192M 16M
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"
# shellcheck disable=SC2034 # of dump.sh
dump_place=$DISK1
volume=/dev/dumps/volume

# Without udev.
lv() {
	lvm "$@" --config 'activation{udev_sync=0 udev_rules=0} devices{use_devicesfile=0}'
}

# The first disk as a logical volume.
make_volume() {
	lv pvcreate -q "$DISK1" && lv vgcreate -q dumps "$DISK1" &&
		lv lvcreate -q -y -Wn -l 100%FREE -n volume dumps && [ -b $volume ]
}

use_volume() {
	configure block:$volume
	dump_place=$volume
	begin=$(lv pvs --noheadings --nosuffix --units b -o pe_start "$DISK1" | tr -d ' ')
	lv vgchange -q -a y dumps && size=$(blockdev --getsize64 $volume) || give_up "no logical volume"
}

prepare
case $BOOT in
1)
	configure "block:$DISK2"
	expect_fail "a device that nobody gave to dumps" 85 'not given to dumps' hostcrypt dump load
	expect_ok "a small one is given" hostcrypt dump format "$DISK2"
	plant_process
	arm
	crash_guest
	;;
2)
	configure "block:$DISK2"
	dump_place=$DISK2
	expect_crash failed 'cannot write the dump: No space left on device'
	expect_fail "nothing looks like a dump" 70 'no encrypted dump' hostcrypt dump describe "$DISK2"
	expect "nothing of the memory is on it in clear" 0 \
		ask_host count disk2 planted-process 'Kernel panic'
	expect_ok "a logical volume" make_volume
	use_volume
	expect_ok "is given" hostcrypt dump format $volume
	plant_process
	arm
	crash_guest
	;;
3)
	use_volume
	expect_crash written ', which support can read'
	not_in_clear planted-process 'Kernel panic'
	expect_match "the dump says whose it is" 'host: guest' hostcrypt dump describe $volume
	expect_ok "it is whole" ask_host take "$begin" "$size"
	expect_ok "the offline key reads it" ask_host extract support
	expect_ok "and the kernel's log" ask_host extract support --log
	expect_match "that is of the crash" '^[1-9]' ask_host count kernel-log 'Kernel panic'
	expect_match "loading warns of it" 'warning: the device holds a dump' hostcrypt dump load
	expect_match "so does the status" "^Dumps: block:$volume holds a dump, and a panic leaves no other" \
		hostcrypt status
	crash_guest
	;;
4)
	use_volume
	expect_crash failed "$volume holds a dump that nobody has fetched"
	expect_ok "the first one is fetched" hostcrypt dump fetch /tmp/dump
	expect_match "as the one that it was" 'host: guest' hostcrypt dump describe /tmp/dump
	expect_fail "and gone from there" 70 'no encrypted dump' hostcrypt dump describe $volume
	arm
	expect_ok "power goes in the middle of the next one" ask_host lose_power "$begin"
	crash_guest
	;;
5)
	use_volume
	expect_match "the next boot says so" 'started: it left no whole dump: the capture kernel began' \
		hostcrypt dump status
	not_in_clear 'Kernel panic'
	expect_fail "what there is is fetched, as cut" 72 'has what there is of it' \
		hostcrypt dump fetch /tmp/dump
	expect_fail "by who reads it, too" 72 '' ask_host take "$begin" "$size"
	expect_fail "and read as far as it goes" 72 'cut' ask_host extract support
	ask_host extract support --log >/dev/null
	expect_match "with the kernel's log of the crash" '^[1-9]' ask_host count kernel-log 'Kernel panic'
	;;
esac
