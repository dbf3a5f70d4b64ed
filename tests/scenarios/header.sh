# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: headers that somebody changed, or put before other data, are refused before the data is touched
# rigs: uml
# uml: plain
# timeout: 300
# mem: 768M
# disks: 24M 24M

slow=$([ "$RIG" = uml ] && echo --allow-slow-cipher)
edit=$TREE/tests/scenarios/tools/luks_edit.py

load_module || give_up "no module"
load dm-mod
write_config

kek_of() {
	python3 "$edit" "$1" get tokens/0/keks/0/kek | tr -d '"'
}

hostcrypt create --yes --provider local "$DISK1" >/root/made || give_up "no volume"
hostcrypt open $slow "$DISK1" vm1 || give_up "no open"
echo "data of the first" >/dev/mapper/vm1
hostcrypt close vm1
head -c 16M "$DISK1" >/root/good

# Sectors written to a disk since it is there.
written() {
	sync
	awk '{ print $7 }' "/sys/class/block/$(basename "$(readlink -f "$1")")/stat"
}

# Change the header, see the open refused with everything as it was, put the
# good header back.
refused() {
	local name=$1 status=$2 regex=$3 before after
	shift 3

	python3 "$edit" "$DISK1" "$@" || fail "$name" "the header could not be changed"
	before=$(written "$DISK1")
	expect_fail "$name" "$status" "$regex" hostcrypt open $slow "$DISK1" vm1
	after=$(written "$DISK1")
	[ "$before" = "$after" ] || fail "$name" "the disk was written to"
	[ "$(hostcrypt key list)" = "no keys are loaded" ] || fail "$name" "a key stayed loaded"
	[ ! -e /dev/mapper/vm1 ] || fail "$name" "there is a device"
	dd if=/root/good of="$DISK1" bs=1M count=1 conv=notrunc status=none
}

# What the MAC covers ----------------------------------------------------------
mac='was changed by somebody who does not have its key.*luksHeaderRestore'
refused "tweak offset changed" 30 "$mac" set segments/0/iv_tweak '"8"'
refused "sector size changed" 30 "$mac" set segments/0/sector_size 512
refused "data offset changed" 30 "$mac" set segments/0/offset '"16781312"'
refused "data size changed" 30 "$mac" set segments/0/size '"4096"'
refused "DEK's UUID changed" 30 "$mac" set tokens/0/dek '"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"'
refused "binding's place changed" 30 "$mac" set tokens/0/binding/offset '"16769024"'
refused "binding's kind changed" 30 "$mac" set tokens/0/binding '{"type":"size","bytes":"0"}'
refused "MAC changed" 30 "$mac" set tokens/0/mac "\"$(printf '0%.0s' {1..64})\""

# The allow-list -----------------------------------------------------------------
refused "null cipher in the segment" 32 'the cipher is "cipher_null-ecb"' \
	set segments/0/encryption '"cipher_null-ecb"'
refused "another cipher in the segment" 32 'the cipher is "aes-cbc-essiv:sha256"' \
	set segments/0/encryption '"aes-cbc-essiv:sha256"'
refused "a segment in the clear" 32 "the segment's type is" set segments/0 \
	'{"type":"linear","offset":"16777216","size":"dynamic"}'
refused "null cipher in our keyslot" 32 "a keyslot's cipher is \"cipher_null-ecb\"" \
	set keyslots/0/area/encryption '"cipher_null-ecb"'
refused "another cipher in our keyslot" 32 "our keyslot's cipher is" \
	set keyslots/0/area/encryption '"aes-cbc-plain64"'
refused "a count that would take hours" 32 'iteration count' \
	set keyslots/0/kdf/iterations 4294967295
refused "memory-hard derivation in our keyslot" 32 'key derivation is "argon2id"' \
	set keyslots/0/kdf '{"type":"argon2id","time":4,"memory":1048576,"cpus":4,
	"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}'
refused "a requirement of another tool" 27 'requirement "something-new"' \
	set config/requirements '{"mandatory":["something-new"]}'

# The token -----------------------------------------------------------------------
refused "no token" 24 'not made by hostcrypt' del tokens/0
refused "a newer token" 33 'of version 2.*install a newer' set tokens/0/version 2
refused "an unknown member" 33 'unknown member' set tokens/0/surprise 1
refused "a MAC that is none" 33 '"mac" is not 64 hex digits' set tokens/0/mac '"12"'
refused "a KEK with an escape sequence" 33 'KEK identifier' \
	set tokens/0/keks/0/kek '"\u001b[2Jx"'
refused "a KEK without end" 33 'KEK identifier' \
	set tokens/0/keks/0/kek "\"$(printf 'k%.0s' {1..300})\""
refused "a provider with a path" 33 'valid provider' set tokens/0/keks/0/provider '"../main"'
refused "no KEK at all" 33 'no array of 1 to 8' set tokens/0/keks '[]'
refused "a keyslot that is not there" 33 'keyslot' set tokens/0/keks/0/keyslot '"7"'
refused "two tokens" 33 'two hostcrypt tokens' set tokens/1 \
	"$(python3 "$edit" "$DISK1" get tokens/0)"
refused "a local KEK with a path" 51 'no identifier of a local key' \
	set tokens/0/keks/0/kek '"../../../etc/shadow"'
refused "a KEK that is not there" 51 'there is no key' \
	set tokens/0/keks/0/kek '"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"'
refused "a provider that is not configured" 40 'elsewhere' \
	set tokens/0/keks/0/provider '"elsewhere"'

