# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A panic while a hardware watchdog is armed: the capture kernel feeds it, and one in which nobody does so any more is ended by it
# rigs: qemu-6.12
# timeout: 600
# mem: 768M
# disks: 256M
# watchdog: yes
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"

WATCHDOG=/sys/class/watchdog/watchdog0

# For so long that it ends nothing here; in the capture kernel it has the 30 s of its driver.
arm_watchdog() {
	load i6300esb heartbeat=2000 && [ -c /dev/watchdog0 ] || give_up "no watchdog"
	(while printf . && sleep 1; do :; done) >/dev/watchdog0 &
	wait_for 20 grep -q '^active' $WATCHDOG/state || give_up "the watchdog is not armed"
}

# Longer than the watchdog waits.
dump_config=('stall-limit = 45')
begin
case $BOOT in
1)
	load i6300esb heartbeat=2000
	expect_fail "none is armed" 83 'watchdog +none is armed' hostcrypt dump test --size 1
	arm_watchdog
	arm_false hang
	expect_match "one is armed" 'watchdog +i6300ESB timer is armed; the capture kernel feeds it' \
		hostcrypt dump test --size 1
	crash_guest
	;;
2)
	expect_failure 'makedumpfile made no progress for 45 s'
	arm_watchdog
	arm_false stop
	crash_guest
	;;
3)
	expect_crash started 'the capture kernel began and did not come to its end'
	arm
	expect "what there was of a dump is gone" 0 dumps
	not_in_clear 'Kernel panic' planted-log
	;;
esac
