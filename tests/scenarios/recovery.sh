# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: a volume opens without hostcrypt: recovery passphrase, or the KEK with openssl and stock cryptsetup
# rigs: uml qemu-6.12
# uml: plain
# timeout: 240
# mem: 768M
# disks: 64M 32M

slow=$([ "$RIG" = uml ] && echo --allow-slow-cipher)

load_module || give_up "no module"
for module in dm-mod dm-crypt; do
	load $module
done
write_config

# The commands are taken from what hostcrypt itself prints, with the disk and
# the name put in: what a user would do.
steps() {
	sed -n '/^  openssl kdf/,/NAME$/p' <<<"$1" | sed "s/NAME\$/rescued/"
}

made=$(hostcrypt create --yes --provider local --recovery "$DISK1") || give_up "create: $made"
kek=$(sed -n 's/^  kek: \([0-9a-f-]*\) on.*/\1/p' <<<"$made")
passphrase=$(sed -n 's/^  recovery passphrase: //p' <<<"$made")
expect_match "a recovery passphrase of eight groups" \
	'^([0-9a-hj-km-np-tv-z]{5}-){7}[0-9a-hj-km-np-tv-z]{5}$' echo "$passphrase"

hostcrypt open $slow "$DISK1" vm1 || give_up "no open"
mkfs.ext4 -q /dev/mapper/vm1
mkdir -p /mnt/vm1
mount /dev/mapper/vm1 /mnt/vm1
head -c 2M /dev/urandom >/mnt/vm1/file
sum=$(sha256sum </mnt/vm1/file)
umount /mnt/vm1
hostcrypt close vm1
rmmod dm-hostcrypt || give_up "the module does not go"

# with the KEK -----------------------------------------------------------------
mkdir -p /root/rescue
cd /root/rescue || give_up "no folder"
od -An -v -tx1 -N32 "/var/lib/hostcrypt/local/$kek.kek" | tr -d ' \n' >KEK.hex
expect "a KEK has 64 hex digits" 64 bash -c 'wc -c <KEK.hex'
steps "$made" >open.sh
cat open.sh
expect_match "the instruction names the disk" "cryptsetup open .* $DISK1 rescued" cat open.sh
expect_ok "stock tools open it with the KEK" bash open.sh
expect_match "through dm-crypt" '^0 98304 crypt aes-xts-plain64' dmsetup table rescued
mount /dev/mapper/rescued /mnt/vm1
expect "the file is whole" "$sum" bash -c 'sha256sum </mnt/vm1/file'
echo "written without hostcrypt" >/mnt/vm1/text
umount /mnt/vm1
cryptsetup close rescued

flip=$(head -c 1 KEK.hex | tr 0-9a-f 1-9a-f0)
cp KEK.hex good.hex
{ printf %s "$flip"; tail -c 63 good.hex; } >KEK.hex
expect_fail "another KEK does not" any 'No key available' bash open.sh
cp good.hex KEK.hex

# with the passphrase ----------------------------------------------------------
expect_ok "stock cryptsetup opens it with the passphrase" \
	bash -c "printf %s '$passphrase' | cryptsetup open --type luks2 --key-file=- $DISK1 rescued"
cryptsetup close rescued
expect_fail "another passphrase does not" any 'No key available' \
	bash -c "printf %sx '$passphrase' | cryptsetup open --type luks2 --key-file=- $DISK1 rescued"

# back to hostcrypt --------------------------------------------------------------
load_module
expect_ok "hostcrypt opens it again" hostcrypt open $slow "$DISK1" vm1
mount /dev/mapper/vm1 /mnt/vm1
expect "with what was written meanwhile" "written without hostcrypt" cat /mnt/vm1/text
umount /mnt/vm1
hostcrypt close vm1
expect_ok "a passphrase may be added with cryptsetup" bash -c "
	printf %s '$passphrase' >old && printf 'another one' >new &&
	cryptsetup luksAddKey --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file old $DISK1 new"
expect_ok "and taken away" bash -c "printf 'another one' | cryptsetup luksRemoveKey $DISK1 -"
expect_ok "and hostcrypt opens it still" hostcrypt open $slow "$DISK1" vm1
hostcrypt close vm1

# a detached header ---------------------------------------------------------------
made=$(hostcrypt create --yes --provider local --header /root/vm2.header "$DISK2") ||
	give_up "create: $made"
kek=$(sed -n 's/^  kek: \([0-9a-f-]*\) on.*/\1/p' <<<"$made")
od -An -v -tx1 -N32 "/var/lib/hostcrypt/local/$kek.kek" | tr -d ' \n' >KEK.hex
steps "$made" >open.sh
hostcrypt open $slow --header /root/vm2.header "$DISK2" vm2
mkfs.ext4 -q -L rescued /dev/mapper/vm2
hostcrypt close vm2
expect_ok "stock tools open one with a detached header" bash open.sh
expect_match "its file system is there" rescued e2label /dev/mapper/rescued
cryptsetup close rescued
