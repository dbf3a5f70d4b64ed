#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Dumps to another host, with an sshd on the machine's loopback: each step of the
# capture kernel, with a key that may do everything and with one whose line in
# authorized_keys is the one that "dump ssh-key" prints; and what such a key must
# not do.

set -u
cd "$(dirname "$0")/../.." || exit

B=$(realpath "${B:-build}")
folder=$(mktemp -d) || exit
cd "$folder" || exit
failed=0
sshd=

cleanup() {
	[ -z "$sshd" ] || kill "$sshd"
	rm -rf "$folder"
}
trap cleanup EXIT

fail() {
	echo "FAIL $1: $2"
	failed=1
}

# expect NAME STATUS REGEX COMMAND...: standard input is its
expect() {
	local name=$1 want=$2 regex=$3 status=0
	shift 3

	"$@" >said 2>&1 || status=$?
	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $(head -c 500 said)"
	elif [ -n "$regex" ] && ! grep -aEq -- "$regex" said; then
		fail "$name" "no '$regex' in: $(head -c 500 said)"
	else
		echo "PASS $name"
	fi
}

port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
target=root@127.0.0.1:$port$folder/dumps

write_config() {
	printf '%s\n' '[dump]' "target = ssh:$target" "ssh-key = $folder/$1" \
		'[recipient none]' 'public-key = /none' >dump.conf
}

start_sshd() {
	ssh-keygen -q -t ed25519 -N '' -f hostkey
	ssh-keygen -q -t ed25519 -N '' -f otherhost
	ssh-keygen -q -t ed25519 -N '' -f free
	cat >sshd_config <<-END
	Port $port
	ListenAddress 127.0.0.1
	HostKey $folder/hostkey
	AuthorizedKeysFile $folder/authorized
	PermitRootLogin yes
	StrictModes no
	UsePAM no
	PidFile none
	SetEnv PATH=$folder/bin:$PATH
	END
	mkdir bin
	mkdir -p /run/sshd dumps
	/usr/sbin/sshd -D -f sshd_config -E sshd.log &
	sshd=$!
	for _ in $(seq 100); do
		ssh-keyscan -p "$port" 127.0.0.1 >/dev/null 2>&1 && return
		sleep 0.1
	done
	fail "sshd" "$(cat sshd.log)"
	exit 1
}
start_sshd

# Keys -------------------------------------------------------------------------
write_config bound
expect "a key is made, and its line" 0 '^restrict,command=".*" ssh-ed25519 ' \
	"$B/hostcrypt" dump ssh-key --dump-config dump.conf
cp said line
expect "for its owner only" 0 '^600$' stat -c %a bound
expect "the same line again, of the same key" 0 '' \
	bash -c "'$B/hostcrypt' dump ssh-key --dump-config dump.conf | cmp - line"
cat free.pub line >authorized

echo "[127.0.0.1]:$port $(cat hostkey.pub)" >known
ssh-keygen -q -H -f known >/dev/null 2>&1
echo "[127.0.0.1]:$port $(cat otherhost.pub)" >known.other
echo "@revoked [127.0.0.1]:$port $(cat hostkey.pub)" >known.revoked
pin() {
	"$B/tests/tools/hc-ssh" "$target" free "$1" pin
}
expect "the host's key is found, hashed names too" 0 '^hostcrypt-target ssh-ed25519 ' pin known
cp said pinned
expect "no other host's" 85 "the key of \[127.0.0.1\]:$port is not known" pin /dev/null
expect "none that was taken back" 85 'is not known' pin known.revoked
pin known.other >pinned.other

