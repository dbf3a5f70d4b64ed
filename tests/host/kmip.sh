#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KMIP client against PyKMIP and against a server that misbehaves, over
# the machine's loopback. Each case: exit status and words.

set -u
cd "$(dirname "$0")/../.." || exit

B=${B:-build}
kms=tests/rig/kms
folder=$(mktemp -d) || exit
certs=$folder/certs
probe=$B/tests/rig/kms/probe
failed=0
hostile=
pykmip=
silent=

# shellcheck disable=SC2317 # it is a trap
finish() {
	[ -z "$hostile" ] || kill "$hostile" 2>/dev/null
	[ -z "$silent" ] || kill "$silent" 2>/dev/null
	[ -z "$pykmip" ] || "$kms/pykmip.sh" stop "$certs" "$pykmip"
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
	echo "FAIL $1: $2"
	failed=1
}

# ask ARGUMENT...: $output and $status of the probe; $seconds it took
ask() {
	local start=$SECONDS

	status=0
	output=$($probe --folder "$certs" "$@" 2>&1 </dev/null) || status=$?
	seconds=$((SECONDS - start))
}

# ask, with $hosts as /etc/hosts and $resolv as /etc/resolv.conf
ask_in_namespace() {
	local real=$probe

	touch "$hosts" "$resolv"
	cat >"$folder/probe" <<-END
	#!/bin/bash
	mount --bind "$hosts" /etc/hosts && mount --bind "$resolv" /etc/resolv.conf &&
		exec "$(realpath "$real")" "\$@"
	END
	chmod +x "$folder/probe"
	probe="unshare -m $folder/probe"
	ask "$@"
	probe=$real
}

# expect NAME STATUS REGEX ARGUMENT...
expect() {
	local name=$1 want=$2 regex=$3
	shift 3

	ask "$@"
	judge "$name" "$want" "$regex"
}

# judge NAME STATUS REGEX: what the last one said
judge() {
	local name=$1 want=$2 regex=$3

	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $output"
	elif ! grep -Eq -- "$regex" <<<"$output"; then
		fail "$name" "no '$regex' in: $output"
	elif grep -q '[^[:print:]]' <<<"${output//$'\n'/}"; then
		fail "$name" "control characters came through"
	else
		echo "PASS $name"
	fi
}

# within NAME SECONDS: the last one was over in time
within() {
	if [ "$seconds" -le "$2" ]; then
		echo "PASS $1"
	else
		fail "$1" "it took $seconds s"
	fi
}

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# hostile_server OPTION...: a new one, with fd 5 to steer it; sets $port
hostile_server() {
	[ -z "$hostile" ] || kill "$hostile"
	rm -f "$folder/control"
	mkfifo "$folder/control"
	exec 3< <(exec /usr/bin/python3 "$kms/hostile.py" --control --folder "$certs" "$@" \
		<"$folder/control")
	hostile=$!
	exec 5>"$folder/control"
	read -r _ port <&3 || fail "hostile server $*" "it did not start"
}

# misbehave [OPTION...]: it forgets its keys and has other manners from now on
misbehave() {
	echo "$*" >&5
	read -r _ port <&3 || fail "hostile server $*" "it is gone"
}

# bad MODE STATUS REGEX: a key is made (which gets it once), then got with MODE
bad() {
	misbehave --mode "$1" --after 1
	expect "get: $1" "$2" "$3" --port "$port" --timeout 3 create k get key-1
}

