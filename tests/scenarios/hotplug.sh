# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A CPU that comes late, comes and goes under I/O, and stays away: nothing is stuck, nothing is lost, and its pages come back
# rigs: qemu-6.12 qemu-6.1
# long: qemu-debug
# timeout: 90
# mem: 768M
# disks: 64M
#
# Both disks answer in hard interrupts, so that small reads are carried to a
# softirq of the CPU that was interrupted. When the module goes, it warns if a
# page of any CPU is missing, and the rig hears it.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e42
KEY=$(printf '%02x' {1..64})
SECTORS=98304
CPU1=/sys/devices/system/cpu/cpu1/online
SHRINKER=/sys/kernel/debug/shrinker

# on_cpu1 COMMAND...
on_cpu1() {
	taskset -c 1 "$@"
}

field() {
	dmsetup status "$1" | tr ' ' '\n' | sed -n "s/^$2://p"
}

# Blocks on the shelves, where the kernel shows what a shrinker counts.
pages_at_hand() {
	awk '{ n += $2 } END { print n + 0 }' $SHRINKER/hostcrypt-*/count
}

check_late_cpu() {
	expect_ok "with one CPU: written" hc-pattern write /dev/mapper/v1 8192 1
	expect_ok "with one CPU: read" hc-pattern check /dev/mapper/v1 8192 1
	expect_ok "the other CPU comes" eval "echo 1 >$CPU1"
	expect_ok "a CPU that came late writes" on_cpu1 hc-pattern write /dev/mapper/v2 8192 2
	expect_ok "and reads" on_cpu1 hc-pattern check /dev/mapper/v2 8192 2
}

# A CPU comes and goes under jobs that are all on it, and under some that are not.
check_under_io() {
	local volume disturber jobs=()

	touch /run/disturb
	hc-disturb /run/disturb cpu 1 >/run/turns &
	disturber=$!
	for volume in v1 v2; do
		hc-stress /dev/mapper/$volume $SECTORS 6 10 ${volume#v} >/run/jobs.$volume 2>&1 &
		jobs+=($!)
	done
	for volume in v1 v2; do
		expect_ok "$volume: every block reads as written" wait "${jobs[${volume#v} - 1]}"
		cat /run/jobs.$volume
	done
	rm /run/disturb
	expect_ok "the CPU came and went" wait $disturber
	note "$(cat /run/turns) times; $(tail -n 1 /run/jobs.v1); $(tail -n 1 /run/jobs.v2)"
}

# Reads and writes on their way when their CPU goes; it leaves pages behind.
check_gone_cpu() {
	local i=0

	on_cpu1 hc-pattern write /dev/mapper/v2 8192 3
	on_cpu1 hc-stress /dev/mapper/v1 $SECTORS 6 3 3 >/run/jobs.v1 2>&1 &
	sleep 1
	expect_ok "the CPU goes" eval "echo 0 >$CPU1"
	expect_ok "what was on its way is answered" wait $!
	cat /run/jobs.v1
	expect_ok "what it wrote is there" hc-pattern check /dev/mapper/v2 8192 3
	[ -d $SHRINKER ] || return 0
	note "at hand: $(pages_at_hand) pages"
	until [ "$(pages_at_hand)" = 0 ] || [ $((i += 1)) -gt 20 ]; do
		echo 2 >/proc/sys/vm/drop_caches
	done
	expect "its pages are given back when memory is short" 0 pages_at_hand
}

expect_ok "the other CPU is away" eval "echo 0 >$CPU1"
load_module || give_up "the module does not load"
hc-ioctl load $UUID "$KEY" || give_up "the key does not load"
timer=$(make_ram_disk 64M 512 timer) || give_up "no disk with a timer"
dmsetup create v1 --table "0 $SECTORS hostcrypt $UUID 0 $DISK1 0" &&
	dmsetup create v2 --table "0 $SECTORS hostcrypt $UUID 0 $timer 0 1 sector_size:4096" ||
	give_up "no volumes"

check_late_cpu
check_under_io
check_gone_cpu
for volume in v1 v2; do
	expect "$volume: no error is counted" 0 field $volume errors
	expect_ok "$volume: closes" dmsetup remove $volume
done
expect_ok "the key drops" hc-ioctl drop $UUID
expect_ok "the module unloads without the CPU" rmmod dm_hostcrypt
