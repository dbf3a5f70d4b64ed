# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: The device below grows and shrinks and the volume after it, again and again under I/O: none within the volume fails, what is new can be used
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 180
# disks: 48M
#
# Two kinds of device below: a piece of a disk by dm-linear, and, where that is
# quick, a file.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e50
KEY=$(printf '%02x' {113..176})
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# In sectors: what is always there, in which the jobs are, and at most.
BASE=32768
STEP=4096
TURNS=3

# linear SECTORS: make the device below as large.
linear() {
	dmsetup load below --table "0 $1 linear $DISK1 0" && dmsetup resume below
}

file() {
	truncate -s $(($1 * 512)) /run/disk && losetup -c "$LOOP"
}

# volume SECTORS
volume() {
	dmsetup load t --table "0 $1 hostcrypt $UUID 0 $DEVICE 0 ${#SLOW[@]} ${SLOW[*]}" &&
		dmsetup suspend t && dmsetup resume t
}

# Reads and writes of what is there today and gone tomorrow: no matter how they
# end, as long as they do.
at_the_edge() {
	while [ -e /run/busy ]; do
		dd if=/dev/mapper/t of=/dev/null bs=256k skip=$((BASE / 512)) iflag=direct status=none
		dd if=/dev/zero of=/dev/mapper/t bs=64k count=16 seek=$((BASE / 128)) \
			oflag=direct,nonblock conv=notrunc status=none
		sleep 0.2
	done >/dev/null 2>&1
}

# I/O for as long as it takes.
within() {
	while [ -e /run/busy ]; do
		hc-stress /dev/mapper/t $BASE 4 3 1 || return
	done
}

# What has been added holds what is written there, to the last sector.
check_new() {
	local first=$((BASE + STEP)) sectors=$(($1 - BASE - STEP))

	head -c $((sectors * 512)) /dev/urandom >/run/new
	dd if=/run/new of=/dev/mapper/t bs=64k seek=$((first / 128)) oflag=direct conv=notrunc \
		status=none &&
		dd if=/dev/mapper/t of=/run/back bs=64k skip=$((first / 128)) iflag=direct \
			status=none &&
		cmp /run/new /run/back
}

# check NAME RESIZE: RESIZE is the function that resizes the device below.
check() {
	local name=$1 resize=$2 turn size jobs edge

	"$resize" $BASE
	dmsetup create t --table \
		"0 $BASE hostcrypt $UUID 0 $DEVICE 0 ${#SLOW[@]} ${SLOW[*]}" || give_up "no volume"
	touch /run/busy
	within >/run/log 2>&1 &
	jobs=$!
	at_the_edge &
	edge=$!
	# From here on ahead of those, who would leave no time on the one CPU.
	renice -n -20 -p $$ >/dev/null
	for ((turn = 1; turn <= TURNS; turn++)); do
		size=$((BASE + STEP * (1 + 2 * turn % 5)))
		expect_ok "$name: grows to $size below" "$resize" $size
		expect_ok "$name: and the volume" volume $size
		expect "$name: which has the size" $size blockdev --getsz /dev/mapper/t
		expect_ok "$name: what is new can be used" check_new $size
		# Either may be the first to shrink.
		if [ $((turn % 2)) = 0 ]; then
			expect_ok "$name: the volume shrinks" volume $BASE
			expect_ok "$name: and what is below" "$resize" $BASE
		else
			expect_ok "$name: shrinks below" "$resize" $BASE
			expect_ok "$name: and the volume" volume $BASE
		fi
	done
	renice -n 0 -p $$ >/dev/null
	rm /run/busy
	wait $edge
	if wait $jobs; then
		pass "$name: no I/O within the volume failed, every byte is right"
	else
		fail "$name: no I/O within the volume failed, every byte is right" "$(head -n 3 /run/log | tr "\n" "|")"
	fi
	note "$name: $(wc -l </run/log) times; $(tail -n 1 /run/log)"
	expect_fail "$name: it cannot be larger than what is below" any 'Invalid|No space|failed' \
		volume $((BASE + STEP))
	dmsetup clear t
	dmsetup remove t
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"

DEVICE=/dev/mapper/below
dmsetup create below --table "0 $BASE linear $DISK1 0"
check "dm-linear" linear
dmsetup remove below

if [ "$RIG" = uml ]; then
	truncate -s $((BASE * 512)) /run/disk
	LOOP=$(losetup -f --show /run/disk) || give_up "no loop device"
	DEVICE=$LOOP
	check "file" file
	losetup -d "$LOOP"
fi

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