against_pykmip() {
	local id

	pykmip=$(free_port)
	if ! "$kms/pykmip.sh" start "$certs" "$pykmip"; then
		fail "PyKMIP starts" "see above"
		return
	fi
	expect "check" 0 '^protocol KMIP 1.4$' --port "$pykmip" check
	expect "TLS 1.2 with an AEAD suite" 0 '^tls TLSv1.2 ECDHE-.*GCM' --port "$pykmip" check
	expect "the server says who it is" 0 '^server PyKMIP' --port "$pykmip" check
	expect "the server can create" 0 '^can-create 1' --port "$pykmip" check
	expect "end of our certificate" 0 '^until 2046-' --port "$pykmip" check
	expect "no warning" 0 '^warning $' --port "$pykmip" check
	ask --port "$pykmip" create host-test
	id=$output
	expect "create gives an id" 0 '^[0-9]+$' --port "$pykmip" create host-test-2
	expect "a new key is Active" 0 '^2$' --port "$pykmip" state "$id"
	expect "get gives 32 bytes" 0 '^[0-9a-f]{64}$' --port "$pykmip" get "$id"
	ask --port "$pykmip" get "$id" get-new "$id"
	if [ "$(sort -u <<<"$output" | wc -l)" = 1 ]; then
		echo "PASS get gives the same bytes each time"
	else
		fail "get gives the same bytes each time" "$output"
	fi
	expect "the key's bytes are in one place, then in none" 0 '^before 1 after 0$' \
		--port "$pykmip" forget "$id"
	expect "unknown key" 51 'Get Attributes of key 9999 was refused: Item Not Found' \
		--port "$pykmip" get 9999
	expect "key of another identity" 52 'Permission Denied.*have the key server' \
		--port "$pykmip" --identity client2 get "$id"
	expect "identifier that is no text" 51 'not printable' --port "$pykmip" get $'a\nb'
	expect "identifier that is empty" 51 'empty' --port "$pykmip" get ''
	expect "several operations over one connection, idle between" 0 '^2$' \
		--port "$pykmip" state "$id" sleep 1 state "$id"
	expect "destroy" 0 '' --port "$pykmip" destroy "$id"
	expect "destroyed key" 51 'Item Not Found' --port "$pykmip" get "$id"
	expect "destroying it twice" 51 'Item Not Found' --port "$pykmip" destroy "$id"

	expect "certificate without clientAuth" 58 'client-no-eku.pem' \
		--port "$pykmip" --identity client-no-eku check
	expect "our certificate from another CA" 46 'client-other-ca.pem.*unknown CA' \
		--port "$pykmip" --identity client-other-ca check
	expect "our certificate expired" 44 'certificate of this host.*expired on 2020-02-01' \
		--port "$pykmip" --identity client-expired check
	expect "server from another CA" 43 'is not trusted.*other-ca.pem' \
		--port "$pykmip" --ca other-ca check
	expect "by host name" 0 '^endpoint localhost:' --port "$pykmip" --host localhost check
	expect "wrong host name" 45 'for DNS:localhost.*not for other.example' \
		--port "$pykmip" --server-name other.example check
	expect "wrong address" 45 'not for 127.0.0.9' \
		--port "$pykmip" --server-name 127.0.0.9 check

	pairs_at_pykmip
	"$kms/pykmip.sh" stop "$certs" "$pykmip"
	expect "server stopped" 41 '127.0.0.1: Connection refused' --port "$pykmip" check
	expect "name that does not exist" 41 'not to be resolved' --host no.such.host.invalid check
	pykmip=
}

# turned_number ID N: 32 bytes out of the middle of a number of private key ID
# (2 is d, 3 and 4 are the primes), all bits turned over, in hex
turned_number() {
	/usr/bin/python3 - "$certs/pykmip-$pykmip/keys.db" "$1" "$2" <<-'END'
	import sqlite3, sys
	from cryptography.hazmat.primitives.serialization import load_der_private_key
	value, = sqlite3.connect(sys.argv[1]).execute(
	    "SELECT value FROM managed_objects WHERE uid = ?", (sys.argv[2],)).fetchone()
	numbers = load_der_private_key(value, None).private_numbers()
	number = [None, None, numbers.d, numbers.p, numbers.q][int(sys.argv[3])]
	data = number.to_bytes(384, "big").lstrip(b"\0")
	print(bytes(b ^ 255 for b in data[64:96]).hex())
	END
}

# A pair made by one identity: others read its public half only.
pairs_at_pykmip() {
	local private public

	expect "pair" 0 '^private [0-9]+' --port "$pykmip" --identity client2 pair dumps
	private=$(sed -n 's/^private //p' <<<"$output")
	public=$(sed -n 's/^public //p' <<<"$output")
	expect "pair: both halves are Active" 0 '^2$' --port "$pykmip" --identity client2 \
		state "$private" state "$public"
	ask --port "$pykmip" public "$public"
	openssl pkey -pubin -text -noout <<<"$output" >"$folder/public" 2>&1
	if grep -q '(3072 bit)' "$folder/public"; then
		echo "PASS pair: another identity gets the public half"
	else
		fail "pair: another identity gets the public half" "$output"
	fi
	expect "pair: but has nothing decrypted" 0 \
		"^no: .*Get Attributes of key $private was refused: Permission Denied" \
		--port "$pykmip" try "$private,$public"
	expect "pair: whose it is has" 0 '^decrypts$' --port "$pykmip" --identity client2 \
		try "$private,$public"
	for number in 2 3 4; do
		expect "pair: number $number of the private key is wiped after use" 0 '^traces 0$' \
			--port "$pykmip" --identity client2 try "$private,$public" \
			traces "$(turned_number "$private" $number)"
	done
	expect "pair: the private half is no public one" 54 'of type 4, not a public key' \
		--port "$pykmip" --identity client2 public "$private"
	expect "pair: nor a KEK" 54 'no symmetric key' \
		--port "$pykmip" --identity client2 get "$private"
	expect "pair: of another pair" 54 'does not decrypt it' \
		--port "$pykmip" --identity client2 pair more try "$private,$((public + 2))"
	expect "pair: destroyed" 0 '^no: .*Item Not Found' --port "$pykmip" --identity client2 \
		destroy "$private" try "$private,$public"
}

