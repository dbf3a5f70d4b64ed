# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: "dump enable" finds everything that would keep a dump from being taken, and changes nothing then
# rigs: uml
# uml: plain
# timeout: 120
# disks: 1G
release=$(uname -r)
conf=/etc/hostcrypt/dump.conf
aside=/sys/kernel/kexec_crash_size

key() {
	openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key" &&
		openssl pkey -in "$1.key" -pubout -out "$1.pem"
}

# What this kernel does not have: memory set aside, and files of its own.
mount -t tmpfs none /sys/kernel || give_up "no place for what the kernel would say"
mkdir -p /root/keys /usr/lib/modules/"$release"
key /root/keys/support 3072 && key /root/keys/small 2048 || give_up "no keys"
mke2fs -q -t ext4 -F "$DISK1" && mkdir -p /var/crash && mount "$DISK1" /var/crash ||
	give_up "the target cannot be mounted"

enable() {
	hostcrypt dump enable --recipient /root/keys/support.pem "$@"
}

expect_fail "without recipients there is nothing to do" 2 'say who shall be able' hostcrypt dump enable
expect_fail "a label belongs to a recipient" 2 'behind the --recipient' \
	hostcrypt dump enable --label x --recipient /root/keys/support.pem
expect_fail "all that is wrong is told at once" 80 'bad +kernel' enable
printf '%s\n' "$LAST" >/tmp/list
for line in 'bad +memory +no memory is set aside.*crashkernel=512M' \
	'bad +module +dm-hostcrypt is not loaded.*modprobe' 'good +target +file:/var/crash has room' \
	'good +recipients +support \(rsa-oaep [0-9a-f]{12}\)' 'nothing was changed: memory: '; do
	expect_match "and each with what to do: ${line:0:20}" "$line" cat /tmp/list
done
expect_fail "dump.conf is not there then" any '' test -e $conf
echo 'echo $*' >/usr/sbin/update-grub
chmod 755 /usr/sbin/update-grub
expect_fail "where GRUB is, so is the line for it" 80 \
	'GRUB_CMDLINE_LINUX_DEFAULT crashkernel=512M" into /etc/default/grub.d/.*update-grub' enable

echo 536870912 >$aside
load_module || give_up "no module"
expect_fail "memory is set aside" 83 "vmlinuz-$release: No such file" enable
mkdir -p /boot
touch "/boot/vmlinuz-$release"
echo CONFIG_RD_GZIP=y >"/boot/config-$release"
expect_fail "no module for this kernel" 82 'not installed for kernel' enable
cp "$MODULE" "/usr/lib/modules/$release/" && touch "/usr/lib/modules/$release"/modules.{order,builtin} &&
	depmod "$release"

wants=/etc/systemd/system/multi-user.target.wants
mkdir -p $wants
touch $wants/kdump-tools.service
expect_fail "kdump-tools" 81 'systemctl disable --now kdump-tools' enable
rm $wants/kdump-tools.service
echo 1 >/sys/kernel/kexec_crash_loaded
expect_fail "somebody else's capture kernel" 81 'kexec -p -u' enable
echo 0 >/sys/kernel/kexec_crash_loaded

mv /usr/bin/makedumpfile /usr/bin/mkd
expect_fail "no makedumpfile" 82 'apt-get install makedumpfile' enable
mv /usr/bin/mkd /usr/bin/makedumpfile
expect_fail "a key that is too small" 75 '2048 bits' \
	hostcrypt dump enable --recipient /root/keys/small.pem
expect_fail "a private key is no recipient" 75 'no public key' \
	hostcrypt dump enable --recipient /root/keys/support.key
expect_fail "a file that is not there" 75 'No such file' hostcrypt dump enable --recipient /none

mount -o remount,ro /var/crash
expect_fail "a target that takes nothing" 85 'Read-only' enable
mount -o remount,rw /var/crash
fallocate -l 950M /var/crash/fill
expect_fail "a target that is full" 85 'make room' enable
rm /var/crash/fill
expect_fail "a target in memory" 85 'cannot mount' enable --target file:/run
expect_fail "no target" 3 'of no kind' enable --target /var/crash
expect_fail "still nothing was changed" any '' test -e $conf

# Everything is good; this kernel has no kexec.
expect_fail "then the capture environment is made and loaded" 83 'does not take' enable --lock
expect_match "dump.conf says who, where, and lock" 'recipient support' cat $conf
expect_match "dump.conf: target" '^target = file:/var/crash$' cat $conf
expect_match "dump.conf: lock" '^lock = yes$' cat $conf
expect_match "dump.conf: key" '^public-key = /root/keys/support.pem$' cat $conf
expect_ok "the capture environment is there" test -s "/var/lib/hostcrypt/dump/$release.img"
image=$(stat -c %Y%i "/var/lib/hostcrypt/dump/$release.img")
expect_fail "said again it comes as far" 83 'does not take' enable --lock
expect "with the same capture environment" "$image" stat -c %Y%i \
	"/var/lib/hostcrypt/dump/$release.img"
expect_fail "said otherwise it is told" 3 'says otherwise' enable
expect_fail "said without anything dump.conf counts" 83 'does not take' hostcrypt dump enable
cp /root/keys/support.key /etc/hostcrypt/any.key
expect_fail "a private key that is here" 83 'note +this host +/etc/hostcrypt/any.key is a recipient' \
	hostcrypt dump enable
expect_match "disable says what stays" 'leaves no dump any more' hostcrypt dump disable
