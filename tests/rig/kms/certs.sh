#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make the certificates of a key server and its clients.
#
#   certs.sh FOLDER [NAME...]     NAMEs (DNS:x or IP:x) are added to the server's
#
# In FOLDER, as NAME.pem and NAME.key:
#   ca                    the CA of all but two
#   server                for localhost, 127.0.0.1, ::1 and 10.0.2.2
#   client, client2       two identities
#   other-ca              another CA
# and for tests of what must be refused:
#   server-expired server-other-ca server-other-name
#   client-expired client-other-ca client-no-eku (without clientAuth)
# What is there already is left alone.

set -eu
umask 077

folder=${1:?usage: certs.sh FOLDER [NAME...]}
shift
names=DNS:localhost,IP:127.0.0.1,IP:::1,IP:10.0.2.2
for name; do
	names+=,$name
done

[ ! -e "$folder/complete" ] || exit 0
mkdir -p "$folder"
cd "$folder"

new_key() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

# make_ca NAME SUBJECT
make_ca() {
	new_key "$1"
	openssl req -x509 -new -key "$1.key" -days 3650 -subj "/O=hostcrypt tests/CN=$2" \
		-addext basicConstraints=critical,CA:true \
		-addext keyUsage=critical,keyCertSign,cRLSign -out "$1.pem"
}

# issue NAME CA SUBJECT FROM UNTIL EXTENSION...
issue() {
	local name=$1 ca=$2 subject=$3 from=$4 until=$5
	shift 5

	new_key "$name"
	openssl req -new -key "$name.key" -subj "/O=hostcrypt tests/CN=$subject" \
		-out "work/$name.csr"
	printf '%s\n' '[ext]' basicConstraints=critical,CA:false \
		keyUsage=critical,digitalSignature "$@" >"work/$name.cnf"
	printf '%s\n' '[ca]' default_ca=x '[x]' database=work/index \
		serial=work/serial new_certs_dir=work default_md=sha256 policy=any unique_subject=no \
		'[any]' organizationName=optional commonName=supplied >>"work/$name.cnf"
	openssl ca -batch -config "work/$name.cnf" -extensions ext -in "work/$name.csr" \
		-notext -cert "$ca.pem" -keyfile "$ca.key" -startdate "$from" -enddate "$until" \
		-out "$name.pem" 2>work/log || { cat work/log >&2; exit 1; }
}

mkdir -p work
: >work/index
echo 1000 >work/serial
long_ago=20200101000000Z past=20200201000000Z future=20460101000000Z
yesterday=$(date -u -d yesterday +%Y%m%d000000Z)
server=(extendedKeyUsage=serverAuth "subjectAltName=$names")
client=(extendedKeyUsage=clientAuth)

make_ca ca "test CA"
make_ca other-ca "another test CA"
issue server ca localhost "$yesterday" $future "${server[@]}"
issue server-expired ca localhost $long_ago $past "${server[@]}"
issue server-other-ca other-ca localhost "$yesterday" $future "${server[@]}"
issue server-other-name ca elsewhere.example "$yesterday" $future \
	extendedKeyUsage=serverAuth subjectAltName=DNS:elsewhere.example
issue client ca host1 "$yesterday" $future "${client[@]}"
issue client2 ca host2 "$yesterday" $future "${client[@]}"
issue client-expired ca host1 $long_ago $past "${client[@]}"
issue client-other-ca other-ca host1 "$yesterday" $future "${client[@]}"
issue client-no-eku ca host1 "$yesterday" $future
rm -r work
: >complete
