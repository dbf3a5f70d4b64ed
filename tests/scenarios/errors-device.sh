# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: devices that cannot be used, and modules that do not fit: a clear message, a status of its own, nothing changed
# rigs: uml
# uml: plain
# timeout: 300
# mem: 768M
# disks: 32M 32M

slow=$([ "$RIG" = uml ] && echo --allow-slow-cipher)
keys=/var/lib/hostcrypt/local

write_config

# Sectors written to a disk since it is there; of a file, its checksum.
written() {
	sync
	if [ -b "$1" ]; then
		awk '{ print $7 }' "/sys/class/block/$(basename "$(readlink -f "$1")")/stat"
	else
		sha256sum <"$1"
	fi
}

# Runs a command that must fail; the disk must be as before and no KEK left.
untouched() {
	local name=$1 status=$2 regex=$3 disk=$4 before after
	shift 4

	before=$(written "$disk")
	expect_fail "$name" "$status" "$regex" "$@"
	after=$(written "$disk")
	[ "$before" = "$after" ] || fail "$name" "the disk was written to"
	[ -z "$(ls $keys 2>/dev/null)" ] || fail "$name" "a KEK was made"
}

create() {
	hostcrypt create --yes --provider local "$@"
}

# Without the module -----------------------------------------------------------
load dm-mod
create "$DISK1" >/dev/null || give_up "create needs no module"
cp -a $keys /tmp/keys
rm $keys/*
untouched "open without the module" 10 'dm-hostcrypt is not loaded.*modprobe dm-hostcrypt' \
	"$DISK1" hostcrypt open "$DISK1" vm1
expect_fail "key list without the module" 10 'is not loaded' hostcrypt key list
expect_match "version without the module" 'is not loaded' hostcrypt version
load_module || give_up "no module"
cp -a /tmp/keys/* $keys

# Another version ----------------------------------------------------------------
# A module of another version, as the command sees it: the answer to the version
# call is changed on its way.
cat >/root/other.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include "uapi/hostcrypt.h"

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *data;
	int r;

	va_start(args, request);
	data = va_arg(args, void *);
	va_end(args);
	r = next(fd, request, data);
	if (r == 0 && request == HOSTCRYPT_IOC_VERSION) {
		struct hostcrypt_version *version = data;

		version->abi += getenv("OTHER_ABI") != NULL;
		version->table_major += getenv("OTHER_TABLE") != NULL;
	}
	return r;
}
END
cc -shared -fPIC -I"$TREE/module" -o /root/other.so /root/other.c || give_up "no compiler"
other() {
	env "$1=1" LD_PRELOAD=/root/other.so hostcrypt "${@:2}"
}
expect_fail "a module with another interface" 11 'speaks interface 2, this command .* speaks 1' \
	other OTHER_ABI open $slow "$DISK1" vm1
expect_fail "a module with other table lines" 11 'table lines of version 2' \
	other OTHER_TABLE open $slow "$DISK1" vm1
expect_fail "and for key" 11 'load the module that was installed' other OTHER_ABI key list
expect_ok "no device was made" test ! -e /dev/mapper/vm1
expect "no key was loaded" "no keys are loaded" hostcrypt key list

# No fast cipher --------------------------------------------------------------------
if [ "$RIG" = uml ]; then
	sed 's/allow-slow-cipher = yes/allow-slow-cipher = no/' /etc/hostcrypt/hostcrypt.conf >/root/strict
	expect_fail "only a slow cipher" 17 'no fast XTS-AES.*--allow-slow-cipher' \
		hostcrypt --config /root/strict open "$DISK1" vm1
	expect "its key is dropped again" "no keys are loaded" hostcrypt key list
	expect_ok "no device is left" test ! -e /dev/mapper/vm1
	key=$(head -c 64 /dev/urandom | base64 -w0)
	uuid=$(cryptsetup token export --token-id 0 "$DISK1" | grep -o '"dek":"[^"]*' | cut -c8-)
	base64 -d <<<"$key" | hostcrypt key load "$uuid"
	expect_fail "other bytes under the key's UUID" 14 'other key bytes.*key drop' \
		hostcrypt open $slow "$DISK1" vm1
	hostcrypt key drop "$uuid"
else
	expect_ok "the fast cipher is there" hostcrypt open "$DISK1" vm1
	expect_match "and named" 'cipher:.*aes(ni|-aesni|-vaes|_)|cipher:xts-aes-' dmsetup status vm1
	hostcrypt close vm1
fi
rm -rf $keys

# What is no device --------------------------------------------------------------------
expect_fail "nothing there" 20 'no device /dev/nothing' create /dev/nothing
expect_fail "open of nothing" 20 '/dev/nothing' hostcrypt open /dev/nothing vm1
expect_fail "open of a UUID that nobody has" 20 'UUID=0f1e2d3c' \
	hostcrypt open UUID=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 vm1
truncate -s 32M /root/file
untouched "a file" 27 'is no block device.*losetup' /root/file create /root/file
expect_fail "a folder" 27 'is no block device' create /root
expect_fail "a character device" 27 'is no block device' create /dev/null

# Size -----------------------------------------------------------------------------------
small=$(make_ram_disk 16M)
untouched "too small" 22 'has 16777216 bytes; a volume takes at least 17825792' "$small" \
	create "$small"
untouched "a sector of 3000 bytes" 2 'not "3000"' "$DISK2" create --sector-size 3000 "$DISK2"
untouched "a sector of 8192 bytes" 2 'not "8192"' "$DISK2" create --sector-size 8192 "$DISK2"
printf '0 65521 linear %s 0\n' "$DISK2" | dmsetup --noudevsync create odd
dmsetup mknodes
untouched "a size that 4096 does not divide" 27 'no multiple of 4096' /dev/mapper/odd \
	create --sector-size 4096 /dev/mapper/odd
expect_match "without a wish the sector fits the size" 'sectors of 512 bytes' create /dev/mapper/odd
dmsetup --noudevsync remove odd
wipefs -qa "$DISK2"

printf '0 65528 linear %s 0\n' "$DISK2" | dmsetup --noudevsync create cut
dmsetup mknodes
create /dev/mapper/cut >/dev/null || give_up "no volume on cut"
dmsetup --noudevsync remove cut
printf '0 32760 linear %s 0\n' "$DISK2" | dmsetup --noudevsync create cut
dmsetup mknodes
expect_fail "a device that shrank" 22 'data begins at byte 16777216; grow' \
	hostcrypt open $slow /dev/mapper/cut vm1
dmsetup --noudevsync remove cut
wipefs -qa "$DISK2"
rm -rf $keys

# In use --------------------------------------------------------------------------------------
mkfs.ext4 -q "$DISK2" && mkdir -p /mnt/clear && mount "$DISK2" /mnt/clear
expect_fail "mounted" 21 'mounted on /mnt/clear' create --force "$DISK2"
umount /mnt/clear
wipefs -qa "$DISK2"
if mkswap -q "$DISK2" >/dev/null 2>&1 && swapon "$DISK2" 2>/dev/null; then
	expect_fail "swapped to" 21 'swap space' create --force "$DISK2"
	swapoff "$DISK2"
fi
wipefs -qa "$DISK2"
printf '0 100 linear %s 0\n' "$DISK2" | dmsetup --noudevsync create upper
untouched "held by another device" 21 'used by /dev/mapper/upper' "$DISK2" create --force "$DISK2"
expect_fail "open on a held device" 21 'used by /dev/mapper/upper' \
	hostcrypt open $slow "$DISK2" vm1
dmsetup --noudevsync remove upper
(exec 8<"$DISK2" && exec sleep 300) &
untouched "open in a process" 21 "open in sleep \(process $!\)" "$DISK2" create --force "$DISK2"
kill $!
wait $! 2>/dev/null

wipefs -qa "$DISK2"
printf 'label: gpt\n2048,32768,L\n' | sfdisk -q "$DISK2"
part=$(ls "$DISK2"?* 2>/dev/null)
if mkfs.ext4 -q "$part" && mount "$part" /mnt/clear; then
	expect_fail "a partition of it is mounted" 21 'mounted on /mnt/clear' create --force "$DISK2"
	umount /mnt/clear
	expect_ok "with the partition free, by force" create --force "$DISK2"
	expect_ok "the kernel has forgotten the partition" test ! -e "$part"
else
	fail "a partition of it is mounted" "no partition to mount"
fi
wipefs -qa "$DISK2"
rm -rf $keys

# Read-only -------------------------------------------------------------------------------------
blockdev --setro "$DISK2"
untouched "read-only" 27 'is read-only' "$DISK2" create "$DISK2"
blockdev --setrw "$DISK2"
blockdev --setro "$DISK1"
expect_fail "open read-only for writing" 27 'read-only; open it with --readonly' \
	hostcrypt open $slow "$DISK1" vm1
blockdev --setrw "$DISK1"

# What it carries ------------------------------------------------------------------------------------
carries() {
	local name=$1 regex=$2
	shift 2

	"$@" "$DISK2" >/dev/null 2>&1 || { skip "$name" "no $1"; return; }
	untouched "$name" 23 "carries data: .*$regex.*--force" "$DISK2" create "$DISK2"
	expect_match "$name, but forced" "carries now: .*$regex" create --force "$DISK2"
	expect "$name: only LUKS is left" crypto_LUKS bash -c "
		wipefs --noheadings -O TYPE $DISK2 | sort -u"
	wipefs -qa "$DISK2"
	rm -rf $keys
}

gpt() {
	printf 'label: gpt\n2048,,L\n' | sfdisk -q "$1"
}

mbr() {
	printf 'label: dos\n2048,,L\n' | sfdisk -q "$1"
}

luks1() {
	cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 \
		--key-file /root/other.c "$1"
}

lvm() {
	# The label and the header of a physical volume, without LVM's tools.
	printf 'LABELONE\1\0\0\0\0\0\0\0\0\0\0\0\40\0\0\0LVM2 001' >/root/pv
	printf 'abcdefghijklmnopqrstuvwxyz012345\0\0\0\2\0\0\0\0' >>/root/pv
	truncate -s 512 /root/pv
	# Its checksum runs from byte 20 on, with a start value of LVM's own.
	python3 - /root/pv <<-'END'
	import sys, zlib
	data = bytearray(open(sys.argv[1], "rb").read())
	crc = zlib.crc32(bytes(data[20:]), 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
	data[16:20] = crc.to_bytes(4, "little")
	open(sys.argv[1], "wb").write(data)
	END
	dd if=/root/pv of="$1" bs=512 seek=1 conv=notrunc status=none
}

carries "ext4" 'ext4 file system' mkfs.ext4 -q -F -L data
carries "swap" 'swap' mkswap
carries "GPT" 'gpt partition table' gpt
carries "DOS partitions" 'dos partition table' mbr
carries "LUKS1" 'crypto_LUKS' luks1
carries "LVM" 'LVM2_member' lvm

# A hostcrypt volume is data too.
create "$DISK2" >/dev/null
expect_fail "a volume of ours" 23 'crypto_LUKS' create "$DISK2"
wipefs -qa "$DISK2"
rm -rf $keys

# A disk that breaks halfway ------------------------------------------------------------------------------
load dm-flakey
printf '0 65536 flakey %s 0 0 1000 1 error_writes\n' "$DISK2" | dmsetup --noudevsync create broken
dmsetup mknodes
expect_fail "a disk that cannot be written" 1 'KEK [0-9a-f-]{36} made for it was destroyed again' \
	create --force /dev/mapper/broken
expect "its KEK is destroyed" "" bash -c "ls $keys"
dmsetup --noudevsync remove broken
wipefs -qa "$DISK2"
expect_fail "a header that cannot be made" 1 'cannot make the header file' \
	create --header /proc/header "$DISK2"
expect "its KEK is destroyed too" "" bash -c "ls $keys"
mkdir -p /mnt/small && mount -t tmpfs -o size=1M none /mnt/small
expect_fail "no room for the header" 1 'KEK [0-9a-f-]{36} made for it was destroyed again' \
	create --header /mnt/small/header "$DISK2"
expect "no half header is left" "" ls /mnt/small
expect "nor its KEK" "" bash -c "ls $keys"
umount /mnt/small
expect_fail "header and data on one device under two names" 2 'same device' bash -c "
	ln -sf $DISK2 /root/alias && hostcrypt create --yes --provider local --header /root/alias $DISK2"

# Killed halfway -----------------------------------------------------------------------------------------
# Whenever it was: there is a whole volume or none, and another create goes on.
for delay in 0.05 0.1 0.15 0.2 0.3 0.4 0.6; do
	wipefs -qa "$DISK2"
	hostcrypt create --yes --provider local "$DISK2" >/dev/null &
	pid=$!
	sleep $delay
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	status=0
	hostcrypt open $slow "$DISK2" vm1 2>/root/why || status=$?
	case $status in
	0) pass "killed after $delay s: a whole volume"; hostcrypt close vm1 ;;
	24) pass "killed after $delay s: no volume" ;;
	*) fail "killed after $delay s" "open: status $status, $(cat /root/why)" ;;
	esac
done
expect_ok "and create works after all that" create --force "$DISK2"
wipefs -qa "$DISK2"
rm -rf $keys

# Key providers that cannot be used ---------------------------------------------------------------------------
cat >/root/away.conf <<-END
[provider away]
type = kmip
server = 127.0.0.1:1
ca = /root/none
certificate = /root/none
private-key = /root/none
END
untouched "a provider that is not configured" 40 'elsewhere' "$DISK2" \
	hostcrypt create --yes --provider elsewhere "$DISK2"
untouched "a KEK that is not there" 51 'no key' "$DISK2" \
	create --kek 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 "$DISK2"
expect_fail "a key server that cannot be used" any 'hostcrypt: ' \
	hostcrypt --config /root/away.conf create --yes "$DISK2"
mkdir -p $keys && chmod 0755 $keys
untouched "a key folder that all can read" 56 'open to others' "$DISK2" create "$DISK2"
rm -rf $keys

# Somebody who is not root -----------------------------------------------------------------------------------------
expect_fail "another user" any 'hostcrypt: .*(root|lock memory)' \
	setpriv --reuid 65534 --regid 65534 --clear-groups hostcrypt open "$DISK2" vm1
