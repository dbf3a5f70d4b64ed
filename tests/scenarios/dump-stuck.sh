# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A panic with a damaged list of keys, or a makedumpfile that fails or hangs, or a disk that does: no dump, the machine starts again, and the next boot says why
# rigs: qemu-6.12
# timeout: 900
# mem: 768M
# disks: 256M
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"

CRASH=${MODULE%/*}/tests/crash/hc-crash.ko
REGISTRY=/sys/module/dm_hostcrypt/parameters/registry

dump_config=('stall-limit = 30')
begin
case $BOOT in
1)
	arm
	# The generation that counts, behind magic and version.
	expect_ok "a bit of the list changes" insmod "$CRASH" \
		way=damage address="$(($(cat $REGISTRY) + 16))"
	crash_guest
	;;
2)
	expect_failure "the crashed kernel's registry of keys at 0x[0-9a-f]+ cannot be used"
	arm_false middle
	crash_guest
	;;
3)
	expect_failure '/usr/bin/makedumpfile ended with exit status 3'
	arm_false hang
	crash_guest
	;;
4)
	expect_failure 'makedumpfile made no progress for 30 s'
	not_in_clear 'Kernel panic' planted-log
	# A disk that does not answer, while the target's is looked for.
	mkdir -p /tmp/tree/scripts /tmp/tree/usr/sbin
	sed 's/^limit=300$/limit=20/' /run/rig/build/capture/scripts/hostcrypt >/tmp/tree/scripts/hostcrypt
	printf '#!/bin/sh\nexec sleep 100000\n' >/tmp/tree/usr/sbin/blkid
	chmod 755 /tmp/tree/usr/sbin/blkid
	arm_false none
	crash_guest
	;;
5)
	expect_crash armed 'the machine went down without the capture kernel being heard of'
	expect "no dump of that either" 0 dumps
	;;
esac
