# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: a block device given to dumps: what is refused, a dump read from it and fetched
# rigs: uml
# uml: plain debug
# timeout: 120
# disks: 8M 8M

format() {
	hostcrypt dump format "$@"
}

openssl genpkey -quiet -algorithm X25519 -out /tmp/support.key
openssl pkey -in /tmp/support.key -pubout -out /tmp/support.pem
mkdir -p /etc/hostcrypt
printf '%s\n' '[dump]' "target = block:$DISK1" '[recipient support]' \
	'public-key = /tmp/support.pem' >/etc/hostcrypt/dump.conf

# seal FOLDER: a dump of 3 MB there
seal() {
	mkdir -p "$1"
	head -c 3M /dev/urandom >"$1/memory"
	echo "the kernel's log" >"$1/log"
	hc-seal "$1/log" /tmp/support.pem <"$1/memory" >"$1/dump"
}
seal /tmp/one

# What is not ours -----------------------------------------------------------
expect_fail "a device that nobody gave" 85 'not given to dumps; .*dump format' \
	hostcrypt dump fetch /tmp/x
expect_fail "a file is no device" 27 'no block device' format /tmp/one/dump
expect_fail "no device at all" 20 'there is no device' format /dev/nothing
mke2fs -q -F -t ext4 "$DISK1"
expect_fail "a file system" 23 'ext4 file system; with --force' format "$DISK1"
mount "$DISK1" /mnt
expect_fail "a mounted one, by force too" 21 'mounted on /mnt' format --force "$DISK1"
umount /mnt
expect_ok "by force" format --force "$DISK1"
expect_fail "nothing of the file system is left" 2 '' blkid -p -o value -s TYPE "$DISK1"
printf 'label: gpt\n,,\n' | sfdisk -q "$DISK2"
expect_fail "a partition table" 23 'gpt partition table' format "$DISK2"
wipefs -q -a "$DISK2"
mkswap -q "$DISK2" 2>/dev/null
expect_fail "swap" 23 'swap' format "$DISK2"
wipefs -q -a "$DISK2"
printf x | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
	--luks2-metadata-size 16k --luks2-keyslots-size 256k "$DISK2"
expect_fail "a LUKS header" 23 'crypto_LUKS' format "$DISK2"
wipefs -q -a "$DISK2"
dd if=/tmp/one/dump of="$DISK2" bs=1M conv=notrunc status=none
expect_fail "a dump on a device that is not ours" 23 'holds a dump' format "$DISK2"
expect_ok "dumps go to the second one" format --force "$DISK2"
expect "its dump is gone" 0 bash -c "head -c 65536 $DISK2 | tr -d '\\0' | wc -c"

# What is made of other devices ------------------------------------------------
# take DEVICE: "dump image" looks at the target first; here it stops at the module.
take() {
	sed "s|block:.*|block:$1|" /etc/hostcrypt/dump.conf >/tmp/take.conf
	hostcrypt dump image --dump-config /tmp/take.conf
}
expect_fail "a disk is taken" 82 'dm-hostcrypt is not installed' take "$DISK1"
ln -s "$DISK1" /dev/by-another-name
expect_ok "by any of its names" format /dev/by-another-name
hook=/usr/share/initramfs-tools/hooks/lvm2
for uuid in '' LVM-abcdef; do
	dmsetup create --noudevsync ${uuid:+--uuid $uuid} made$uuid --table "0 4096 linear $DISK2 4096" &&
		hostcrypt dump format /dev/mapper/made$uuid || give_up "no mapped device"
done
expect_fail "what nobody puts together" 85 "device-mapper's device dm-0, which nothing puts" \
	take /dev/mapper/made
rm -f $hook
expect_fail "a logical volume without LVM in the RAM disk" 85 'lvm2 is not there\); install lvm2' \
	take /dev/mapper/madeLVM-abcdef
install -m 755 /dev/null $hook
expect_fail "with it, it is taken" 82 'dm-hostcrypt is not installed' take /dev/mapper/madeLVM-abcdef
dmsetup create --noudevsync --uuid LVM-above above --table "0 2048 linear /dev/mapper/made 0" &&
	hostcrypt dump format /dev/mapper/above || give_up "no mapped device"
expect_fail "not on what nobody puts together" 85 'dm-0, which nothing puts' take /dev/mapper/above
for name in above madeLVM-abcdef made; do
	dmsetup remove --noudevsync $name
done
expect_ok "the second disk is given again" format --force "$DISK2"

