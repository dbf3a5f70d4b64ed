# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Real panics whose dumps go to a block device, which takes one and keeps it
# rigs: qemu-6.12
# timeout: 600
# mem: 768M
# disks: 192M 16M
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"
# shellcheck disable=SC2034 # of dump.sh
dump_place=$DISK1

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
	expect_crash failed 'cannot write the dump: No space left on device'
	expect_fail "nothing looks like a dump" 70 'no encrypted dump' hostcrypt dump describe "$DISK2"
	expect "nothing of the memory is on it in clear" 0 \
		ask_host count disk2 planted-process 'Kernel panic'
	configure "block:$DISK1"
	expect_ok "a larger one" hostcrypt dump format "$DISK1"
	plant_process
	arm
	crash_guest
	;;
3)
	configure "block:$DISK1"
	expect_crash written ', which support can read'
	not_in_clear planted-process 'Kernel panic'
	expect_match "the dump says whose it is" 'host: guest' hostcrypt dump describe "$DISK1"
	expect_ok "it is whole" ask_host take disk1
	expect_ok "the offline key reads it" ask_host extract support
	expect_ok "and the kernel's log" ask_host extract support --log
	expect_match "that is of the crash" '^[1-9]' ask_host count kernel-log 'Kernel panic'
	expect_match "loading warns of it" 'warning: the device holds a dump' hostcrypt dump load
	crash_guest
	;;
4)
	configure "block:$DISK1"
	expect_crash failed "$DISK1 holds a dump that nobody has fetched"
	expect_ok "the first one is fetched" hostcrypt dump fetch /tmp/dump
	expect_match "as the one that it was" 'host: guest' hostcrypt dump describe /tmp/dump
	expect_fail "and gone from there" 70 'no encrypted dump' hostcrypt dump describe "$DISK1"
	;;
esac
