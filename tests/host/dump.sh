#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "hostcrypt dump describe, verify, extract" as a user runs them, on dumps that
# hc-seal made; what they say is compared with a reader of its own in Python.

set -u
cd "$(dirname "$0")/../.." || exit

B=$(realpath "${B:-build}")
reader=$(realpath tests/dump/reader.py)
terminal=$(realpath tests/dump/terminal.py)
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit
failed=0

fail() {
	echo "FAIL $1: $2"
	failed=1
}

# expect NAME STATUS REGEX ARGUMENT...: of "hostcrypt dump"
expect() {
	local name=$1 want=$2 regex=$3 status=0
	shift 3

	"$B/hostcrypt" dump "$@" >said 2>&1 </dev/null || status=$?
	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $(head -c 500 said)"
	elif [ -n "$regex" ] && ! grep -aEq -- "$regex" said; then
		fail "$name" "no '$regex' in: $(head -c 500 said)"
	else
		echo "PASS $name"
	fi
}

# terminal NAME STATUS REGEX [PROMPT ANSWER]... -- ARGUMENT...: as expect, on a terminal
terminal() {
	local name=$1 want=$2 regex=$3 status=0
	shift 3

	"$terminal" "$B/hostcrypt dump" "$@" >screen 2>&1 </dev/null || status=$?
	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $(head -c 500 screen)"
	elif ! grep -aEq -- "$regex" screen; then
		fail "$name" "no '$regex' in: $(head -c 500 screen)"
	else
		echo "PASS $name"
	fi
}

check() {
	local name=$1
	shift

	if "$@" >said 2>&1; then
		echo "PASS $name"
	else
		fail "$name" "$(head -c 500 said)"
	fi
}

# copy_with_byte FROM TO OFFSET: that byte is another
copy_with_byte() {
	cp "$1" "$2" && python3 - "$2" "$3" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as file:
		    file.seek(int(sys.argv[2]))
		    byte = file.read(1)[0]
		    file.seek(int(sys.argv[2]))
		    file.write(bytes([byte ^ 1]))
	END
}

# The memory with a hole, and the flattened form of it, not in order.
python3 - <<'END' || exit
import random
import struct
made = random.Random(1).randbytes
pieces = [(1 << 20, made(300000)), (0, made(70000)), (5 << 20, made(900001))]
with open("memory", "wb") as whole, open("flat", "wb") as flat:
    flat.write(b"makedumpfile".ljust(16, b"\0") + struct.pack(">QQ", 1, 1) + bytes(4064))
    for at, data in pieces:
        whole.seek(at)
        whole.write(data)
        flat.write(struct.pack(">QQ", at, len(data)) + data)
    flat.write(b"\xff" * 16)
END
seq 1000 >log
for name in x stranger; do
	openssl genpkey -algorithm x25519 -out $name.key 2>errors || cat errors
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa.key 2>errors || cat errors
for name in x rsa; do
	openssl pkey -in $name.key -pubout -out $name.pem
done
printf 'correct horse battery' >secret
chmod 600 secret
check "a dump is made through a pipe" \
	bash -c "cat flat | '$B/tests/tools/hc-seal' log rsa.pem x.pem passphrase:secret | cat >dump"

expect "it describes itself" 0 'host.*testhost' describe dump
expect "with the kernel's build id" 0 'build id.*: 00f1e2d3c4b5a697' describe dump
expect "and for programs" 0 '"build_id": ?"00f1e2d3c4b5a69788796a5b4c3d2e1f0f1e2d3c"' \
	describe --json dump
expect "with the recipients" 0 '"type": ?"x25519"' describe --json dump
for name in rsa x; do
	expect "$name verifies it" 0 'is whole' verify --key $name.key dump
	expect "$name extracts it" 0 '' extract --key $name.key dump out.$name
	check "what comes out for $name went in" cmp memory out.$name
	check "another reader agrees for $name" "$reader" $name.key dump read.log read.flat
	check "on the log for $name" cmp log read.log
	check "on the memory for $name" cmp flat read.flat
done
expect "a passphrase verifies it" 0 'is whole' verify --passphrase-file secret dump
check "another reader agrees for the passphrase" "$reader" secret dump read.log read.flat
check "on the log" cmp log read.log
echo "correct horse battery" >line
chmod 600 line
expect "the end of the line is no part of it" 0 'is whole' verify --passphrase-file line dump
check "nor what follows in a pipe" bash -c "printf 'correct horse battery\nmore' |
	'$B/hostcrypt' dump verify --passphrase-file /dev/stdin dump"
echo "correct horse batterx" >line
expect "another passphrase" 74 'passphrase is wrong' verify --passphrase-file line dump
: >line
expect "none" 6 'no passphrase was given' verify --passphrase-file line dump
head -c 1025 /dev/zero >line
expect "one too long" 2 '1024 bytes at most' verify --passphrase-file line dump
chmod 640 secret
expect "one that others can read" 56 'chmod 600' verify --passphrase-file secret dump
chmod 600 secret
check "a terminal is needed to ask" bash -c "! setsid '$B/hostcrypt' dump verify --passphrase dump 2>err;
	grep 'no terminal to ask' err"
"$B/tests/tools/hc-seal" log x.pem </dev/null >plain
expect "a dump without a passphrase" 74 'no passphrase opens' verify --passphrase-file none plain
expect "which is said before one is asked for" 74 'no passphrase opens' verify --passphrase plain
terminal "a passphrase is asked for" 0 'is whole' \
	'Passphrase for dump: ' 'correct horse battery\n' -- verify --passphrase dump
check "and not shown" bash -c '! grep -a horse screen'
terminal "^C ends that" 6 'no passphrase was given' \
	'Passphrase for dump: ' 'correct\x03' -- verify --passphrase dump
terminal "correcting works, a wrong one is wrong" 74 'passphrase is wrong' \
	'Passphrase for dump: ' 'correct\x7f\n' -- verify --passphrase dump
check "only its owner reads it" test "$(stat -c %a out.x)" = 600
expect "nothing is written over" 2 'is there already' extract --key x.key dump out.x
expect "the log comes alone" 0 '^1000$' extract --log --key x.key dump -
check "the memory goes through a pipe" \
	bash -c "'$B/hostcrypt' dump extract --key x.key dump - | cmp flat -"

expect "a stranger cannot" 74 'was not encrypted for' extract --key stranger.key dump no
chmod 640 x.key
expect "a key that others can read is refused" 56 'chmod 600' verify --key x.key dump
chmod 600 x.key
expect "another file is none" 70 'no encrypted dump' describe flat
expect "the key is asked for" 2 'one of --key, --provider' verify dump
expect "one key is enough" 2 'only one of --key' verify --passphrase --key x.key dump
head -c 700000 dump >cut.dump
expect "a cut dump is said" 72 'is cut.*before' extract --key x.key cut.dump out.cut
check "and begins as the whole" cmp -i 1048576 -n 300000 memory out.cut
copy_with_byte dump changed 900000
expect "a changed dump is said" 73 'frame 4 at offset 855941' extract --key x.key changed no
expect "by verify too" 73 'changed' verify --json --key x.key changed
copy_with_byte dump header 100
expect "so is a changed header" 73 'header' verify --key x.key header
"$B/tests/tools/hc-seal" log x.pem <log >strange
expect "memory of no known form is refused" 73 'flattened' extract --key x.key strange no
check "nothing is left of what failed" bash -c '! ls -A | grep -E "^no|part|tmp"'
exit $failed
