# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: "dump test" finds what only shows when the RAM disk is unpacked and its program run
# rigs: uml
# uml: plain
# timeout: 600
# mem: 1024M
# disks: 1G 256M 256M
# shellcheck source=tests/scenarios/tools/no-kexec.sh
. "$TREE/tests/scenarios/tools/no-kexec.sh"

says kexec_crash_size 536870912
load_module && install_kernel && install_module || give_up "no module"
mkdir -p /etc/hostcrypt
printf '%s\n' '[dump]' 'target = file:/var/crash' '[recipient support]' \
	'public-key = /tmp/keys/support.pem' >$conf

try() {
	hostcrypt dump test --size 4 "$@"
}

left() {
	find /var/crash -name '*.hcdump*' | wc -l
}

# What cryptsetup-initramfs does for a host with an encrypted root: its script would ask for
# a passphrase, at the console.
foreign=/usr/share/initramfs-tools
mkdir -p $foreign/scripts/local-top
printf '#!/bin/sh\n[ "$1" != prereqs ] || exit 0\nmkdir -p "$DESTDIR/cryptroot"\n%s\n' \
	'echo root UUID=0 none luks >"$DESTDIR/cryptroot/crypttab"' >$foreign/hooks/cryptroot
printf '#!/bin/sh\n[ "$1" = prereqs ] || exec sleep 100000\n' >$foreign/scripts/local-top/cryptroot
chmod 755 $foreign/hooks/cryptroot $foreign/scripts/local-top/cryptroot

# By hand it would take nothing, and start the machine again.
expect_fail "the capture program is not for a kernel that runs" 1 'is for the kernel that' \
	"$(dirname "$(realpath "$(command -v hostcrypt)")")/capture/hostcrypt-capture"
expect_fail "nothing is loaded" 83 'no capture kernel is loaded' try
expect_ok "ours is loaded" our_own_is_loaded
expect_match "the RAM disk is there" 'img$' hostcrypt dump image
expect_ok "it is listed" bash -c "lsinitramfs $image >/tmp/files && grep -q scripts/hostcrypt /tmp/files"
expect_fail "nothing in it asks for a passphrase" 1 '' grep cryptroot /tmp/files
touch -d '1 hour ago' "$image"
expect_ok "everything is good" try --key /tmp/keys/support.key
printf '%s\n' "$LAST" >/tmp/list
for line in 'good +loaded +' 'good +trial +/var/crash/.*-test-[0-9TZ]+\.hcdump' 'good +structure +whole' \
	'good +contents +every frame' 'good +speed +4\.[0-9] MiB in .*/s; a dump of now: ' \
	'A panic would leave a dump. Not tried: '; do
	expect_match "it says so: ${line:0:16}" "$line" cat /tmp/list
done
expect "and leaves nothing" 0 left
expect_match "without a key it says what was not looked at" 'note +contents +not looked at' \
	try --keep
expect_ok "it is a dump like others" hostcrypt dump verify --key /tmp/keys/support.key \
	/var/crash/*-test-*.hcdump
expect_match "with the kernel's log in it" 'Linux version' \
	hostcrypt dump extract --key /tmp/keys/support.key --log /var/crash/*-test-*.hcdump -
rm /var/crash/*.hcdump
key other 3072
expect_fail "another key does not read it" 74 'key' try --key /tmp/keys/other.key
expect "nothing is left of that" 0 left

# What is loaded is not of now.
has_changed() {
	expect_fail "$1 has changed" 83 "what the capture kernel is to know has changed since .$1." try
	cp -p /tmp/keys/good.pem /tmp/keys/support.pem
	cp -p /tmp/good.conf $conf
}
cp -p $conf /tmp/good.conf
cp -p /tmp/keys/support.pem /tmp/keys/good.pem
cp -p /tmp/keys/other.pem /tmp/keys/support.pem
has_changed support.pem
sed -i '1a stall-limit = 77' $conf
has_changed dump.conf
printf '%s\n' '[recipient more]' 'public-key = /tmp/keys/other.pem' >>$conf
has_changed more.pem
hostname somebody
has_changed host
hostname guest
echo '# Only a remark.' >>$conf
expect_ok "what changes nothing is no change" try
sed -i 's/^.dump.$/&\nmodules = most/' $conf
expect_match "another kind of RAM disk" 'the capture environment is not of now' hostcrypt dump status
cp -p /tmp/good.conf $conf
touch -d '1 hour' "/boot/vmlinuz-$release"
expect_fail "a new kernel" 83 "kernel's file has changed" try
touch -d '1 hour ago' "/boot/vmlinuz-$release"
touch -d '1 hour' "$image"
expect_fail "a new RAM disk" 83 'made anew since' try
touch -d '1 hour ago' "$image"
sed -i '1s/.*/0x1000/' /run/hostcrypt/dump-loaded
expect_fail "the registry is elsewhere" 83 'loaded anew since' try
our_own_is_loaded

