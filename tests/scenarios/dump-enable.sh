# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: "dump enable" finds everything that would keep a dump from being taken, and changes nothing then
# rigs: uml
# uml: plain
# timeout: 600
# disks: 1G 16M
# kms: pykmip
# shellcheck source=tests/scenarios/tools/no-kexec.sh
. "$TREE/tests/scenarios/tools/no-kexec.sh"

# The settings on a disk that does nothing by itself for five minutes.
mkdir -p /etc/hostcrypt
[ "$BOOT" != 1 ] || mke2fs -q -t ext4 -F "$DISK2"
mount -o commit=300 "$DISK2" /etc/hostcrypt || give_up "no disk for settings"
if [ "$BOOT" = 2 ]; then
	expect_match "what was enabled is on the disk, whatever happens then" 'recipient support' cat $conf
	exit
fi
key small 2048 || give_up "no keys"

enable() {
	hostcrypt dump enable --recipient /tmp/keys/support.pem "$@"
}

expect_fail "without recipients there is nothing to do" 2 'say who shall be able' hostcrypt dump enable
expect_fail "a label belongs to a recipient" 2 'behind the --recipient' \
	hostcrypt dump enable --label x --recipient /tmp/keys/support.pem
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

says kexec_crash_size 536870912
load_module || give_up "no module"
expect_fail "memory is set aside" 83 "vmlinuz-$release: No such file" enable
install_kernel
expect_fail "no module for this kernel" 82 'not installed for kernel' enable
install_module

wants=/etc/systemd/system/multi-user.target.wants
mkdir -p $wants
touch $wants/kdump-tools.service
expect_fail "kdump-tools" 81 'systemctl disable --now kdump-tools' enable
rm $wants/kdump-tools.service
says kexec_crash_loaded 1
expect_fail "somebody else's capture kernel" 81 'kexec -p -u' enable
says kexec_crash_loaded 0

mv /usr/bin/makedumpfile /usr/bin/mkd
expect_fail "no makedumpfile" 82 'apt-get install makedumpfile' enable
mv /usr/bin/mkd /usr/bin/makedumpfile
expect_fail "a key that is too small" 75 '2048 bits' \
	hostcrypt dump enable --recipient /tmp/keys/small.pem
expect_fail "a private key is no recipient" 75 'no public key' \
	hostcrypt dump enable --recipient /tmp/keys/support.key
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
state=/var/crash/hostcrypt-dump-state
last_crash() {
	hostcrypt status --json | python3 -c "import json, sys
print(json.load(sys.stdin)['status']['dumps']['last_crash'])"
}
expect "what was not loaded is not armed" disarmed sed -n 2p $state
sed -i 3s/.*/another-boot/ $state
expect "and the next boot hears of no crash" None last_crash
sed -i 2s/.*/armed/ $state
expect_fail "a load that is refused after a crash" 83 'does not take' hostcrypt dump load
expect_match "leaves that to be told" "'state': 'armed'" last_crash
rm $state
our_own_is_loaded
cp /run/hostcrypt/dump-loaded /tmp/loaded
expect_fail "a load that is refused where one is loaded" 83 'does not take' hostcrypt dump load
expect_ok "leaves that to be what is loaded" cmp /tmp/loaded /run/hostcrypt/dump-loaded
expect "and armed" armed sed -n 2p $state
says kexec_crash_loaded 0
rm $state /run/hostcrypt/dump-loaded
expect_match "dump.conf says who, where, and lock" 'recipient support' cat $conf
expect_match "dump.conf: target" '^target = file:/var/crash$' cat $conf
expect_match "dump.conf: lock" '^lock = yes$' cat $conf
expect_match "dump.conf: key" '^public-key = /tmp/keys/support.pem$' cat $conf
expect_ok "the capture environment is there" test -s "$image"

# One at a time.
two_images() {
	local first status=0

	hostcrypt dump image >/tmp/first 2>&1 &
	first=$!
	hostcrypt dump image >/tmp/second 2>&1 || status=$?
	wait $first || status=$?
	return $status
}
expect_ok "two environments made at once" two_images
expect "one of them waited" 1 bash -c 'cat /tmp/first /tmp/second | grep -c "waiting for another"'
expect_ok "what is there is whole" gzip -t "$image"
touch /run/hostcrypt/dump-lock
flock -F /run/hostcrypt/dump-lock sleep 1000 &
holder=$!
wait_for 10 eval '! flock -n /run/hostcrypt/dump-lock true'
for verb in enable disable load unload image test; do
	expect_fail "$verb waits for others" 124 'waiting for another' timeout 2 hostcrypt dump $verb
done
expect_ok "status waits for nobody" timeout 10 hostcrypt dump status
kill $holder
made=$(stat -c %Y%i "$image")
expect_fail "said again it comes as far" 83 'does not take' enable --lock
expect "with the same capture environment" "$made" stat -c %Y%i "$image"
expect_fail "said otherwise it is told" 3 'says otherwise' enable
expect_fail "said without anything dump.conf counts" 83 'does not take' hostcrypt dump enable
cp /tmp/keys/support.key /etc/hostcrypt/any.key
expect_fail "a private key that is here" 83 'note +this host +/etc/hostcrypt/any.key is a recipient' \
	hostcrypt dump enable
rm /etc/hostcrypt/any.key

# A pair at a key server: what that lets this host do is asked.
start_kms || give_up "no key server"
write_config
sed 's/client/client2/' /etc/hostcrypt/hostcrypt.conf >/root/support.conf
expect_ok "support makes a pair at the key server" \
	hostcrypt dump key create --provider kms --config /root/support.conf --label atserver
printf '[dump]\ntarget = file:/var/crash\n\n%s\n' "$(sed -n '/^\[recipient/,$p' <<<"$LAST")" >$conf
expect_fail "a host that the key server denies the private half" 83 \
	'good +this host +found no way' hostcrypt dump enable
expect_match "its recipient is known" 'atserver \(kmip [0-9a-f]{12}\)' printf '%s\n' "$LAST"
expect_fail "a host that may use it is warned" 83 \
	'note +this host +the key server decrypts for this host.s certificate.*"atserver": take' \
	hostcrypt dump enable --config /root/support.conf
stop_kms
expect_fail "without the key server that is not known, and hinders nothing" 83 \
	'note +this host +whether the key server lets this host read is not known: ' \
	hostcrypt dump enable
expect_match "disable says what stays" 'leaves no dump any more' hostcrypt dump disable

# The power goes where nothing else has brought it to the disk.
rm $conf
sync
expect_fail "enabled anew" 83 'does not take' enable
cut_power
