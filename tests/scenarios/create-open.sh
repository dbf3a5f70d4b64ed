# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: a volume's life by the command: create, open, use, close; header on the device and detached
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 240
# mem: 512M
# disks: 64M 48M

slow=$([ "$RIG" = uml ] && echo --allow-slow-cipher)
node=/dev/mapper/vm1

load_module || give_up "no module"
write_config

# create -------------------------------------------------------------------
expect_fail "asks before it writes" 6 'nothing was changed.*--yes' \
	hostcrypt create --provider local "$DISK1"
expect "nothing written without a yes" 0 \
	bash -c "head -c 17M $DISK1 | tr -d '\\0' | wc -c"
expect_match "shows what it will do and the KEK" \
	'kek:.* [0-9a-f-]{36} on local' \
	hostcrypt create --yes --provider local --label vm-one "$DISK1"
expect_match "warns that a local key is readable" \
	"whoever reads this host's disk" \
	hostcrypt create --yes --force --provider local "$DISK1"
expect_match "what was made is LUKS2 for blkid" crypto_LUKS blkid -p "$DISK1"
expect_match "the token is there for cryptsetup" hostcrypt cryptsetup luksDump "$DISK1"
expect_match "a KEK file is for root only" '^600 0$' \
	bash -c 'stat -c "%a %u" /var/lib/hostcrypt/local/*.kek'

# open ---------------------------------------------------------------------
expect_ok "open" hostcrypt open $slow "$DISK1" vm1
expect_ok "open again is success" hostcrypt open $slow "$DISK1" vm1
expect "48 MiB of data" $((48 << 20)) blockdev --getsize64 $node
expect_match "its UUID in device-mapper" "^HOSTCRYPT-$(blkid -o value -s UUID "$DISK1")-vm1$" \
	dmsetup info -c --noheadings -o uuid vm1
expect_match "the table names no key bytes" \
	'^0 98304 hostcrypt [0-9a-f-]{36} 0 [0-9]+:[0-9]+ 32768 [12] sector_size:4096' \
	dmsetup table --showkeys vm1
expect_fail "the device under another name" 21 'in use: used by /dev/mapper/vm1' \
	hostcrypt open $slow "$DISK1" vm2
expect_fail "another device under the name" 25 'vm1 is open already' \
	hostcrypt open $slow "$DISK2" vm1
expect_fail "create on an open volume" 21 'in use' \
	hostcrypt create --yes --force --provider local "$DISK1"

# use ----------------------------------------------------------------------
expect_ok "mkfs" mkfs.ext4 -q $node
mkdir -p /mnt/vm1
expect_ok "mount" mount $node /mnt/vm1
echo "the quick brown fox jumps" >/mnt/vm1/text
sync
expect_fail "close refuses while mounted" 28 'mounted on /mnt/vm1' hostcrypt close vm1
umount /mnt/vm1
exec 7<$node
expect_fail "close names the process that has it open" 28 'open in bash' hostcrypt close vm1
exec 7<&-
expect_fail "no trace of the text on the disk" 1 '' grep -qa 'quick brown' "$DISK1"
expect_ok "but on the volume" grep -qa 'quick brown' $node
expect_match "a key in use cannot be dropped" in.use \
	bash -c "! hostcrypt key drop \$(dmsetup table vm1 | cut -d' ' -f4) 2>&1"
expect_ok "close" hostcrypt close vm1
expect "its key is gone" "no keys are loaded" hostcrypt key list
expect_fail "close again" 26 'no volume vm1 is open' hostcrypt close vm1
expect_ok "no node is left" test ! -e $node

