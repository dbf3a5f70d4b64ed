# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Where a panic's dump cannot be taken, nothing is left of it, and the next boot says why
# rigs: qemu-6.12
# timeout: 200
# mem: 640M
# disks: 256M
# bad-sectors: 327680
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"

# What the last boot was to find: nothing of a dump, and the reason.
expect_failure() {
	expect_crash failed "$1"
	expect "boot $BOOT: no dump, and no part of one" 0 dumps
}

begin
case $BOOT in
1)
	# The module is loaded anew: its registry is elsewhere, what is loaded does not know.
	arm
	expect_ok "the registry goes" rmmod dm_hostcrypt
	crash_guest
	;;
2)
	expect_failure "the crashed kernel's registry of keys at 0x[0-9a-f]+ cannot be used"
	arm
	dd if=/dev/zero of=/var/crash/fill bs=1M status=none 2>/dev/null
	crash_guest
	;;
3)
	expect_failure 'cannot write the dump: No space left on device'
	rm -f /var/crash/fill
	not_in_clear 'Kernel panic'
	;;
esac
