#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "hostcrypt dump key" with a PyKMIP on the machine's loopback: a support
# engineer (client2) makes a pair, a host (client) gets the public half only.

set -u
cd "$(dirname "$0")/../.." || exit

B=${B:-build}
kms=tests/rig/kms
folder=$(mktemp -d) || exit
certs=$folder/certs
hostcrypt=$(realpath "$B")/hostcrypt
failed=0
port=

# shellcheck disable=SC2317 # it is a trap
finish() {
	[ -z "$port" ] || "$kms/pykmip.sh" stop "$certs" "$port"
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
	echo "FAIL $1: $2"
	failed=1
}

# expect NAME STATUS REGEX ARGUMENT...: of hostcrypt, in $folder
expect() {
	local name=$1 want=$2 regex=$3
	shift 3

	status=0
	output=$(cd "$folder" && "$hostcrypt" "$@" 2>"$folder/stderr" </dev/null) || status=$?
	said=$(<"$folder/stderr")
	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $output $said"
	elif ! grep -Eq -- "$regex" <<<"$output"$'\n'"$said"; then
		fail "$name" "no '$regex' in: $output $said"
	else
		echo "PASS $name"
	fi
}

check() {
	local name=$1
	shift

	if "$@" >"$folder/check" 2>&1; then
		echo "PASS $name"
	else
		fail "$name" "$(<"$folder/check")"
	fi
}

# of NAME: the value of that line of a section for dump.conf
of() {
	sed -n "s/^$1 = //p" <<<"$output"
}

# write_config IDENTITY: as hostcrypt.conf, in IDENTITY.conf
write_config() {
	cat >"$folder/$1.conf" <<-END
	[provider main]
	type = kmip
	server = 127.0.0.1:$port
	ca = $certs/ca.pem
	certificate = $certs/$1.pem
	private-key = $certs/$1.key
	timeout = 60
	END
}

usage() {
	expect "dump key: no label" 2 'takes --label' dump key create --config client.conf
	expect "dump key: a label that is a path" 2 'a label takes letters' \
		dump key create --config client.conf --label ../x
	expect "dump key: 2048 bits" 2 '3072 or 4096' \
		dump key create --config client.conf --label x --bits 2048
	expect "dump key: no identifiers" 2 'needs --private-id' dump key get --config client.conf
	expect "dump key: what" 2 'not "drop"' dump key drop
	expect "dump what" 2 'no "dump frobnicate"' dump frobnicate
	printf '[provider disk]\ntype = local\ndirectory = %s/local\n' "$folder" \
		>"$folder/local.conf"
	mkdir -m 700 "$folder/local"
	expect "dump key: the provider local has none" 3 'not of type kmip.*offline key' \
		dump key create --config local.conf --label x
	check "and no file is left" test ! -e "$folder/x.pem"
}

keys() {
	local private public

	expect "create" 0 '^\[recipient support\]$' \
		dump key create --config client2.conf --label support
	check "it warns of the identity that can decrypt" \
		grep -q 'client2.key can read dumps.*keep it off the hosts' <<<"$said"
	private=$(of private-id)
	public=$(of public-id)
	check "the file is named" [ "$(of public-key)" = "$folder/support.pem" ]
	check "the server is named" [ "$(of endpoint)" = "127.0.0.1:$port" ]
	check "it is a public RSA key of 3072 bits" \
		grep -q '(3072 bit)' <(openssl pkey -pubin -in "$folder/support.pem" -text -noout)
	check "and nothing else is in the file" \
		cmp "$folder/support.pem" <(openssl pkey -pubin -in "$folder/support.pem")
	expect "a file that is there is left alone" 2 'support.pem is there already' \
		dump key create --config client2.conf --label support
	expect "the host gets the public half" 0 "^private-id = $private\$" \
		dump key get --config client.conf --private-id "$private" --public-id "$public" \
		--label support --output got.pem
	check "without a warning" [ -z "$said" ]
	check "the same one" cmp "$folder/got.pem" "$folder/support.pem"
	expect "as JSON: it has nothing decrypted" 0 '"can_decrypt": false' \
		dump key get --config client.conf --json --private-id "$private" \
		--public-id "$public" --output json.pem
	check "because it is denied" grep -q '"why_not": ".*Permission Denied' <<<"$output"
	expect "the private half is no public one" 52 'Permission Denied' \
		dump key get --config client.conf --private-id "$private" --public-id "$private" \
		--output no.pem
	expect "an unknown one" 51 'Item Not Found' \
		dump key get --config client.conf --private-id "$private" --public-id 999 \
		--output no.pem
	expect "4096 bits" 0 '"bits": 4096' dump key create --config client2.conf --label large \
		--bits 4096 --json --output large.pem
	expect "halves of two pairs" 54 'does not decrypt it' \
		dump key get --config client2.conf --private-id "$private" \
		--public-id $((public + 2)) --output no.pem
	check "what fails leaves no file" test ! -e "$folder/no.pem"
}

if ! make -s B="$B" "$B/hostcrypt" >&2 || ! "$kms/certs.sh" "$certs"; then
	fail "preparation" "see above"
	exit 1
fi
if [ ! -x /usr/bin/pykmip-server ]; then
	echo "SKIP PyKMIP: python3-pykmip is not installed"
	exit $failed
fi
port=$(/usr/bin/python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])')
write_config client
write_config client2
usage
if ! "$kms/pykmip.sh" start "$certs" "$port"; then
	fail "PyKMIP starts" "see above"
	exit 1
fi
keys
exit $failed