# Names with several addresses, and name servers that say nothing.
names() {
	local hosts=$folder/hosts resolv=$folder/resolv.conf

	if ! unshare -m true 2>/dev/null; then
		echo "SKIP names: no mount namespaces here"
		return
	fi
	misbehave
	printf '%s\n' '127.0.0.9 many.test' '127.0.0.8 many.test' '127.0.0.1 many.test' \
		'127.0.0.9 none.test' '127.0.0.8 none.test' >"$hosts"
	for name in many none; do
		ask_in_namespace --port "$port" --host $name.test --server-name localhost check
		case $name in
		many) judge "every address is tried" 0 '^endpoint many.test' ;;
		none) judge "every address is named" 41 '127.0.0.9: Conn.*127.0.0.8: Conn' ;;
		esac
	done
	# A name server that takes questions and gives no answer.
	exec 4< <(exec /usr/bin/python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.77", 53))
print("ready", flush=True)
time.sleep(60)')
	silent=$!
	read -r _ <&4 || echo "SKIP silent name server: its port is taken"
	echo "nameserver 127.0.0.77" >"$resolv"
	ask_in_namespace --port "$port" --host slow.test --connect-timeout 1 check
	judge "a name server that is silent" 41 'slow.test was not resolved in time'
	within "a name server that is silent: in time" 5
	kill "$silent"
}

files() {
	cp "$certs/client.pem" "$certs/open.pem"
	cp "$certs/client.key" "$certs/open.key"
	misbehave
	for mode in 640 604 660; do
		chmod $mode "$certs/open.key"
		expect "private key with mode $mode" 56 "open.key.*chmod 600" \
			--port "$port" --identity open check
	done
	chmod 400 "$certs/open.key"
	expect "private key with mode 400" 0 KMIP --port "$port" --identity open check
	chown nobody "$certs/open.key"
	expect "private key of somebody else" 56 'chown it to root' \
		--port "$port" --identity open check
	rm -f "$certs/open.key"
	expect "no private key" 57 'open.key' --port "$port" --identity open check
	mkfifo -m 600 "$certs/open.key"
	expect "private key that is a pipe" 57 'is no file' --port "$port" --identity open check
	rm "$certs/open.key"
	install -m 600 "$certs/client2.key" "$certs/open.key"
	expect "private key of another certificate" 57 'does not belong to' \
		--port "$port" --identity open check
	openssl pkey -in "$certs/client.key" -aes256 -passout pass:x -out "$certs/open.key"
	expect "private key with a passphrase" 57 'encrypted with a passphrase' \
		--port "$port" --identity open check
	: >"$certs/open.key"
	expect "private key that is empty" 57 'no private key in PEM' \
		--port "$port" --identity open check
	echo nothing >"$certs/open.pem"
	expect "certificate that is none" 57 'no usable certificate' \
		--port "$port" --identity open check
	expect "CA file that is none" 57 'no CA certificate' --port "$port" --ca open check
	expect "CA file that is missing" 57 'cannot read.*CA certificate' \
		--port "$port" --ca missing check
}

tls() {
	expect "TLS 1.3" 0 '^tls TLSv1.3 TLS_AES_256_GCM' --port "$port" check
	expect "TLS 1.3: the key's bytes are in one place, then in none" 0 \
		'^before 1 after 0$' --port "$port" create k forget key-1
	expect "TLS 1.3, our certificate from another CA" 46 'client-other-ca.pem' \
		--port "$port" --identity client-other-ca check
	hostile_server --server server-expired
	expect "server expired" 44 'expired on 2020-02-01.*clock' --port "$port" check
	hostile_server --server server-other-ca
	expect "server of an unknown CA" 43 'not trusted' --port "$port" check
	hostile_server --server server-other-name
	expect "server of another name" 45 'for DNS:elsewhere.example' --port "$port" check
	hostile_server
	misbehave --mode silent
	expect "no handshake" 42 'did not finish the TLS handshake' \
		--port "$port" --connect-timeout 1 check
	within "no handshake: in time" 5
	misbehave --mode plain
	expect "not TLS" 46 'does not speak TLS' --port "$port" check
	misbehave --mode abort
	expect "closed instead of a handshake" 46 'during the TLS handshake' --port "$port" check
}