# Each step, with either key ----------------------------------------------------------
step() {
	"$B/tests/tools/hc-ssh" "$target" "$key" pinned "$@"
}
head -c 3M /dev/urandom >dump
for key in free bound; do
	expect "$key: room" 0 '^[0-9]{6,}$' step room
	expect "$key: the dump goes there" 0 '' step put "$key.hcdump" <dump
	expect "$key: under another name" 0 '' cmp dump "dumps/$key.hcdump.part"
	expect "$key: for its owner only" 0 '^600$' stat -c %a "dumps/$key.hcdump.part"
	expect "$key: no second one of that name" 1 'status' step put "$key.hcdump" <dump
	expect "$key: then under its own" 0 '' step keep "$key.hcdump"
	expect "$key: to the byte" 0 '' cmp dump "dumps/$key.hcdump"
	expect "$key: one that goes wrong" 0 '' step put "$key-2" <dump
	expect "$key: is taken back" 0 '' step drop "$key-2"
	expect "$key: with a word why" 0 '' step failed "$key-2"
	expect "$key: nothing else is there" 0 "^$key-2.failed $key.hcdump $" \
		bash -c "ls dumps | grep ^$key | tr '\n' ' '"
	expect "$key: nothing is written over" 0 '' step put "$key.hcdump" <<<other
	expect "$key: when it gets its name neither" 85 '' step keep "$key.hcdump"
	expect "$key: the first one stays" 0 '' cmp dump "dumps/$key.hcdump"
	step drop "$key.hcdump"
done

# What is refused -----------------------------------------------------------------------
expect "another host in its place" 85 'Host key verification failed' \
	"$B/tests/tools/hc-ssh" "$target" free pinned.other room
expect "a key that nobody knows" 85 'Permission denied' \
	"$B/tests/tools/hc-ssh" "$target" otherhost pinned room
expect "no folder there" 85 'nothere' "$B/tests/tools/hc-ssh" "${target}nothere" free pinned room
with_bound() {
	ssh -F /dev/null -p "$port" -o UserKnownHostsFile=pinned -o HostKeyAlias=hostcrypt-target \
		-o IdentitiesOnly=yes -i bound root@127.0.0.1 "$@" </dev/null
}
expect "the bound key: no shell" 2 '' with_bound
expect "the bound key: no command" 2 '' with_bound touch "$folder/made"
expect "the bound key: none behind ours" 2 '' with_bound "touch $folder/made; hostcrypt-dump x / y"
expect "the bound key: no other folder" 0 '' with_bound "x hostcrypt-dump failed / escaped"
expect "the bound key: it is in its own" 0 '' test -e dumps/escaped.failed
expect "the bound key: that is not written over either" 85 'cannot (create|overwrite)' \
	"$B/tests/tools/hc-ssh" "$target" bound pinned failed escaped
expect "the bound key: it is as it was" 0 '' test ! -s dumps/escaped.failed
expect "the bound key: no way out of it" 1 '' with_bound "x hostcrypt-dump failed / ../made"
expect "the bound key: no hidden file" 1 '' with_bound "x hostcrypt-dump failed / .made"
# shellcheck disable=SC2016
expect "the bound key: nothing is expanded" 1 '' \
	with_bound 'x hostcrypt-dump failed / $(touch made)'
expect "the bound key: no connections through it" 255 'prohibited|failed' \
	ssh -F /dev/null -p "$port" -o UserKnownHostsFile=pinned -o HostKeyAlias=hostcrypt-target \
	-o IdentitiesOnly=yes -i bound -W "127.0.0.1:$port" root@127.0.0.1
expect "and nothing was made" 1 '' bash -c "ls -A . dumps / /root | grep -x '\.*made.*'"

# A folder that hangs, there: ssh itself is answered.
printf '%s\n' '#!/bin/sh' 'exec sleep 30' >bin/df
chmod +x bin/df
for key in free bound; do
	PATIENCE=2 expect "$key: a folder that hangs" 85 \
		"ssh to root@127.0.0.1, port $port: no answer within 2 s" step room
done
expect "no ssh of ours is left" 1 '' pgrep -f "^/usr/bin/ssh .*-i free .*127.0.0.1"
rm bin/df

# "dump load": this machine's own address is behind no network card.
write_config bound
sed -i "s|^ssh-key|state = none\nssh-known-hosts = $folder/known\nssh-key|" dump.conf
expect "a way that the capture kernel does not have" 85 'reached through lo' \
	"$B/hostcrypt" dump image --dump-config dump.conf
chmod 644 bound
expect "a key that others can read" 56 'chmod 600' "$B/hostcrypt" dump image --dump-config dump.conf
rm bound
expect "no key" 85 'dump ssh-key' "$B/hostcrypt" dump image --dump-config dump.conf

exit $failed
