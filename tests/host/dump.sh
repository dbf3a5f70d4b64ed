#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "hostcrypt dump describe, verify, extract" as a user runs them, on dumps that
# hc-seal made; what they say is compared with a reader of its own in Python.

set -u
cd "$(dirname "$0")/../.." || exit

# shellcheck source=tests/dump/lib.sh
source tests/dump/lib.sh

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
seq 2000 3000 >capture.log
pair x
pair stranger
pair rsa RSA
printf 'correct horse battery' >secret
chmod 600 secret
check "a dump is made through a pipe" \
	bash -c "cat flat | '$B/tests/tools/hc-seal' --capture-log capture.log log rsa.pem x.pem passphrase:secret | cat >dump"

expect "it describes itself" 0 'host.*testhost' describe dump
expect "with the kernel's build id" 0 'build id.*: 00f1e2d3c4b5a697' describe dump
expect "and for programs" 0 '"build_id": ?"00f1e2d3c4b5a69788796a5b4c3d2e1f0f1e2d3c"' \
	describe --json dump
expect "with the recipients" 0 '"type": ?"x25519"' describe --json dump
for name in rsa x; do
	expect "$name verifies it" 0 'is whole' verify --key $name.key dump
	expect "$name extracts it" 0 '' extract --key $name.key dump out.$name
	check "what comes out for $name went in" cmp memory out.$name
	check "another reader agrees for $name" "$reader" $name.key dump read.log read.flat read.capture
	check "on the log for $name" cmp log read.log
	check "on the memory for $name" cmp flat read.flat
	check "on the capture's log for $name" cmp capture.log read.capture
done
expect "a passphrase verifies it" 0 'is whole' verify --passphrase-file secret dump
check "another reader agrees for the passphrase" "$reader" secret dump read.log read.flat read.capture
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
expect "so does the capture's" 0 '' extract --capture-log --key x.key dump out.capture
check "as it was" cmp capture.log out.capture
expect "not both at once" 2 'one log at a time' extract --log --capture-log --key x.key dump -
expect "a log is not verified by itself" 2 'go with .dump extract' verify --capture-log --key x.key dump
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
expect "a dump without a capture's log" 70 'no log of the capture' \
	extract --capture-log --key x.key strange no

# A bar, which is gone in the end.
bar='100% \[=+>?\] [0-9.]+ MiB of [0-9.]+ MiB'
terminal "a bar while it is verified" 0 '  0% \[> *\] 0 B of 1.2 MiB' -- verify --key x.key dump
check "to its end" grep -aEq "$bar" screen
check "which leaves the line to what is said" grep -aEq $'\r\033\\[Kdump is whole' screen
rm out.x
terminal "while it is extracted" 0 "$bar" -- extract --key x.key dump out.x
terminal "and while it fails" 73 $'\r\033\\[Khostcrypt: changed: ' -- verify --key x.key changed
check "which it does before the end" grep -aEq '^.* [5-9][0-9]% \[=+> +\]' screen
through='setsid -w'
terminal "none where another program has the terminal" 0 '^dump is whole' -- verify --key x.key dump
through='env TERM=dumb'
terminal "nor on a dumb one" 0 '^dump is whole' -- verify --key x.key dump
if command -v strace >/dev/null; then
	through="strace -qq -o calls -P $folder/dump -e trace=read -e inject=read:delay_enter=250000"
	terminal "how fast, and how long still" 0 '[0-9] [KM]iB/s, [0-9a-z ]+ left' -- \
		verify --key x.key dump
else
	echo "SKIP how fast, and how long still: strace is not installed"
fi
through=

# without_nameless DUMP: extract where there are no files without a name
without_nameless() {
	strace -f -qq -o calls -P "$folder/nfs" -e trace=openat -e inject=openat:error=EOPNOTSUPP:when=1 \
		"$B/hostcrypt" dump extract --key x.key "$1" "$folder/nfs/out"
}
# interrupt SIGNAL [nohup]: an extract there that gets SIGNAL halfway, whose status is $status
interrupt() {
	local how=--default-signal

	[ $# = 1 ] || how=--ignore-signal
	rm -rf nfs pipe
	mkdir nfs
	mkfifo pipe
	exec 8<>pipe
	# With -D it is hostcrypt that has the number.
	env "$how=$1" strace -D -f -qq -o calls -P "$folder/nfs" -e trace=openat \
		-e inject=openat:error=EOPNOTSUPP:when=1 "$B/hostcrypt" dump extract --key x.key pipe \
		"$folder/nfs/out" >said 2>&1 8<&- &
	head -c 200000 dump >&8
	for _ in $(seq 600); do
		[ ! -e nfs/out.part ] || break
		sleep 0.1
	done
	check "$1 finds it at work" test -e nfs/out.part
	kill "-$1" $!
	[ $# = 1 ] || timeout 60 tail -c +200001 dump >&8
	exec 8<&-
	status=0
	wait $! 2>reported || status=$?
}

if command -v strace >/dev/null; then
	mkdir nfs
	check "a file system without nameless files" without_nameless dump
	check "gets the same" cmp memory nfs/out
	check "for its owner" test "$(stat -c %a nfs/out)" = 600
	check "under its name" test "$(ls nfs)" = out
	rm nfs/out
	without_nameless changed >said 2>&1
	check "and nothing of what failed" test -z "$(ls nfs)"
	for signal in TERM INT HUP; do
		interrupt $signal
		check "SIG$signal ends it" test "$(kill -l $status)" = $signal
		check "and takes away what there was" test -z "$(ls nfs)"
	done
	interrupt HUP nohup
	check "nohup means it" test $status = 0
	check "all of it is there" cmp memory nfs/out
else
	echo "SKIP a file system without nameless files: strace is not installed"
fi

check "nothing is left of what failed" bash -c '! ls -A | grep -E "^no|part|tmp"'
exit $failed