# The target.
fallocate -l 950M /var/crash/fill
expect_fail "the target is full" 85 'make room' try
rm /var/crash/fill
expect_fail "a test that does not fit" any 'No space left' try --size 2000
expect "leaves no part of one" 0 left
(until ls /var/crash/*-test-*.part; do sleep 0.05; done; pkill -TERM hostcrypt) >/dev/null 2>&1 &
hostcrypt dump test --size 600 >/dev/null 2>&1
wait $!
expect "a signal in the middle leaves nothing" 0 left
mount -o remount,ro /var/crash
expect_fail "the target takes nothing" 85 'Read-only' try
mount -o remount,rw /var/crash

# Keys, memory.
sed -i 2d /tmp/keys/support.pem
expect_fail "a broken key" 75 'support' try
cp /tmp/keys/good.pem /tmp/keys/support.pem
says kexec_crash_size 67108864
expect_fail "too little memory" 80 'crashkernel= sets 64 MiB aside' try
says kexec_crash_size 536870912
echo "$(cat /proc/cmdline) mem_encrypt=on" >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
expect_fail "encrypted memory" 80 'mem_encrypt=on' try
umount /proc/cmdline
touch -d '1 hour ago' $conf

# What became of a crash. state WORD TEXT: as a capture kernel would have left it
state() {
	printf '%s\n' 'hostcrypt dump state 1' "$1" another-boot 2026-01-02T03:04:05Z "$2" none '' '' '' \
		>/var/crash/hostcrypt-dump-state
}

status() {
	hostcrypt status --json | python3 -c "import json, sys
print(json.load(sys.stdin)['status']['dumps']['last_crash']${1-})"
}

expect_match "nothing has crashed" '^Dumps: a panic leaves one at file:/var/crash.$' hostcrypt status
expect "for programs" None status
state failed 'No space left on device'
expect_match "no dump, and why" 'The last crash, 2026-01-02T03:04:05Z, left no dump: No space' \
	hostcrypt status
expect_match "dump status says so too" 'last crash: 2026-.*failed: it left no dump: No space' \
	hostcrypt dump status
expect "for programs" 'failed' status "['state']"
expect_fail "the next load says so" 83 'the crash of 2026-01-02T03:04:05Z left no dump: No space' \
	hostcrypt dump load
expect_match "and leaves it to the agent" 'left no dump: No space' cat /run/hostcrypt/dump-crash
state armed ''
expect_match "one of which nobody heard" 'without the capture kernel being heard of' hostcrypt status
hostcrypt dump test --keep >/dev/null
dump=$(cd /var/crash && echo *.hcdump)
state written "$dump"
expect_match "a dump, and who can read it" "left the dump /var/crash/$dump, which support can read" \
	hostcrypt status
rm "/var/crash/$dump"
expect_match "a dump that was taken away" "left the dump /var/crash/$dump.$" hostcrypt status
state disarmed ''
for line in 'room: +[0-9.]+ MiB; a dump of now would' 'readable by: support \(rsa-oaep [0-9a-f]{12}\)' \
	'memory: +512.* set aside; a dump takes about' 'environment: of now'; do
	expect_match "dump status: ${line:0:12}" "$line" hostcrypt dump status
done

# The image, with something taken out of it. spoil COMMAND...: in its unpacked tree
spoil() {
	rm -rf /tmp/tree
	unmkinitramfs "$image" /tmp/tree && (cd /tmp/tree && "$@" &&
		find . | cpio --quiet -o -H newc | gzip -1 >/tmp/spoilt) && cat /tmp/spoilt >"$image" &&
		touch -d '1 hour ago' "$image"
}

cp -p "$image" /tmp/good.img
spoil sh -c 'rm usr/lib/modules/*/dm-hostcrypt.ko'
expect_fail "no module in the image" 82 'dm-hostcrypt.ko is not in the capture environment' try
cp -p /tmp/good.img "$image"
spoil sh -c 'rm $(find . -name "libblkid.so.1*")'
expect_fail "no library in the image" 82 'does not work: .*libblkid.so.1: cannot open' try
cp -p /tmp/good.img "$image"
spoil sh -c 'rm usr/bin/makedumpfile'
expect_fail "no makedumpfile in the image" 82 'does not run in the capture environment' try
# Its end says how large it becomes.
(head -c 100000 /tmp/good.img && printf '\0\0\0\1') >"$image"
touch -d '1 hour ago' "$image"
expect_fail "half an image" 82 'cannot be unpacked' try
cp -p /tmp/good.img "$image"
expect "and leaves nothing to the end" 0 left
expect_ok "not a mount either" bash -c '! grep trial /proc/mounts && ! test -e /run/hostcrypt/trial'

# Other targets, with an image for each of them.
# aim TARGET [LINE...]
aim() {
	printf '%s\n' '[dump]' 'modules = most' "target = $1" "${@:2}" '[recipient support]' \
		'public-key = /tmp/keys/support.pem' >$conf
	hostcrypt dump image >/dev/null 2>&1
	touch -d '1 hour ago' $conf "$image"
	our_own_is_loaded
}

hostcrypt dump format "$DISK2" >/dev/null && aim "block:$DISK2" || give_up "no device for dumps"
expect_ok "a device" try --key /tmp/keys/support.key
printf '%s\n' "$LAST" >/tmp/list
for line in "trial +$DISK2, written by" 'structure +whole' 'contents +every frame'; do
	expect_match "a device: ${line:0:10}" "good +$line" cat /tmp/list
done
expect_fail "nothing is left on it" 70 'no encrypted dump' hostcrypt dump describe "$DISK2"
expect_fail "a test that does not fit there" any 'No space left' try --size 300
expect_fail "nothing is left of that" 70 'no encrypted dump' hostcrypt dump describe "$DISK2"
hostcrypt dump test --size 4 --keep >/dev/null
expect_ok "kept, it is a dump like others" hostcrypt dump verify --key /tmp/keys/support.key "$DISK2"

write_config
hostcrypt create --yes --provider local "$DISK3" >/dev/null && hostcrypt open "$DISK3" vm1 &&
	mke2fs -q -t ext4 /dev/mapper/vm1 && mkdir /mnt/vm1 && mount /dev/mapper/vm1 /mnt/vm1 &&
	mkdir /mnt/vm1/crash && aim volume:vm1/crash 'state = /var/crash' ||
	give_up "no volume for dumps"
expect_fail "a volume through a slow cipher" 83 'module: a volume is open through a slow cipher' try
expect_match "status says so" '^Dumps: a volume is open through a slow cipher' hostcrypt status
# There is no other here, and so the rest is tried as if it were one.
echo 0 >/tmp/unlisted
mount --bind /tmp/unlisted /sys/module/dm_hostcrypt/parameters/unlisted
expect_ok "a volume" try --key /tmp/keys/support.key
printf '%s\n' "$LAST" >/tmp/list
for line in 'trial +/mnt/vm1/crash/.*-test-.*, written by' 'structure +whole' 'contents +every frame'; do
	expect_match "a volume: ${line:0:10}" "good +$line" cat /tmp/list
done
expect "nothing is left in it" '' find /mnt/vm1/crash -type f
expect_fail "a test that does not fit there either" any 'No space left' try --size 300
expect "nor of that" '' find /mnt/vm1/crash -type f
umount /mnt/vm1
expect_fail "one that is not mounted" 85 'vm1 is not mounted' try