python3 "$edit" "$DISK1" set tokens/0/keks/0/provider '"elsewhere"'
expect_ok "unless the administrator names one" hostcrypt open $slow --provider local "$DISK1" vm1
hostcrypt close vm1
dd if=/root/good of="$DISK1" bs=1M count=1 conv=notrunc status=none
expect_ok "the untouched header opens" hostcrypt open $slow "$DISK1" vm1
hostcrypt close vm1

# Damage ---------------------------------------------------------------------------
dd if=/dev/zero of="$DISK1" bs=16k count=1 conv=notrunc,fsync status=none
expect_ok "with its first copy lost the second one serves" hostcrypt open $slow "$DISK1" vm1
hostcrypt close vm1
dd if=/dev/zero of="$DISK1" bs=16k count=2 conv=notrunc,fsync status=none
expect_fail "with both lost there is no volume" 24 'no LUKS2 header' \
	hostcrypt open $slow "$DISK1" vm1
dd if=/root/good of="$DISK1" bs=1M count=1 conv=notrunc,fsync status=none
dd if=/dev/urandom of="$DISK1" bs=4k seek=8 count=4 conv=notrunc,fsync status=none
expect_fail "a damaged keyslot" 34 'keyslot is damaged' hostcrypt open $slow "$DISK1" vm1
dd if=/root/good of="$DISK1" bs=1M count=1 conv=notrunc,fsync status=none

# Nothing of the data is read before the MAC is right ------------------------------
sectors=$(blockdev --getsz "$DISK1")
front=$((32768 - 8))
printf '0 %d linear %s 0\n%d %d error\n' $front "$DISK1" $front $((sectors - front)) |
	dmsetup --noudevsync create broken
dmsetup mknodes
python3 "$edit" "$DISK1" set segments/0/iv_tweak '"8"'
blockdev --flushbufs /dev/mapper/broken
expect_fail "a changed header on a disk whose data cannot be read" 30 "$mac" \
	hostcrypt open $slow /dev/mapper/broken vm1
dd if=/root/good of="$DISK1" bs=1M count=1 conv=notrunc,fsync status=none
blockdev --flushbufs /dev/mapper/broken
expect_fail "the right header on that disk" 1 'cannot read the binding block' \
	hostcrypt open $slow /dev/mapper/broken vm1
dmsetup --noudevsync remove broken

# Headers of other volumes ----------------------------------------------------------
hostcrypt create --yes --provider local "$DISK2" >/dev/null || give_up "no second volume"
cp "$DISK2" /root/second
cryptsetup luksHeaderBackup --header-backup-file /root/first.header "$DISK1"
cryptsetup luksHeaderBackup --header-backup-file /root/second.header "$DISK2"
expect_ok "the first one's header goes before the second one's data" \
	cryptsetup -q luksHeaderRestore --header-backup-file /root/first.header "$DISK2"
expect_fail "and is refused" 31 'the data belongs to another volume' \
	hostcrypt open $slow "$DISK2" vm2
expect "no key stays loaded" "no keys are loaded" hostcrypt key list
expect_ok "the second one's own header goes back" \
	cryptsetup -q luksHeaderRestore --header-backup-file /root/second.header "$DISK2"
expect_ok "and opens" hostcrypt open $slow "$DISK2" vm2
hostcrypt close vm2
expect_fail "a backup as detached header before other data" 31 'belongs to another volume' \
	hostcrypt open $slow --header /root/first.header "$DISK2" vm2
expect_ok "a backup as detached header before its own data" \
	hostcrypt open $slow --header /root/first.header "$DISK1" vm1
hostcrypt close vm1
dd if=/dev/zero of="$DISK1" bs=4096 seek=4095 count=1 conv=notrunc,fsync status=none
expect_fail "no binding block" 31 'no binding block' hostcrypt open $slow "$DISK1" vm1
dd if=/root/good of="$DISK1" bs=1M count=16 conv=notrunc,fsync status=none

# KEKs of other volumes ----------------------------------------------------------------
first=$(kek_of "$DISK1") second=$(kek_of "$DISK2")
refused "another volume's KEK" 34 'the KEK does not open keyslot 0' \
	set tokens/0/keks/0/kek "\"$second\""
mv "/var/lib/hostcrypt/local/$first.kek" /root/kek
expect_fail "a lost KEK" 51 'open the volume with its recovery passphrase' \
	hostcrypt open $slow "$DISK1" vm1
cp -p /root/kek "/var/lib/hostcrypt/local/$first.kek"
chmod 0644 "/var/lib/hostcrypt/local/$first.kek"
expect_fail "a KEK that all can read" 56 'open to others.*chmod' hostcrypt open $slow "$DISK1" vm1
chmod 0600 "/var/lib/hostcrypt/local/$first.kek"
expect_ok "all put right" hostcrypt open $slow "$DISK1" vm1
expect "and the data is as it was" "data of the first" head -n 1 /dev/mapper/vm1
hostcrypt close vm1

# Detached headers ------------------------------------------------------------------------
large=$(make_ram_disk 16M) small=$(make_ram_disk 12M)
hostcrypt create --yes --provider local --header /root/h "$large" >/dev/null
expect_fail "a smaller device than it was made for" 31 'smaller than the volume was made' \
	hostcrypt open $slow --header /root/h "$small" vm3
expect_fail "a device with a LUKS header of its own" 31 'LUKS header of its own' \
	hostcrypt open $slow --header /root/h "$DISK2" vm3
expect_ok "the right device" hostcrypt open $slow --header /root/h "$large" vm3
hostcrypt close vm3
expect_fail "no header file" 20 '/root/nothing' \
	hostcrypt open $slow --header /root/nothing "$large" vm3
expect_fail "a header file of zeros" 24 'no LUKS2 header' bash -c "
	truncate -s 16M /root/zeros && hostcrypt open $slow --header /root/zeros $large vm3"