# A dump ----------------------------------------------------------------------
expect_fail "nothing there to fetch" 70 'no encrypted dump' hostcrypt dump fetch /tmp/x
expect "and no file is made" no bash -c '[ -e /tmp/x ] || echo no'
expect_match "an empty one is formatted again" 'takes a dump of up to 7.9 MiB' format "$DISK1"
seal /tmp/two
# Over the end of what was there before: the rest of it follows.
dd if=/tmp/two/dump of="$DISK1" bs=1M conv=notrunc status=none
printf 'remains' | dd of="$DISK1" bs=1 seek="$(stat -c %s /tmp/two/dump)" conv=notrunc status=none
expect_match "described" 'testhost' hostcrypt dump describe "$DISK1"
expect_match "listed, to its end" "testhost .* whole +${DISK1##*/} \(" hostcrypt dump list
expect_match "verified" 'whole|frames' hostcrypt dump verify --key /tmp/support.key "$DISK1"
expect_ok "the log is read from the device" bash -c "hostcrypt dump extract \
	--key /tmp/support.key --log $DISK1 - | cmp - /tmp/two/log"
expect_fail "given up only by force" 23 'holds a dump; .*fetch' format "$DISK1"
expect_ok "copied and left there" hostcrypt dump fetch --keep /tmp/kept
expect_ok "to the byte" cmp /tmp/kept /tmp/two/dump
expect_fail "no file is written over" 2 'is there already' hostcrypt dump fetch /tmp/kept
expect_match "and the device keeps the dump" 'testhost' hostcrypt dump describe "$DISK1"
expect_ok "fetched" hostcrypt dump fetch /tmp/fetched
expect "for its owner only" 600 stat -c %a /tmp/fetched
expect_ok "to the byte again" cmp /tmp/fetched /tmp/two/dump
expect_fail "then there is none" 70 'no encrypted dump' hostcrypt dump describe "$DISK1"
expect_ok "and the device is still ours" format "$DISK1"
expect_match "which has none to list" "no dumps in $DISK1" hostcrypt dump list

# Cut -------------------------------------------------------------------------
size=$(stat -c %s /tmp/two/dump)
{ head -c $((size - 100000)) /tmp/two/dump && head -c 1M /dev/zero; } | dd of="$DISK1" bs=1M conv=notrunc status=none
expect_fail "a cut dump is copied as far as it goes" 72 "/tmp/cut has what there is.*format --force $DISK1" \
	hostcrypt dump fetch /tmp/cut
expect_match "and listed as cut" ' cut +' hostcrypt dump list "$DISK1"
expect_ok "that is what there was of it" bash -c \
	"cmp -n $((size - 100000)) /tmp/cut /tmp/two/dump"
expect_ok "and no more" bash -c "[ \$(stat -c %s /tmp/cut) -lt $size ]"
expect_match "and it stays" 'testhost' hostcrypt dump describe "$DISK1"
expect_fail "the second device was left alone" 70 'no encrypted dump' \
	hostcrypt dump fetch --device "$DISK2" /tmp/x

title() {
	tail -c 4096 "$DISK1" | head -n 1
}
before=$(title)
expect_ok "it is given up" format --force "$DISK1"
expect_fail "then it is gone" 70 'no encrypted dump' hostcrypt dump describe "$DISK1"
expect "and a capture kernel that is loaded knows the device still" "$before" title

expect_fail "a target of another kind" 2 'needs no fetching' bash -c \
	"sed 's/block:.*/file:\\/tmp/' /etc/hostcrypt/dump.conf >/tmp/file.conf
	hostcrypt dump fetch --dump-config /tmp/file.conf /tmp/x"

# A volume is listed where it is mounted. Here, any device of that name is one.
dmsetup create vm1 --table "0 $(blockdev --getsz "$DISK2") linear $DISK2 0"
mke2fs -q -F -t ext4 /dev/mapper/vm1
sed 's|block:.*|volume:vm1/crash|' /etc/hostcrypt/dump.conf >/tmp/volume.conf
expect_fail "a volume that is not mounted" 85 'vm1, which is not mounted' \
	hostcrypt dump list --dump-config /tmp/volume.conf
mount /dev/mapper/vm1 /mnt
mkdir /mnt/crash
cp /tmp/one/dump /mnt/crash/one.hcdump
expect_match "one that is" ' whole +one.hcdump' hostcrypt dump list --dump-config /tmp/volume.conf
