#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "hostcrypt dump key" with a PyKMIP on the machine's loopback: a support
# engineer (client2) makes a pair, a host (client) gets the public half only; what
# is encrypted to it only client2 reads, by Get of the private half (PyKMIP does not
# undo RSA) or by Decrypt (hostile.py does).

set -u
cd "$(dirname "$0")/../.." || exit

B=${B:-build}
kms=tests/rig/kms
folder=$(mktemp -d) || exit
certs=$folder/certs
hostcrypt=$(realpath "$B")/hostcrypt
seal=$(realpath "$B")/tests/tools/hc-seal
failed=0
port=
hostile=

# shellcheck disable=SC2317 # it is a trap
finish() {
	[ -z "$hostile" ] || kill "$hostile" 2>/dev/null
	[ -z "$port" ] || "$kms/pykmip.sh" stop "$certs" "$port"
	! mountpoint -q "$folder/full" || umount "$folder/full"
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

# write_config IDENTITY PORT: as hostcrypt.conf, in IDENTITY.conf
write_config() {
	cat >"$folder/$1.conf" <<-END
	[provider main]
	type = kmip
	server = 127.0.0.1:$2
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

# A file system without room for the public half: the pair is at the server all the same.
full() {
	mkdir "$folder/full"
	if ! mount -t tmpfs -o size=4k none "$folder/full"; then
		echo "SKIP no room for the public half: nothing can be mounted"
		return
	fi
	head -c 4096 /dev/zero >"$folder/full/fill"
	expect "no room for the public half" 1 \
		'the new keys [0-9]+ and [0-9]+ are on the key server: cannot write full/x.pem: No space' \
		dump key create --config client2.conf --label x --output full/x.pem
	check "leaves no file" test ! -e "$folder/full/x.pem"
	read -r private public <<<"$(sed -E 's/.*new keys ([0-9]+) and ([0-9]+) .*/\1 \2/' <<<"$said")"
	expect "but keys that can be got" 0 "^private-id = $private\$" \
		dump key get --config client2.conf --private-id "$private" --public-id "$public" \
		--output again.pem
	expect "what is got without room names none as new" 1 '^hostcrypt: cannot write full/x.pem' \
		dump key get --config client2.conf --private-id "$private" --public-id "$public" \
		--output full/x.pem
	umount "$folder/full"
}

# seal RECIPIENT...: a dump of a log
seal() {
	(cd "$folder" && "$seal" log "$@" </dev/null >dump)
}

# Where Get has to bring the private half here.
extract() {
	local private public

	expect "a pair" 0 '^private-id' dump key create --config client2.conf --label dumps
	private=$(of private-id)
	public=$(of public-id)
	check "a dump for it" seal "dumps.pem,kms,elsewhere:1,$private,$public"
	expect "the dump names the key server" 0 "kms at elsewhere:1, private key $private" \
		dump describe dump
	expect "who made the pair extracts" 0 '^1000$' \
		dump extract --config client2.conf --provider main --log dump -
	expect "and verifies" 0 'is whole' dump verify --config client2.conf --provider main dump
	expect "to a file" 0 '' dump extract --config client2.conf --provider main --log dump out
	check "what went in" cmp "$folder/log" "$folder/out"
	expect "the host cannot" 52 "\"test\".*Permission Denied.*client.pem is no identity that may" \
		dump extract --config client.conf --provider main --log dump no
	expect "nor with a key pair of its own" 74 'was not encrypted for' \
		dump extract --key "$certs/client.key" --log dump no
	check "nothing is left of that" test ! -e "$folder/no"
	check "a dump for two pairs" seal "large.pem,a,b,999,998" \
		"dumps.pem,main,127.0.0.1:$port,$private,$public"
	expect "the one that is there is found" 0 'is whole' \
		dump verify --config client2.conf --provider main dump
	check "a dump for two pairs, neither at that address" seal "large.pem,a,b,999,998" \
		"dumps.pem,main,elsewhere:1,$private,$public"
	expect "it is found as well" 0 'is whole' \
		dump verify --config client2.conf --provider main dump
	check "a dump that names the private half of another pair" \
		seal "large.pem,main,127.0.0.1:$port,$private,$public"
	expect "another pair's" 54 'not decrypt' \
		dump verify --config client2.conf --provider main dump
	check "a dump for a key that is gone" seal "dumps.pem,main,m,999,998"
	expect "the key is gone" 51 'Item Not Found' \
		dump verify --config client2.conf --provider main dump
	check "a dump for offline keys only" seal dumps.pem
	expect "no key server reads that" 74 'no recipient of the dump has a key at a key server' \
		dump verify --config client2.conf --provider main dump
	expect "no other provider does" 40 'none' \
		dump verify --config client2.conf --provider none dump
	expect "nor two ways at once" 2 'only one of --key' \
		dump verify --config client2.conf --provider main --key x dump
}

# misbehave [OPTION...]: hostile.py forgets its keys and has other manners from now on
misbehave() {
	echo "$*" >&5
	read -r _ hostile_port <&3 || fail "hostile server $*" "it is gone"
}

# Where the server undoes RSA itself, and where it does that wrongly.
decrypt() {
	local hostile_port

	mkfifo "$folder/control"
	exec 3< <(exec /usr/bin/python3 "$kms/hostile.py" --control --folder "$certs" \
		<"$folder/control")
	hostile=$!
	exec 5>"$folder/control"
	read -r _ hostile_port <&3 || fail "hostile server" "it did not start"
	write_config client2 "$hostile_port"
	decrypts "Decrypt without Get" 0 '^1000$' --at get --mode refuse-0x0c --after 2
	decrypts "Get where Decrypt is refused" 0 '^1000$' --at decrypt --mode refuse-0x0c --after 1
	decrypts "other bytes than were encrypted" 73 'without the dump.s key' \
		--at decrypt --mode wrong-data --after 1
	decrypts "no bytes" 47 'data has no bytes' --at decrypt --mode empty-data --after 1
}

# decrypts NAME STATUS REGEX MODE...: a pair is made and tried, then the dump is read
decrypts() {
	local name=$1 want=$2 regex=$3
	shift 3

	misbehave "$@"
	expect "a pair for: $name" 0 '^private-id = key-1$' dump key create \
		--config client2.conf --label d --output "$1.$name.pem"
	check "a dump for: $name" seal "$1.$name.pem,m,m,key-1,key-2"
	expect "$name" "$want" "$regex" \
		dump extract --config client2.conf --provider main --log dump -
}

if ! make -s B="$B" "$B/hostcrypt" "$B/tests/tools/hc-seal" >&2 || ! "$kms/certs.sh" "$certs"; then
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
write_config client "$port"
write_config client2 "$port"
usage
if ! "$kms/pykmip.sh" start "$certs" "$port"; then
	fail "PyKMIP starts" "see above"
	exit 1
fi
seq 1000 >"$folder/log"
keys
full
extract
decrypt
exit $failed
