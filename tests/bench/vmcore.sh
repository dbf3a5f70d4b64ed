# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: For the benchmark: what our capture kernel takes of the memory after a real panic
# rigs: qemu-6.12 qemu-6.1
# timeout: 600
# mem: 768M
# disks: 512M
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"

begin
case $BOOT in
1)
	arm
	crash_guest
	;;
2)
	expect_crash written 'guest-[0-9TZ]+\.hcdump'
	name=$(find /var/crash -name '*.hcdump' -printf '%f\n')
	expect_ok "the dump is brought out" ask_host fetch "$name"
	expect_ok "its memory is kept" ask_host keep
	;;
esac
