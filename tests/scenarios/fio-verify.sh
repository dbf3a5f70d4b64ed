# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Random reads and writes of 512 bytes to 1 MiB by four jobs, verified, while the table is suspended, resumed and reloaded and a CPU comes and goes
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 420
# mem: 768M
# disks: 64M
#
# The volume grows in the middle: half of the reloads change the length.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e02
KEY=$(printf '%02x' {65..128})
MIB=40
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# table DISK UNIT MIB
table() {
	local words=("sector_size:$2" "${SLOW[@]}")

	echo "0 $(($3 * 2048)) hostcrypt $UUID 8 $1 1024 ${#words[@]} ${words[*]}"
}

# A CPU goes and comes back, where there is more than one.
CPU1=/sys/devices/system/cpu/cpu1/online

# Suspend and resume, now and then with another table, until told to stop.
disturb() {
	local turn=0

	while [ -e /run/disturb ]; do
		[ ! -e $CPU1 ] || echo $((turn / 2 % 2)) >$CPU1
		dmsetup suspend fio
		[ $((turn % 2)) = 0 ] ||
			dmsetup load fio --table "$(table "$1" "$2" $((MIB + turn % 4)))"
		sleep 0.05
		dmsetup resume fio
		turn=$((turn + 1))
		sleep 0.2
	done
	[ ! -e $CPU1 ] || echo 1 >$CPU1
	echo $turn >/run/turns
}

fio_job() {
	fio --name=verify --filename=/dev/mapper/fio --ioengine=libaio --direct=1 \
		--iodepth=8 --numjobs=4 --size=$((MIB / 4))M --offset_increment=$((MIB / 4))M \
		--rw=randrw --rwmixread=40 --bsrange="$1-1M" --blockalign="$1" \
		--verify=crc32c --verify_fatal=1 --verify_backlog=64 --randrepeat=1 \
		--randseed="$2" --end_fsync=1 --group_reporting --minimal
}

field() {
	dmsetup status fio | tr ' ' '\n' | sed -n "s/^$1://p"
}

# check NAME DISK BLOCK UNIT
check() {
	local disturber

	dmsetup create fio --table "$(table "$2" "$4" $MIB)" ||
		{ fail "$1: table" "$(dmesg -k | tail -n 1)"; return; }
	touch /run/disturb
	disturb "$2" "$4" &
	disturber=$!
	expect_ok "$1: every block reads as written" fio_job "$3" "$4"
	rm /run/disturb
	wait $disturber
	if [ "$(cat /run/turns)" -ge 2 ]; then
		pass "$1: suspended and reloaded meanwhile"
	else
		fail "$1: suspended and reloaded meanwhile" "$(cat /run/turns) times"
	fi
	expect "$1: no error is counted" 0 field errors
	expect_match "$1: active at the end" ' hostcrypt active ' dmsetup status fio
	dmsetup remove fio
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"

check "ram disk, blocks of 512" "$(make_ram_disk 64M 512)" 512 512
check "ram disk, blocks of 4096" "$(make_ram_disk 64M 4096)" 4096 512

truncate -s 64M /run/disk
for block in 512 4096; do
	loop=$(losetup -f --show -b $block /run/disk)
	check "loop file, blocks of $block" "$loop" $block $block
	losetup -d "$loop"
done

check "disk" "$DISK1" 512 512
check "disk, units of 4096" "$DISK1" 4096 4096