answers() {
	bad hang 42 'did not answer in time'
	within "get: hang, in time" 8
	bad drip 42 'did not answer in time'
	within "get: drip, in time" 8
	bad slow 0 '^[0-9a-f]{64}$'
	bad no-notify 0 '^[0-9a-f]{64}$'
	bad idle 0 '^[0-9a-f]{64}$'
	bad close 48 'Get: .*closed the connection'
	bad truncate 48 'Get: .*closed the connection'
	bad garbage 47 'no KMIP answer'
	bad http 47 'no KMIP answer.*is it a KMIP port'
	bad huge 47 'impossible'
	bad oversize 49 'was announced'
	bad empty 47 'impossible'
	bad wrong-tag 47 'no KMIP answer'
	bad extra 47 'more bytes follow'
	bad padding 47 'padding that is not zero'
	bad inner-length 47 'longer than what it stands in'
	bad deep 47 'nested too deep'
	bad many 47 'one item too many'
	bad nul 47 'NUL'
	bad two-items 47 'Batch Item .*doubled'
	bad batch-count 47 'Batch Count is 2'
	bad other-operation 47 'another operation'
	bad other-batch-id 47 'another request'
	bad no-payload 47 'without Response Payload'
	bad no-reason 47 'without Result Reason'
	bad pending 50 'Operation Pending'
	bad undone 50 'undone'
	bad critical 47 'extension of Acme'
	bad not-critical 0 '^[0-9a-f]{64}$'
	bad unknown-field 47 'does not belong there'
	bad twice 47 'doubled'
	bad version-2 47 'KMIP 2.4 answered'
}

refusals() {
	bad refuse-0x01 51 'Item Not Found'
	bad refuse-0x03 58 'Authentication Not Successful.*client.pem'
	bad refuse-0x05 50 'Operation Not Supported'
	bad refuse-0x0c 52 'Permission Denied.*because of the mode'
	bad refuse-0x0d 50 'Object Archived.*recovered'
	bad refuse-0x17 54 'Not Extractable'
	bad refuse-0x36 51 'Object Destroyed'
	bad refuse-0x43 53 'Wrong Key Lifecycle State'
	bad refuse-0x7777 50 'unknown .0x7777'
	bad message-0x02 49 'Response Too Large'
	bad message-0x03 58 'Authentication Not Successful'
	bad message-0x04 50 'Invalid Message'
	bad control 52 '\?\[31mred\?\?\?text'
}

contents() {
	bad other-id 47 'the answer is about key-of-somebody-else'
	bad short-key 54 'not 32'
	bad long-key 54 'not 32'
	bad des 54 'not AES'
	bad length-128 54 'not 256 bits'
	bad wrapped 54 'wrapped'
	bad format 54 'Key Format Type 2'
	bad transparent 0 '^[0-9a-f]{64}$'
	bad public 54 'not a symmetric key'
	bad no-length 0 '^[0-9a-f]{64}$'
}

# Create asks for the attributes twice and gets the key once; then they change.
states() {
	while read -r number want regex; do
		misbehave --at attributes --after 2 --mode "state-$number"
		expect "get in state $number" "$want" "$regex" --port "$port" create k get key-1
	done <<-END
	1 53 key-1 is Pre-Active, not Active; activate it
	3 0 ^[0-9a-f]{64}$
	4 53 key-1 is Compromised, not Active
	5 53 key-1 is Destroyed, not Active
	6 53 key-1 is Destroyed Compromised
	9 53 key-1 is unknown
	0 47 lacks the State of key key-1
	END
	misbehave --at attributes --after 2 --mode state-3
	expect "a Deactivated key for new data" 53 'Deactivated.*take another key' \
		--port "$port" create k get-new key-1
	misbehave --at attributes --after 2 --mode usage-128
	expect "a key for MACs only" 54 'usage mask' --port "$port" create k get key-1
	misbehave --at attributes --after 2 --mode des
	expect "another algorithm in the attributes" 54 'not AES' --port "$port" create k get key-1
	misbehave --at attributes --after 2 --mode length-128
	expect "another length in the attributes" 54 'not 256' --port "$port" create k get key-1
	misbehave --at attributes --after 2 --mode other-id
	expect "attributes of another key" 47 'key-of-somebody-else' \
		--port "$port" create k get key-1
	misbehave --at attributes --after 2 --mode state-77
	expect "a state that does not exist" 47 'unknown State 77' --port "$port" \
		create k state key-1
}

