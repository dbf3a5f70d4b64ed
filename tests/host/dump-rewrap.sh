#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
#
# "hostcrypt dump rewrap": recipients come and go, the body stays; killed before each
# of its system calls, and with headers torn as a power cut may leave them.

set -u
cd "$(dirname "$0")/../.." || exit

# shellcheck source=tests/dump/lib.sh
source tests/dump/lib.sh

seq 1000 >log
for name in x y z; do
	pair $name
done
pair rsa RSA
printf 'correct horse battery' >secret
printf 'too short' >short
chmod 600 secret short
"$B/tests/tools/hc-seal" log x.pem <log >fresh
"$B/tests/tools/hc-seal" log x.pem <log >other

# reads NAME KEY DUMP, no_longer NAME KEY DUMP
reads() {
	expect "$1" 0 'is whole' verify --key "$2" "$3"
}
no_longer() {
	expect "$1" 74 'was not encrypted for' verify --key "$2" "$3"
}

# same_body DUMP DUMP
same_body() {
	cmp -i 65536 "$1" "$2"
}

cp fresh dump
expect "a key more" 0 'can be read with 2 keys: test, rsa' rewrap --key x.key --to rsa.pem dump
reads "the new one reads" rsa.key dump
reads "the old one does" x.key dump
check "the body is as it was" same_body fresh dump
check "and the size" test "$(stat -c %s dump)" = "$(stat -c %s fresh)"
check "another reader agrees" "$reader" rsa.key dump read.log read.memory
check "on the log" cmp log read.log
expect "that key again" 74 'already, as "rsa"' rewrap --key rsa.key --to rsa.pem dump
expect "a passphrase more" 0 'keys: test, rsa, pass word' \
	rewrap --key rsa.key --to-passphrase-file secret --label 'pass word' dump
expect "it reads" 0 'is whole' verify --passphrase-file secret dump
expect "and lets others in" 0 'words: |keys: .*, y$' \
	rewrap --passphrase-file secret --to y.pem dump
expect "a key less, by its label" 0 'test, pass word, y$' rewrap --key y.key --remove rsa dump
check "with a warning" grep -q 'earlier copy of the dump' said
no_longer "it does not read any more" rsa.key dump
id=$(openssl pkey -in x.key -pubout -outform DER | sha256sum)
expect "one of seven digits is none" 74 '0 recipients are called' \
	rewrap --key y.key --remove "${id:0:7}" dump
expect "a key less, by its id, for another" 0 'keys: pass word, y, z$' \
	rewrap --key x.key --remove "${id:0:8}" --to z.pem dump
no_longer "which reads no more" x.key dump
reads "the other does" z.key dump
expect "one that is not there" 74 '0 recipients are called "nobody"' \
	rewrap --key z.key --remove nobody dump
expect "down to two" 0 'keys: y, z' rewrap --key z.key --remove 'pass word' dump
expect "down to one" 0 'with 1 key: z' rewrap --key z.key --remove y dump
expect "never to none" 74 'has 1 to 16 recipients, not 0' rewrap --key z.key --remove z dump
reads "after all that" z.key dump
check "the body is as it was still" same_body fresh dump
check "nothing lies about" test "$(echo dump*)" = dump

expect "two of one name" 0 '' rewrap --key z.key --to x.pem --label z dump
expect "are not told apart by it" 74 '2 recipients are called "z"' rewrap --key z.key --remove z dump
for i in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	pair "n$i"
	"$B/hostcrypt" dump rewrap --key z.key --to "n$i.pem" dump >>errors 2>&1
done
expect "sixteen, and no more" 74 'not 17' rewrap --key z.key --to y.pem dump
reads "the sixteenth" n16.key dump

cp dump before
expect "a copy" 0 'copy can be read' rewrap --key z.key --remove n16 --output copy dump
check "leaves the dump alone" cmp before dump
no_longer "has what was asked for" n16.key copy
check "has the same body" same_body dump copy
check "is its owner's" test "$(stat -c %a copy)" = 600
expect "takes nobody's place" 2 'is there already' \
	rewrap --key z.key --remove n15 --output copy dump
