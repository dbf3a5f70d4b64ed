# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Real panics whose dumps go to a volume, opened with the dead kernel's key and without a key server
# rigs: qemu-6.12
# timeout: 600
# mem: 768M
# disks: 192M 16M
# kernel: crashkernel=320M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"
# shellcheck disable=SC2034 # of dump.sh
dump_place=volume:vm1/crash/

# The second disk keeps the state and the volume's KEK: no key server.
settle() {
	prepare
	mkdir -p /mnt/state /mnt/vm1 /var/lib/hostcrypt/local
	write_config
	[ "$BOOT" != 1 ] || mke2fs -q -F -b 4096 "$DISK2"
	mount "$DISK2" /mnt/state || give_up "no place for the state"
	install -d -m 700 /mnt/state/kek
	mount --bind /mnt/state/kek /var/lib/hostcrypt/local
	configure volume:vm1/crash 'state = /mnt/state'
}

# Only here is the private key on the machine that died: the dump lies in its volume.
bring_key() {
	(umask 077 && ask_host private support >/tmp/support.key)
}

open_volume() {
	hostcrypt open "$DISK1" vm1 && mount /dev/mapper/vm1 /mnt/vm1
}

dumps_there() {
	(cd /mnt/vm1/crash && ls) | tr '\n' ' '
}

settle
case $BOOT in
1)
	expect_fail "the volume is not open" 26 'no volume vm1 is open' hostcrypt dump load
	hostcrypt create --yes --provider local "$DISK1" >/dev/null &&
		hostcrypt open "$DISK1" vm1 || give_up "no volume"
	expect_fail "nor mounted" 85 'vm1 is not mounted' hostcrypt dump load
	mke2fs -q -t ext4 /dev/mapper/vm1 && mount /dev/mapper/vm1 /mnt/vm1 ||
		give_up "no file system"
	expect_fail "nor is the folder there" 85 'crash: No such file' hostcrypt dump load
	mkdir /mnt/vm1/crash
	plant_process
	arm
	crash_guest
	;;
2)
	expect_crash written 'guest-[0-9TZ]+.hcdump'
	expect "nothing of it on the disk, no dump's header either" 0 \
		ask_host count disk1 HCDUMP planted-process 'Kernel panic'
	expect_ok "the volume is whole" open_volume
	expect_match "one dump is in it, and no part of one" '^guest-[0-9TZ]+.hcdump $' dumps_there
	expect_ok "who reads it is here" bring_key
	expect_ok "it is whole" hostcrypt dump verify --key /tmp/support.key /mnt/vm1/crash/*.hcdump
	expect_match "the kernel's log in it is of the crash" 'Kernel panic' \
		hostcrypt dump extract --key /tmp/support.key --log /mnt/vm1/crash/*.hcdump -
	# A key that the dead kernel does not have opens nothing.
	arm
	umount /mnt/vm1
	expect_ok "the volume is closed" hostcrypt close vm1
	crash_guest
	;;
3)
	expect_crash failed 'the volume vm1: .*key'
	expect_ok "the volume is whole still" open_volume
	expect_match "the dump of before is in it, and nothing else" '^guest-[0-9TZ]+.hcdump $' \
		dumps_there
	;;
esac