versions() {
	misbehave --mode v1.0
	expect "a server of KMIP 1.0" 0 '^protocol KMIP 1.0$' --port "$port" check create k get key-1
	misbehave --mode v1.4
	expect "a server of KMIP 1.4 only" 0 '^protocol KMIP 1.4$' --port "$port" \
		check create k get key-1
	misbehave --mode no-versions
	expect "a server that lists no version" 0 '^protocol KMIP 1.1$' --port "$port" check
	misbehave --mode drop-header
	expect "a server that hangs up on what it does not know" 0 '^protocol KMIP 1.0$' \
		--port "$port" check
	misbehave --mode v2.0
	expect "a server of KMIP 2.0 only" 55 'none of KMIP 1.0 to 1.4' --port "$port" check
	misbehave --mode message-0x03 --at any
	expect "not authenticated is no matter of versions" 58 'Authentication' --port "$port" check
}

# A lost answer to Create must not leave a second key behind.
creating() {
	misbehave --mode drop --at create --times 1
	expect "create: the answer is lost" 0 '^key-1$' --port "$port" create k
	expect "create: no second key was made" 51 'no such object' --port "$port" get key-2
	misbehave --mode hang --at create --times 1
	expect "create: the answer hangs" 0 '^key-1$' --port "$port" --timeout 2 create k
	within "create: the answer hangs, in time" 8
	misbehave --mode close --at create --times 1
	expect "create: the request is lost" 0 '^key-1$' --port "$port" create k
	misbehave --mode truncate --at create --times 1
	expect "create: the answer breaks off" 0 '^key-1$' --port "$port" create k
	misbehave --mode drop --at create --times 2
	expect "create: lost again and again" 0 '^key-1$' --port "$port" create k
	misbehave --mode refuse-0x0c --at create
	expect "create: denied" 50 'Create was refused: Permission Denied' --port "$port" create k
	misbehave --mode drop --at activate --times 1
	expect "create: the answer to Activate is lost" 0 '^key-1$' --port "$port" create k
	misbehave --mode refuse-0x05 --at activate
	expect "create: cannot activate" 50 'Activate of key key-1.*key-1 was destroyed again' \
		--port "$port" create k
	expect "create: nothing is left behind" 51 'no such object' --port "$port" state key-1
	misbehave --mode short-key --at get
	expect "create: the new key is no good" 54 'not 32.*was destroyed again' \
		--port "$port" create k
	misbehave --mode empty-id --at create
	expect "create: no identifier" 0 '^key-1$' --port "$port" create k
	misbehave --mode long-id --at any
	expect "create: impossible identifiers" 47 'may be left on the server' \
		--port "$port" create k
	misbehave --mode public --at create
	expect "create: another type of object" 0 '^key-1$' --port "$port" create k
}

# bad_pair NAME STATUS REGEX OPTION...: a pair is made while the server misbehaves;
# $limit in seconds where waiting is the point
bad_pair() {
	local name=$1 want=$2 regex=$3
	shift 3

	misbehave "$@"
	expect "pair: $name" "$want" "$regex" --port "$port" --timeout "${limit:-60}" pair p
}

# bad_try NAME STATUS REGEX OPTION...: a pair is made, then tried
bad_try() {
	local name=$1 want=$2 regex=$3
	shift 3

	misbehave "$@"
	expect "try: $name" "$want" "$regex" --port "$port" --timeout "${limit:-60}" \
		pair p try key-1,key-2
}

