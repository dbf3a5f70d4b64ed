# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A real panic leaves a dump that is ciphertext on the disk; where one cannot be taken, the reason
# rigs: qemu-6.12
# timeout: 200
# mem: 768M
# disks: 256M
# keep: yes
# kernel: crashkernel=288M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

release=$(uname -r)

# The modules and the kernel of this guest where a machine has them.
install_kernel() {
	mkdir -p /boot /mnt/modules /var/lib/hostcrypt/dump
	mount -t overlay -o "lowerdir=/run/rig/build/capture-$RIG/modules:/usr/lib/modules/$release" \
		none "/usr/lib/modules/$release" &&
		cp -p "/run/rig/kernel/boot/config-$release" /run/rig/kernel/boot/vmlinuz-* /boot/ &&
		cp -p /run/rig/build/capture-"$RIG"/*.img* /var/lib/hostcrypt/dump/
}

write_dump_config() {
	mkdir -p /etc/hostcrypt /var/crash
	[ -e "$KEEP/support.key" ] ||
		openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$KEEP/support.key"
	openssl pkey -in "$KEEP/support.key" -pubout -out /etc/hostcrypt/support.pem
	printf '%s\n' '[dump]' 'target = file:/var/crash' 'modules = most' \
		'[recipient support]' 'public-key = /etc/hostcrypt/support.pem' \
		>/etc/hostcrypt/dump.conf
}

begin() {
	load_module || give_up "no module"
	install_kernel || give_up "the guest's kernel cannot be put in place"
	write_dump_config
	[ "$BOOT" != 1 ] || mke2fs -q -F "$DISK1"
	mount "$DISK1" /var/crash || give_up "the target cannot be mounted"
}

[ "$BOOT" != 1 ] || expect_ok "the capture environment is made" ask_host image
# The words of the state file: what the capture kernel left.
expect_state() {
	expect "boot $BOOT: the capture kernel says \"$1\"" "$1" sed -n 2p /var/crash/hostcrypt-dump-state
	expect_match "boot $BOOT: and more of it" "$2" sed -n 5p /var/crash/hostcrypt-dump-state
}

parts() {
	find /var/crash -name '*.part' | grep -q . && return 1
	find /var/crash -name '*.hcdump' | wc -l
}

load_and_crash() {
	expect_ok "boot $BOOT: the capture kernel is loaded" hostcrypt dump load
	crash_guest
}

begin
case $BOOT in
1)
	expect_fail "a registry that nobody tells is not taken" 10 'modprobe' bash -c \
		"rmmod dm_hostcrypt && hostcrypt dump load"
	load_module
	python3 -c "import time; x = '-'.join(['planted', 'pattern']) * 100000; time.sleep(1000)" &
	load_and_crash
	;;
2)
	expect_state written '^guest-[0-9TZ]+\.hcdump$'
	expect "boot $BOOT: one dump, and no part of one" 1 parts
	expect_ok "boot $BOOT: the offline key reads all of it" hc-dump-read "$KEEP/support.key" \
		/var/crash/*.hcdump /tmp/log /tmp/flat /tmp/capture
	expect_match "boot $BOOT: the kernel's log is in it" 'sysrq triggered crash' \
		grep 'Kernel panic' /tmp/log
	expect_match "boot $BOOT: what the capture had to say too" 'pages with keys are hidden' \
		cat /tmp/capture
	expect_ok "boot $BOOT: makedumpfile puts the memory together" bash -c \
		"makedumpfile -R /tmp/vmcore </tmp/flat && makedumpfile --dump-dmesg /tmp/vmcore /tmp/log2"
	expect_match "boot $BOOT: and finds the log in it" 'sysrq triggered crash' \
		grep 'Kernel panic' /tmp/log2
	expect_match "boot $BOOT: the planted pattern is in the memory that was read" '^[1-9]' \
		grep -c -a planted-pattern /tmp/vmcore
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out /tmp/other.key
	expect_fail "boot $BOOT: another key reads nothing" 74 'key' hc-dump-read /tmp/other.key \
		/var/crash/*.hcdump /tmp/x1 /tmp/x2 /tmp/x3
	rm -f /tmp/flat /tmp/vmcore
	# The module is loaded anew: its registry is elsewhere, what is loaded does not know.
	expect_ok "boot $BOOT: the capture kernel is loaded" hostcrypt dump load
	expect_ok "boot $BOOT: the registry goes" rmmod dm_hostcrypt
	crash_guest
	;;
3)
	expect_state failed 'registry of keys at 0x[0-9a-f]+ cannot be used'
	expect "boot $BOOT: the dump of before, and no part of one" 1 parts
	expect_ok "boot $BOOT: the capture kernel is loaded" hostcrypt dump load
	dd if=/dev/zero of=/var/crash/fill bs=1M status=none 2>/dev/null
	crash_guest
	;;
4)
	expect_state failed 'No space left on device'
	rm -f /var/crash/fill
	expect "boot $BOOT: the dump of before, and no part of one" 1 parts
	expect "boot $BOOT: the planted pattern is nowhere on the raw disk" 0 \
		ask_host find planted-pattern
	;;
esac
