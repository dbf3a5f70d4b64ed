# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: What the block layer may expect of a device: merging under a plug, large requests whole, priority, hints and flags passed on, cgroups charged and throttled; all as through dm-linear
# rigs: qemu-6.12 qemu-6.1
# timeout: 150
# disks: 64M

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e15
KEY=$(printf '%02x' {41..104})
CRYPT_KEY=$(printf '%02x' {1..64})
TRACING=/sys/kernel/tracing
# The volume lies behind the disk's first 16 MiB, so that what goes to the one
# can be told from what goes to the other.
OFFSET=32768
SECTORS=32768
# shellcheck disable=SC2153 # the rig sets it
DISK=$(basename "$DISK1")

# make KIND: the device "t" over DISK1: linear, hostcrypt or crypt.
make() {
	case $1 in
	linear) dmsetup create t --table "0 $SECTORS linear $DISK1 $OFFSET" ;;
	hostcrypt) dmsetup create t --table "0 $SECTORS hostcrypt $UUID 0 $DISK1 $OFFSET" ;;
	crypt) dmsetup create t --table \
		"0 $SECTORS crypt aes-xts-plain64 $CRYPT_KEY 0 $DISK1 $OFFSET" ;;
	esac
}

# requests COMMAND...: runs it on "t"; sets REQUESTS and MERGES, how many requests
# the disk below was sent and how many bios joined one.
requests() {
	local before after

	read -r -a before <"/sys/block/$DISK/stat"
	"$@" >/dev/null || fail "$1" "exit status $?"
	read -r -a after <"/sys/block/$DISK/stat"
	REQUESTS=$((after[0] + after[4] - before[0] - before[4]))
	MERGES=$((after[1] + after[5] - before[1] - before[5]))
}

# 512 blocks in order, in batches of 16 under one plug.
batches() {
	fio --name=batches --filename=/dev/mapper/t --direct=1 --ioengine=libaio --rw="$1" \
		--bs=4k --size=2M --iodepth=16 --iodepth_batch_submit=16 \
		--iodepth_batch_complete_min=16 --minimal
}

check_plug() {
	local rw kind
	local -A sent joined

	for rw in write read; do
		for kind in linear hostcrypt crypt; do
			make $kind
			requests batches $rw
			sent[$kind]=$REQUESTS joined[$kind]=$MERGES
			dmsetup remove t
		done
		note "512 ${rw}s of 4 KiB, requests (and merges) at the disk:" \
			"linear ${sent[linear]} (${joined[linear]})," \
			"hostcrypt ${sent[hostcrypt]} (${joined[hostcrypt]})," \
			"dm-crypt ${sent[crypt]} (${joined[crypt]})"
		# A submitter that had to sleep in between has sent its batch in two. Where
		# the plug is lost there are next to none.
		if [ "${joined[linear]}" -gt 256 ] &&
			[ "${joined[hostcrypt]}" -gt 256 ]; then
			pass "plug: ${rw}s are merged below as through dm-linear"
		else
			fail "plug: ${rw}s are merged below as through dm-linear" \
				"${joined[hostcrypt]} merges, linear ${joined[linear]}"
		fi
	done
}

check_large() {
	local kind word
	local -A sent

	for word in "of=/dev/mapper/t oflag=direct if=/dev/zero" \
		"if=/dev/mapper/t iflag=direct of=/dev/null"; do
		for kind in linear hostcrypt crypt; do
			make $kind
			# shellcheck disable=SC2086 # a list of words
			requests dd bs=1M count=8 status=none $word
			sent[$kind]=$REQUESTS
			dmsetup remove t
		done
		note "8 MiB in pieces of 1 MiB, ${word%% *}, requests at the disk:" \
			"linear ${sent[linear]}, hostcrypt ${sent[hostcrypt]}, dm-crypt ${sent[crypt]}"
		# The disk takes 254 segments, so a buffer none of whose 256 pages is beside
		# the next makes two requests of each; pieces of 128 KiB would make 64 in all.
		if [ "${sent[hostcrypt]}" -le 24 ]; then
			pass "1 MiB is not cut in pieces: ${word%% *}"
		else
			fail "1 MiB is not cut in pieces: ${word%% *}" \
				"${sent[hostcrypt]} requests, linear ${sent[linear]}"
		fi
	done
}

# Writes and reads of several flags and hints.
cat >/run/bios.py <<'END'
import fcntl, mmap, os, struct
fd = os.open("/dev/mapper/t", os.O_RDWR | os.O_DIRECT)
page = [memoryview(mmap.mmap(-1, 65536))]
for at, flags in enumerate((0, os.RWF_DSYNC, os.RWF_SYNC, os.RWF_NOWAIT)):
    os.pwritev(fd, page, at << 16, flags)
    os.preadv(fd, page, at << 16, flags & os.RWF_NOWAIT)
