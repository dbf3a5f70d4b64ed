# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: The capture program beside a false memory: whatever fails in it, hangs or is killed, it ends, leaves nothing of a dump, and says why
# rigs: uml
# uml: plain
# timeout: 900
# mem: 224M
# disks: 64M 64M 64M
# console-allow: Call Trace:|Out of memory|oom-kill|Memory cgroup
#
# It runs in a root with the RAM disk's files and a /proc that has the words of a capture
# kernel and a memory. It may not restart the machine, and so comes to its last resort.
# shellcheck disable=SC2154 # $conf is of no-kexec.sh
# shellcheck source=tests/scenarios/tools/no-kexec.sh
. "$TREE/tests/scenarios/tools/no-kexec.sh"

capture=$(dirname "$(realpath "$(command -v hostcrypt)")")/capture/hostcrypt-capture
key other 3072

# The memory, as the kernel has it and as makedumpfile writes it.
python3 - <<-'END'
	import random, struct
	memory = random.Random(1).randbytes(700000) + b"planted-memory" * 50000
	pieces = [(i, memory[i:i + 300000]) for i in range(0, len(memory), 300000)]
	open("/tmp/memory", "wb").write(memory)
	with open("/tmp/flat", "wb") as flat:
	    flat.write(b"makedumpfile".ljust(16, b"\0") + struct.pack(">QQ", 1, 1) + bytes(4064))
	    for at, data in reversed(pieces):
	        flat.write(struct.pack(">QQ", at, len(data)) + data)
	    flat.write(b"\xff" * 16)
END

# settings TARGET DEVICE [LINE...]: what "dump load" leaves for the capture kernel
settings() {
	local target=$1 device=$2
	shift 2

	rm -rf /tmp/etc
	mkdir -p /tmp/etc/hostcrypt/capture
	cd /tmp/etc/hostcrypt/capture || return
	echo guest >host
	echo "$device ext4 /run/target" >disks
	cp /tmp/keys/support.pem .
	printf '%s\n' '[dump]' "target = $target" 'makedumpfile = /sbin/makedumpfile' 'state = none' "$@" \
		'[recipient support]' \
		'public-key = /etc/hostcrypt/capture/support.pem' >dump.conf
	cd / || return
}

