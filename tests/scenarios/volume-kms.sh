# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: volumes whose KEK is on a KMIP server: made, opened, opened without hostcrypt, KEKs shared and given back
# rigs: uml
# uml: plain
# timeout: 180
# mem: 1024M
# disks: 64M 32M
# kms: pykmip

load_module || give_up "no module"
load dm-crypt
start_kms || give_up "no key server"
write_config

expect_match "the key server answers" 'state: works' hostcrypt kms check kms
made=$(hostcrypt create --yes "$DISK1") || give_up "create: $made"
kek=$(sed -n 's/^  kek: \([^ ]*\) on kms.*/\1/p' <<<"$made")
expect_ok "the KEK's identifier is told" test -n "$kek"
expect_match "and stands in the header" "\"kek\":\"$kek\"" cryptsetup token export --token-id 0 "$DISK1"
hostcrypt open "$DISK1" vm1 || give_up "no open"
mkfs.ext4 -q -L rescued /dev/mapper/vm1
expect_match "status names it" "kek: $kek, wrapped" hostcrypt status vm1
hostcrypt close vm1
rmmod dm-hostcrypt

# Any KMIP client will do to fetch the KEK; this one is PyKMIP's own.
/usr/bin/python3 -c '
import sys
from kmip.pie.client import ProxyKmipClient
host, port, certs, kek = sys.argv[1:]
with ProxyKmipClient(hostname=host, port=int(port), ca=certs + "/ca.pem", cert=certs + "/client.pem",
                     key=certs + "/client.key", ssl_version="PROTOCOL_TLSv1_2") as client:
    sys.stdout.write(client.get(kek).value.hex())
' "$KMS_HOST" "$KMS_PORT" "$KMS_CERTS" "$kek" >KEK.hex || give_up "the KEK could not be fetched"
expect "a KEK has 64 hex digits" 64 bash -c 'wc -c <KEK.hex'

sed -n '/^  openssl kdf/,/NAME$/p' <<<"$made" | sed 's/NAME$/rescued/' >open.sh
cat open.sh
expect_ok "stock tools open it with the KEK" bash open.sh
expect_match "through dm-crypt" ' crypt aes-xts-plain64' dmsetup table rescued
expect_match "its file system is there" rescued e2label /dev/mapper/rescued
cryptsetup close rescued

# a KEK of one's own choice --------------------------------------------------------
load_module
expect_match "a second volume under the same KEK" "kek: $kek on kms" \
	hostcrypt create --yes --kek "$kek" "$DISK2"
expect_ok "opens" hostcrypt open "$DISK2" vm2
expect_ok "and the first one too" hostcrypt open "$DISK1" vm1
expect_match "with a key of its own" '^2$' bash -c 'hostcrypt key list | grep -c -- -'
hostcrypt close vm1
hostcrypt close vm2

# a KEK that was made for nothing ----------------------------------------------------
load dm-flakey
wipefs -qa "$DISK2"
printf '0 65536 flakey %s 0 0 1000 1 error_writes\n' "$DISK2" | dmsetup --noudevsync create broken
dmsetup mknodes
expect_fail "a disk that cannot be written" 1 'KEK [0-9]+ made for it was destroyed again' \
	hostcrypt create --yes --force /dev/mapper/broken
lost=$(grep -o 'KEK [0-9]*' <<<"$LAST" | cut -d' ' -f2)
dmsetup --noudevsync remove broken
wipefs -qa "$DISK2"
expect_fail "the server has destroyed it" any 'hostcrypt: ' \
	hostcrypt create --yes --kek "$lost" "$DISK2"
expect_fail "the chosen KEK of a create that fails is left alone" 23 'carries data' \
	hostcrypt create --yes --kek "$kek" "$DISK1"
expect_ok "as the volume under it shows" hostcrypt open "$DISK1" vm1
hostcrypt close vm1

# the server away -------------------------------------------------------------------
stop_kms
before=$(sha256sum <"$DISK2")
expect_fail "create without the server" 41 '127.0.0.1:5696' hostcrypt create --yes "$DISK2"
expect "changes nothing" "$before" bash -c "sha256sum <$DISK2"
expect_fail "open without the server" 41 'cannot open volume vm1: .*127.0.0.1:5696' \
	hostcrypt open "$DISK1" vm1
expect "leaves no key" "no keys are loaded" hostcrypt key list
start_kms
expect_ok "and with the server back" hostcrypt open "$DISK1" vm1