F_SET_RW_HINT = 1036
for hint in range(2, 6):
    fcntl.fcntl(fd, F_SET_RW_HINT, struct.pack("Q", hint))
    os.pwritev(fd, page, hint << 16, 0)
END

# The bios that arrive at the disk: what they are, priority, hint, place and size.
# struct bio starts the same in all kernels that we know; dm-linear's bios show
# it if one day it does not.
bios() {
	local program=(python3 /run/bios.py)

	make "$1"
	echo "p:hostcrypt_test submit_bio_noacct opf=+16(%di):x32 prio=+22(%di):x16 hint=+24(%di):u8 sector=+32(%di):u64 size=+40(%di):u32" \
		>$TRACING/kprobe_events
	echo >$TRACING/trace
	echo 1 >$TRACING/events/kprobes/hostcrypt_test/enable
	for class in 2 1; do
		ionice -c $class -n 5 "${program[@]}"
	done
	echo 0 >$TRACING/events/kprobes/hostcrypt_test/enable
	# A flush has no place that counts.
	sed -n 's/.* opf=/opf=/p' $TRACING/trace | awk -v offset=$OFFSET -F'[ =]' \
		'$8 >= offset && $10 > 0' >/run/bios
	echo >$TRACING/kprobe_events
	dmsetup remove t
	cat /run/bios
}

check_bios() {
	local linear hostcrypt

	linear=$(bios linear)
	hostcrypt=$(bios hostcrypt)
	printf 'linear:\n%s\nhostcrypt:\n%s\n' "$linear" "$hostcrypt"
	if [ "$(wc -l <<<"$linear")" -ge 24 ] && grep -q 'prio=0x4005' <<<"$linear" &&
		grep -q 'prio=0x2005' <<<"$linear"; then
		pass "bios: what dm-linear passes on is seen"
	else
		fail "bios: what dm-linear passes on is seen" "$(head -n 3 <<<"$linear")"
	fi
	if [ "$linear" = "$hostcrypt" ]; then
		pass "bios: flags, priority, hint, place and size are those"
	else
		fail "bios: flags, priority, hint, place and size are those" \
			"$(diff <(echo "$linear") <(echo "$hostcrypt") | head -n 4 | tr '\n' '|')"
	fi
	# Before 6.9 bios had no hint.
	case $(uname -r) in
	6.1.*) ;;
	*) expect "bios: hints are passed on" "hint=2 hint=3 hint=4 hint=5" bash -c \
		"grep -o 'hint=[2-5]' /run/bios | sort -u | tr '\n' ' ' | sed 's/ $//'" ;;
	esac
}

CGROUPS=/run/cgroups

in_job() {
	bash -c 'echo $$ >/run/cgroups/job/cgroup.procs; exec "$@"' in_job "$@"
}

# charged: what the job has been charged with on the disk.
charged() {
	sed -n "s/^$(cat "/sys/block/$DISK/dev") \(rbytes=[0-9]* wbytes=[0-9]*\).*/\1/p" \
		$CGROUPS/job/io.stat
}

check_charged() {
	local kind

	for kind in linear hostcrypt; do
		mkdir $CGROUPS/job
		make $kind
		in_job dd if=/dev/zero of=/dev/mapper/t bs=64k count=48 oflag=direct status=none
		in_job dd if=/dev/mapper/t of=/dev/null bs=64k count=32 iflag=direct status=none
		dmsetup remove t
		expect "cgroup: $kind: the job is charged on the disk" \
			"rbytes=2097152 wbytes=3145728" charged
		rmdir $CGROUPS/job
	done
}

# More than so many bytes a second cannot pass, however slow the machine is.
check_throttled() {
	local word began

	mkdir $CGROUPS/job
	echo "$(cat "/sys/block/$DISK/dev") rbps=1048576 wbps=1048576" >$CGROUPS/job/io.max
	make hostcrypt
	for word in "of=/dev/mapper/t oflag=direct if=/dev/zero" \
		"if=/dev/mapper/t iflag=direct of=/dev/null"; do
		began=${EPOCHREALTIME/./}
		# shellcheck disable=SC2086 # a list of words
		in_job dd bs=64k count=40 status=none $word
		if [ $((${EPOCHREALTIME/./} - began)) -ge 2000000 ]; then
			pass "cgroup: a limit on the disk holds, ${word%% *}"
		else
			fail "cgroup: a limit on the disk holds, ${word%% *}" \
				"2.5 MiB at 1 MiB/s took $((${EPOCHREALTIME/./} - began)) us"
		fi
	done
	dmsetup remove t
	rmdir $CGROUPS/job
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
mountpoint -q $TRACING || mount -t tracefs none $TRACING
mkdir $CGROUPS
mount -t cgroup2 none $CGROUPS
echo +io >$CGROUPS/cgroup.subtree_control || give_up "no io controller"
load dm-crypt

check_plug
check_large
check_bios
check_charged
check_throttled

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