# The RAM disk's root at $1, whose makedumpfile does what $2 says; run in the namespaces.
# shellcheck disable=SC2317 # called in another shell
inside() {
	local root=$1 name
	shift

	set -e
	mount -t tmpfs none "$root"
	cd "$root"
	mkdir -p etc usr proc real run sbin sys/module/dm_hostcrypt/parameters sys/class sys/devices dev tmp
	cp -r /tmp/etc/. etc/
	cp /tmp/flat "$TREE/tests/scenarios/tools/false_makedumpfile" "$capture" .
	mount --rbind /usr usr
	mount --rbind /dev dev
	ln -s usr/bin bin
	ln -s usr/lib lib
	ln -s usr/lib64 lib64
	mount --rbind /proc real
	mount --rbind /sys/class sys/class
	mount --rbind /sys/devices sys/devices
	for name in self partitions filesystems devices misc; do
		ln -s "/real/$name" "proc/$name"
	done
	echo 'nr_cpus=1 hostcrypt.registry=0x1000 panic=10' >proc/cmdline
	cp /tmp/memory proc/vmcore
	: >proc/sysrq-trigger
	touch sys/module/dm_hostcrypt/parameters/registry
	echo "$1" >run/way
	printf '#!/bin/sh\nexit 0\n' >sbin/modprobe
	cp false_makedumpfile sbin/makedumpfile
	cp /usr/sbin/ip sbin/
	chmod 755 sbin/*
	# shellcheck source=/dev/null
	. /tmp/more
	! setpriv --bounding-set -sys_boot chroot . /hostcrypt-capture >&"${to-1}" 2>&1
	cat proc/sysrq-trigger
}
export -f inside
export capture TREE

# take WAY [COMMAND]: after a crash, and COMMAND in the RAM disk's root, a dump is to be
# taken; what is said is in $said
take() {
	said=/tmp/said-$1
	mkdir -p "/tmp/root-$1"
	echo "${2-}" >/tmp/more
	state armed ''
	unshare -m bash -c "inside /tmp/root-$1 $1" >"$said" 2>&1
}

state() {
	printf '%s\n' 'hostcrypt dump state 1' "$1" another-boot 2026-01-02T03:04:05Z "$2" none '' '' '' \
		>/var/crash/hostcrypt-dump-state
}

left() {
	find /var/crash -name '*.hcdump*' | wc -l
}

clear_pieces() {
	sync
	cat "$DISK1" "$DISK2" "$DISK3" |
		LC_ALL=C grep -c -a -F -e planted-memory -e planted-log || true
}

# fails NAME WAY REGEX [COMMAND]: nothing of a dump is left, and "dump status" tells REGEX
fails() {
	take "$2" "${4-}"
	expect_match "$1" "last crash: .*left no dump: $3" hostcrypt dump status
	expect "$1: the machine starts again" b tail -n 1 "$said"
	expect "$1: nothing is left" 0 left
}

# taken NAME: there is a dump of the memory, which goes
taken() {
	expect_ok "$1" bash -c 'hostcrypt dump extract --key /tmp/keys/support.key \
		/var/crash/*.hcdump /tmp/vmcore && cmp /tmp/memory /tmp/vmcore'
	expect "$1: the machine starts again" b tail -n 1 "$said"
	rm -f /var/crash/*.hcdump /tmp/vmcore
}

mkdir -p /etc/hostcrypt
printf '%s\n' '[dump]' 'target = file:/var/crash' '[recipient support]' \
	'public-key = /tmp/keys/support.pem' >$conf

settings file:/run/target "$DISK1"
take good
expect_match "a dump is taken, and its name is told" 'last crash: .*left the dump /var/crash/guest-' \
	hostcrypt dump status
expect_match "with the kernel's log" '^planted-log$' \
	hostcrypt dump extract --log --key /tmp/keys/support.key /var/crash/*.hcdump -
taken "it is the memory"
take at-once
expect_match "makedumpfile that fails at once: all of the memory is taken" 'exit status 1; all of the memory' \
	cat "$said"
taken "that too"
take nothing
expect_match "makedumpfile without a word" 'wrote nothing; all of the memory' cat "$said"
taken "all of the memory, too"
take none 'rm sbin/makedumpfile'
expect_match "no makedumpfile" 'no makedumpfile that runs' cat "$said"
taken "all of the memory then"

take good 'exec 5> >(:); to=5; wait $!'
taken "a dump of which nobody wants to hear"
# The header fits, the log does not, which is written when the memory comes.
fallocate -l 128K /var/crash/space
dd if=/dev/zero of=/var/crash/fill bs=64k status=none 2>/dev/null
rm /var/crash/space
fails "a disk that is full from the start" long-log 'cannot write the dump: No space left on device'
expect_fail "is not taken for a makedumpfile that fails" 1 '' grep 'all of the memory' "$said"
rm /var/crash/fill
fails "makedumpfile fails in the middle" middle '/sbin/makedumpfile ended with exit status 3'
fails "it is killed" killed '/sbin/makedumpfile was ended by signal 9 \(out of memory\?\)'
fails "it takes all the memory" hungry '/sbin/makedumpfile was ended by signal 9 \(out of memory\?\)'
fails "the capture program is killed" parent-KILL 'hostcrypt-capture was ended by signal 9 \(out of memory\?\)'
fails "it crashes" parent-SEGV 'hostcrypt-capture was ended by signal 11'
fails "keys that cannot be hidden" good 'the crashed kernel.s registry of keys at 0x1000 cannot be used' \
	'printf "#!/bin/sh\nexit 1\n" >sbin/modprobe'
fails "a module that hides none" good 'this dm-hostcrypt knows of no registry' \
	'rm sys/module/dm_hostcrypt/parameters/registry'
fails "an empty key" good '.*support' ': >etc/hostcrypt/capture/support.pem'
fails "a damaged key" good '.*support' 'sed -i 3d etc/hostcrypt/capture/support.pem'
fails "no key" good '.*support' 'rm etc/hostcrypt/capture/support.pem'
fails "no recipient" good '.*without the capture kernel being heard of' \
	"sed -i '/recipient/,\$d' etc/hostcrypt/capture/dump.conf"

settings file:/run/target "$DISK1" 'stall-limit = 10'
fails "makedumpfile hangs" hang 'makedumpfile made no progress for 10 s'
fails "the module hangs" good 'hiding the pages with keys made no progress for 10 s' \
	'printf "#!/bin/sh\nexec sleep 100000\n" >sbin/modprobe'
take slow
taken "one that is slow is waited for"

# The state cannot be kept: no reason against a dump.
rm /var/crash/hostcrypt-dump-state
mkdir /var/crash/hostcrypt-dump-state
unshare -m bash -c "inside /tmp/root-good good" >"$said" 2>&1
expect_match "a state that cannot be kept is told" 'is not kept: .*Is a directory' cat "$said"
taken "the dump is taken all the same"
rmdir /var/crash/hostcrypt-dump-state

# Another host, which is this one: the card is the loopback.
mkdir -p /run/sshd /tmp/dumps /tmp/ssh
for name in host own; do
	ssh-keygen -q -t ed25519 -N '' -f /tmp/ssh/$name
done
ssh_settings() {
	settings ssh:root@127.0.0.1:2222/tmp/dumps "$DISK1" 'stall-limit = 10' \
		'ssh-key = /etc/hostcrypt/capture/ssh-key' \
		'ssh-known-hosts = /etc/hostcrypt/capture/known-hosts'
	cd /tmp/etc/hostcrypt/capture || return
	cp -p /tmp/ssh/own ssh-key
	sed 's/^/hostcrypt-target /' /tmp/ssh/host.pub >known-hosts
	echo '00:00:00:00:00:00 127.0.0.5/8 - 127.0.0.1 16436' >network
	echo root:x:0:0::/:/bin/sh >/tmp/etc/passwd
	cd / || return
}

# fails_there NAME WAY REGEX: the other host has the word that there is none, and no part
fails_there() {
	ip addr del 127.0.0.5/8 dev lo
	take "$2"
	expect_match "$1: the other host has the word" "$3" cat /tmp/dumps/*.failed
	expect "$1: and nothing else" 1 bash -c 'ls /tmp/dumps | wc -l'
	expect "$1: the machine starts again" b tail -n 1 "$said"
	rm -f /tmp/dumps/*
}

cp /tmp/ssh/own.pub /tmp/ssh/authorized
/usr/sbin/sshd -p 2222 -f /dev/null -h /tmp/ssh/host -o AuthorizedKeysFile=/tmp/ssh/authorized \
	-o StrictModes=no -o UsePAM=no -o PermitRootLogin=yes || give_up "no sshd"
ssh_settings
take good
expect_ok "a dump goes to another host" bash -c 'mv /tmp/dumps/*.hcdump /var/crash/' || cat "$said"
taken "it is the memory, too"
fails_there "makedumpfile hangs, there" hang 'makedumpfile made no progress for 10 s'
fails_there "the capture program is killed, there" parent-KILL 'hostcrypt-capture was ended by signal 9'

# A device that is given to dumps.
expect_ok "a device for dumps" hostcrypt dump format "$DISK3"
id=$(tail -c 4096 "$DISK3" | sed -n '1s/.* //p')
settings "block:$DISK3" "$DISK1" 'stall-limit = 10'
echo "$id" >/tmp/etc/hostcrypt/capture/mark
sed -i "s|^target.*|target = block:$DISK3|" $conf
take hang
expect_match "makedumpfile hangs there" 'last crash: .*left no dump: makedumpfile made no progress' \
	hostcrypt dump status
expect "the dump's header is gone" 0 bash -c "head -c 65536 '$DISK3' | tr -d '\0' | wc -c"

expect "no program that hung is left" 0 bash -c 'pgrep -fc "sleep 10000[0]" || true'
sync
expect "nothing of all that is on a raw disk in clear" 0 clear_pieces

# A disk that no longer answers: nothing that is done to it ends, not even by a signal.
# Last: a "sync" of anybody would not end either.
mke2fs -q -t ext4 -F "$DISK2"
dmsetup create held --table "0 131072 linear $DISK2 0" || give_up "no device to hold"
settings file:/run/target /dev/mapper/held 'stall-limit = 10'
take hold
expect_match "a disk that hangs" 'the target of the dump made no progress for 10 s, and the kernel does not let go of it' \
	cat "$said"
expect "the machine starts again all the same" b tail -n 1 "$said"
expect "with the disk as it was" Suspended dmsetup info -c --noheadings -o suspended held
dmsetup resume held

# One that the dump has nothing to do with, so that only the "sync" after it hangs.
mkdir /mnt/held
mount /dev/mapper/held /mnt/held && echo dirty >/mnt/held/file || give_up "no disk that hangs"
settings file:/run/target "$DISK1" 'stall-limit = 10'
sed -i 's|^target.*|target = file:/var/crash|' $conf
dmsetup suspend --noflush --nolockfs held
take good
expect_match "another disk hangs once the dump is there" 'the target of the dump made no progress for 10 s' \
	cat "$said"
expect_match "what was told before stays" 'last crash: .*left the dump /var/crash/guest-' \
	hostcrypt dump status
taken "and the dump does"
dmsetup resume held