making_pairs() {
	bad_pair "good" 0 '^public key-2$' --mode none
	for mode in drop truncate close same-id; do
		bad_pair "the answer is lost ($mode)" 0 '^public key-2$' \
			--mode $mode --at create_pair --times 1
		expect "pair: no second one was made ($mode)" 51 'no such object' \
			--port "$port" state key-3
	done
	limit=5 bad_pair "the answer hangs" 0 '^public key-2$' --mode hang --at create_pair --times 1
	bad_pair "half of it is there" 50 'there are 1 keys called "p-private" and 0 called' \
		--mode half --at create_pair
	bad_pair "not offered" 50 'Create Key Pair was refused: Operation Not Supported' \
		--mode refuse-0x05 --at create_pair
	bad_pair "denied" 50 'Create Key Pair was refused: Permission Denied' \
		--mode refuse-0x0c --at create_pair
	bad_pair "it cannot be activated" 50 \
		'Activate of key key-1.*new keys key-1 and key-2 were destroyed again' \
		--mode refuse-0x05 --at activate
	expect "pair: nothing is left behind" 51 'no such object' --port "$port" state key-2
	bad_pair "PKCS#1" 0 '^public key-2$' --mode pkcs1
	bad_pair "too short" 54 'less than 3072 bits.*destroyed again' --mode short-rsa
	bad_pair "longer than asked for" 54 'of another length' --mode long-rsa
	for mode in ec no-der trailing; do
		bad_pair "$mode" 54 'it is no RSA key' --mode $mode
	done
	bad_pair "wrapped" 54 'wrapped' --mode wrapped
	bad_pair "in another format" 54 'Key Format Type 2, not PKCS#1 or X.509' --mode format
	bad_pair "the private half" 54 'of type 4, not a public key' --mode public
	bad_pair "of another" 47 'the answer is about key-of-somebody-else' --mode other-id
	bad_pair "deep" 47 'nested too deep' --mode deep
	expect "pair: a label of nothing" 2 'label is empty' --port "$port" pair ''
}

# The public half is got twice before the private one is.
trying_pairs() {
	bad_try "the server decrypts, and gives out no private key" 0 '^decrypts$' \
		--mode refuse-0x17 --at get --after 2
	bad_try "by the words of KMIP 1.0" 0 '^decrypts$' --mode v1.0
	bad_try "the server only gives out the key" 0 '^decrypts$' --no-decrypt
	bad_try "in PKCS#1" 0 '^decrypts$' --no-decrypt --mode pkcs1 --after 2
	for reason in 0x05 0x07 0x0a 0x0c; do
		bad_try "Decrypt is refused ($reason), Get is not" 0 '^decrypts$' \
			--mode refuse-$reason --at decrypt
	done
	limit=5 bad_try "Decrypt hangs" 42 'did not answer in time' --mode hang --at decrypt
	bad_try "other data come back" 54 'do not belong together' --mode wrong-data --at decrypt
	bad_try "no data come back" 47 'decrypted data has no bytes' --mode empty-data --at decrypt
	bad_try "of another key" 47 'the answer is about key-of-somebody-else' \
		--mode other-id --at decrypt
	bad_try "an answer that breaks off" 48 'Decrypt: ' --mode truncate --at decrypt
	bad_try "neither Decrypt nor Get" 0 '^no: .*Get of key key-1 was refused: Permission' \
		--no-decrypt --mode refuse-0x0c --after 2
	bad_try "the key is not extractable" 54 'Not Extractable' \
		--no-decrypt --mode refuse-0x17 --after 2
	bad_try "the key of another pair" 54 'does not decrypt it' \
		--no-decrypt --mode other-rsa --after 2
	for mode in ec no-der trailing; do
		bad_try "the key is $mode" 54 'it is no RSA key' --no-decrypt --mode $mode --after 2
	done
	bad_try "the key is short" 54 'less than 3072 bits' \
		--no-decrypt --mode short-rsa --after 2
	bad_try "the key is in another format" 54 'not PKCS#1 or PKCS#8' \
		--no-decrypt --mode format --after 2
	bad_try "the key is wrapped" 54 'wrapped' --no-decrypt --mode wrapped --after 2
	# Attributes: two to activate, two of the public half, then the private one's.
	bad_try "the key is Compromised" 53 'key-1 is Compromised, not Active' \
		--no-decrypt --mode state-4 --at attributes --after 4
	bad_try "the key is Deactivated" 0 '^decrypts$' \
		--no-decrypt --mode state-3 --at attributes --after 4
	bad_try "the public half is Deactivated" 53 'key-2 is Deactivated, not Active' \
		--mode state-3 --at attributes --after 3
}

if ! make -s B="$B" "$probe" >&2 || ! "$kms/certs.sh" "$certs"; then
	fail "preparation" "see above"
	exit 1
fi
if [ -x /usr/bin/pykmip-server ]; then
	against_pykmip
else
	echo "SKIP PyKMIP: python3-pykmip is not installed"
fi
hostile_server
names
files
tls
answers
refusals
contents
states
versions
creating
making_pairs
trying_pairs
exit $failed