head -c 300000 fresh >cut.dump
terminal "with a bar on a terminal" 0 '100% \[=+\] [0-9.]+ KiB of' -- \
	rewrap --key z.key --remove n16 --output copy.seen dump
rm copy.seen
expect "a cut dump is copied as it is" 0 '' rewrap --key x.key --to y.pem --output cut.copy cut.dump
check "to the last byte" same_body cut.dump cut.copy

cp fresh dump
expect "nothing to do" 2 'who is to read the dump' rewrap --key x.key dump
expect "two at a time" 2 'one recipient' rewrap --key x.key --to y.pem --to-passphrase dump
expect "a label for nobody" 2 'goes with' rewrap --key x.key --remove test --label l dump
expect "a short passphrase" 2 '12 bytes or more' \
	rewrap --key x.key --to-passphrase-file short dump
expect "a private key in place of a public one" 75 'no public key' \
	rewrap --key x.key --to y.key dump
expect "no dump" 70 'no encrypted dump' rewrap --key x.key --to y.pem log
expect "a stranger" 74 'was not encrypted for' rewrap --key y.key --to y.pem dump
expect "no file" 2 'is no file' rewrap --key x.key --to y.pem /dev/zero
exec 9<dump
flock 9
expect "two at once" 1 'another program rewraps' rewrap --key x.key --to y.pem dump
exec 9<&-
check "none of these changed it" cmp fresh dump
terminal "a passphrase is asked for twice" 0 'keys: test, passphrase' \
	'/dump: ' 'battery horse staple\n' 'Again: ' 'battery horse staple\n' -- \
	rewrap --key x.key --to-passphrase dump
check "and not shown" bash -c '! grep -a horse screen'
printf 'battery horse staple\n' >secret
expect "it reads" 0 'is whole' verify --passphrase-file secret dump
terminal "two different ones" 6 'two different' \
	'/dump: ' 'battery horse staple\n' 'Again: ' 'battery horse stable\n' -- \
	rewrap --key x.key --to-passphrase dump
terminal "a short one is not asked for again" 2 '12 bytes or more' '/dump: ' 'short\n' -- \
	rewrap --key x.key --to-passphrase dump

# put_right NAME: the dump, wherever a rewrap for y was stopped, can be rewrapped
put_right() {
	local status=0

	"$B/hostcrypt" dump rewrap --key x.key --to y.pem dump >said 2>&1 || status=$?
	if [ $status != 0 ] && ! grep -q 'already, as "y"' said; then
		fail "$1" "exit status $status: $(<said)"
	elif ! "$B/hostcrypt" dump verify --key x.key dump >said 2>&1 ||
		! "$B/hostcrypt" dump verify --key y.key dump >said 2>&1; then
		fail "$1" "not both can read it: $(<said)"
	elif ! same_body fresh dump; then
		fail "$1" "the body is another"
	elif [ "$(echo dump*)" != dump ]; then
		fail "$1" "there are: $(echo dump*)"
	else
		return 0
	fi
	return 1
}

# killed_at CALL N: a rewrap, before the Nth time it does that system call
killed_at() {
	# bash reports what is killed.
	(
		strace -f -qq -o calls -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
			"$B/hostcrypt" dump rewrap --key x.key --to y.pem dump >said 2>&1
		exit $?
	) 2>reported
}

crashes() {
	local kills=0 n

	for call in write pwrite64 fsync rename unlink; do
		n=1
		while true; do
			rm -f dump*
			cp fresh dump
			! killed_at $call $n || break
			kills=$((kills + 1))
			put_right "killed before $call $n" || return
			n=$((n + 1))
		done
	done
	check "killed before each of $kills calls, and put right" test $kills = 9
}