# again, read-only ---------------------------------------------------------
expect_ok "open read-only" hostcrypt open $slow --readonly "$DISK1" vm1
expect "it is" 1 blockdev --getro $node
mount -o ro,noload $node /mnt/vm1
expect "the file came back" "the quick brown fox jumps" cat /mnt/vm1/text
umount /mnt/vm1
expect_ok "close it" hostcrypt close vm1
expect_ok "open with discards" hostcrypt open $slow --discard "$DISK1" vm1
expect_match "discards are allowed" allow_discards dmsetup table vm1
expect_ok "close that too" hostcrypt close vm1

# several at once --------------------------------------------------------------
failed=0 pids=
for _ in 1 2 3 4; do
	hostcrypt open $slow "$DISK1" vm1 &
	pids+=" $!"
done
for pid in $pids; do
	wait "$pid" || failed=$((failed + 1))
done
expect "four opens at once all succeed" 0 echo $failed
expect "with one key" 1 bash -c 'hostcrypt key list | grep -c -- -'
expect_ok "and one device" hostcrypt close vm1
expect "whose key is gone with it" "no keys are loaded" hostcrypt key list

# what a killed open left behind ---------------------------------------------------
dmsetup --noudevsync create vm1 --notable -u "HOSTCRYPT-$(blkid -o value -s UUID "$DISK1")-vm1"
expect_ok "open over a device without a table" hostcrypt open $slow "$DISK1" vm1
hostcrypt close vm1
dmsetup --noudevsync create other --notable
expect_fail "but not over somebody else's" 25 'hostcrypt did not make' \
	hostcrypt open $slow "$DISK1" other
dmsetup --noudevsync remove other

# by the table of volumes --------------------------------------------------
uuid=$(blkid -o value -s UUID "$DISK1")
printf 'vm1  UUID=%s  -  %s\n' "$uuid" "${slow:+allow-slow-cipher}" >/etc/hostcrypt/volumes
expect_ok "open by name alone" hostcrypt open vm1
expect_ok "close by name" hostcrypt close vm1
expect_fail "a name that the table lacks" 2 'knows no volume' hostcrypt open vm9

# detached header ----------------------------------------------------------
expect_ok "create with a detached header" hostcrypt create --yes --provider local \
	--sector-size 512 --header /root/vm2.header "$DISK2"
expect_match "the header is for root only" '^600$' stat -c %a /root/vm2.header
expect_ok "open it" hostcrypt open $slow --header /root/vm2.header "$DISK2" vm2
expect "all of the disk is data" "$(blockdev --getsize64 "$DISK2")" \
	blockdev --getsize64 /dev/mapper/vm2
expect_match "from its first byte on" ' 0 [0-9]+:[0-9]+ 0( |$)' dmsetup table vm2
expect_ok "mkfs on it" mkfs.ext4 -q /dev/mapper/vm2
expect_ok "both open at once" hostcrypt open $slow "$DISK1" vm1
expect_match "two keys are loaded" '^2$' bash -c 'hostcrypt key list | grep -c -- -'
expect_ok "close the second" hostcrypt close vm2
expect_ok "the first is still open" test -b $node
expect_ok "close the first" hostcrypt close vm1
expect_fail "a header file is not overwritten" 23 'the header file .* exists' \
	hostcrypt create --yes --provider local --header /root/vm2.header "$DISK2"
expect_ok "the header file is as it was" hostcrypt open $slow --header /root/vm2.header "$DISK2" vm2
expect_ok "close at the end" hostcrypt close vm2

# a volume per sector size -------------------------------------------------
for size in 512 1024 2048 4096; do
	expect_ok "create with sectors of $size" hostcrypt create --yes --force --provider local \
		--sector-size $size "$DISK1"
	hostcrypt open $slow "$DISK1" vm1
	expect_match "status shows $size" "sector_size:$size" dmsetup status vm1
	expect_ok "write and read with $size" bash -c "
		head -c 3M /dev/urandom >/root/data &&
		dd if=/root/data of=$node bs=64k oflag=direct conv=fsync status=none &&
		blockdev --flushbufs $node && cmp -n 3145728 /root/data $node"
	hostcrypt close vm1
done
