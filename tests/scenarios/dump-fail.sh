# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Where a panic's dump cannot be taken, nothing is left of it, and the next boot says why
# rigs: qemu-6.12 qemu-6.1
# timeout: 900
# mem: 768M
# disks: 256M
# bad-sectors: 81920
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
	# A capture kernel that died itself; what it began is of before this boot.
	touch -d '2 hours ago' /var/crash/guest-20260101T000000Z.hcdump.part
	expect_match "boot $BOOT: a part of a dump is removed and told" \
		'^removed guest-20260101T000000Z.hcdump.part' hostcrypt dump load
	# There is room, but a sector in the middle of it is bad.
	crash_guest
	;;
4)
	expect_failure '[^ ]+hcdump: Input/output error'
	arm
	expect_ok "the disk is no longer the one that was there" tune2fs -U random "$DISK1"
	crash_guest
	;;
5)
	expect_crash armed 'the machine went down without the capture kernel being heard of'
	expect "boot $BOOT: no dump, and no part of one" 0 dumps
	not_in_clear 'Kernel panic'
	;;
esac