# The old header written, synced, named, its folder synced; the new one written,
# synced; the old one away, its folder synced; what is said.
order() {
	rm -f dump*
	cp fresh dump
	strace -f -qq -o calls -e trace=write,pwrite64,fsync,rename,unlink \
		"$B/hostcrypt" dump rewrap --key x.key --to y.pem dump >said 2>&1
	check "the old header is on the disk before the new one is written" \
		test "$(sed -E 's/^[0-9]+ +([a-z]+).*/\1/' calls | tr '\n' ' ')" = \
		"write fsync rename fsync pwrite fsync unlink fsync write "
}

# torn HOW BYTES: the new header got to the disk up to there, or only from there on
torn() {
	rm -f dump*
	cp fresh dump
	head -c 65536 fresh >dump.old-header
	if [ "$1" = begin ]; then
		head -c "$2" rewrapped >part
		dd if=part of=dump conv=notrunc status=none
	else
		head -c 65536 rewrapped | tail -c +$(($2 + 1)) >part
		dd if=part of=dump bs=512 seek=$(($2 / 512)) conv=notrunc status=none
	fi
}

power_cuts() {
	local damaged=0 states=0

	cp fresh rewrapped
	"$B/hostcrypt" dump rewrap --key x.key --to y.pem rewrapped >said 2>&1 || return
	for how in begin end; do
		for bytes in 0 512 1024 1536 4096 32768 65536; do
			torn $how $bytes
			states=$((states + 1))
			if ! "$B/hostcrypt" dump verify --key x.key dump >said 2>&1; then
				damaged=$((damaged + 1))
				grep -q 'a rewrap was interrupted: do it again' said ||
					fail "torn at $how $bytes" "no hint: $(<said)"
			fi
			put_right "torn at $how $bytes" || return
		done
	done
	check "$damaged of $states torn headers were damaged, and all put right" test $damaged -ge 2
}

# A disk that does not read is no verdict on the dump, a file that ends early is one.
unread() {
	head -c 65535 fresh >dump
	expect "a file that is too short" 70 'no encrypted dump' rewrap --key x.key --to y.pem dump
	cp fresh dump
	strace -f -qq -o calls -P "$folder/dump" -e trace=read -e inject=read:error=EIO \
		"$B/hostcrypt" dump rewrap --key x.key --to y.pem dump >said 2>&1
	check "a disk that does not read" test $? = 1
	check "is told" grep -q 'cannot read the dump: Input/output error' said
}

if command -v strace >/dev/null; then
	crashes
	order
	unread
else
	echo "SKIP crashes: strace is not installed"
fi
power_cuts
torn begin 512
cp other dump.old-header
expect "an old header of another dump is none" 73 'header' rewrap --key x.key --to y.pem dump
check "and stays" test -e dump.old-header
rm -f dump*

# A passphrase that comes only once opens the new header, the end of which is not there
# yet, and then has to open the old one.
torn_at_its_end() {
	cp fresh dump
	"$B/hostcrypt" dump rewrap --key x.key --to-passphrase-file secret dump &&
		head -c 65536 dump >old &&
		"$B/hostcrypt" dump rewrap --key x.key --to y.pem dump &&
		copy_with_byte dump torn "$(python3 -c '
header = open("dump", "rb").read(65536)
print(len(header.rstrip(bytes(1))) - 1)')" &&
		mv torn dump && mv old dump.old-header
}
check "a header that is torn at its end" torn_at_its_end
expect "it is damaged" 73 'do it again' verify --passphrase-file secret dump
expect "a passphrase from a pipe puts that right" 0 '3 keys: ' \
	rewrap --passphrase-file <(cat secret) --to z.pem dump
reads "and the new key reads" z.key dump

rm -f dump*
cp rewrapped dump
head -c 65536 rewrapped >dump.old-header
"$B/hostcrypt" dump rewrap --key x.key --remove y dump >said 2>&1
head -c 65536 rewrapped >dump.old-header
expect "who was removed does not come back by an old header" 74 'was not encrypted for' \
	rewrap --key y.key --to z.pem dump
exit $failed
