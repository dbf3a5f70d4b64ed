# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: a volume whose KEK is on a KMIP server opens with that KEK, openssl and stock cryptsetup
# rigs: uml
# uml: plain
# timeout: 180
# mem: 1024M
# disks: 64M
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
