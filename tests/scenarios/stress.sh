# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Sixty-four jobs on two volumes for a minute, each byte compared, while tables are reloaded, volumes suspended, keys loaded and dropped, other volumes opened and closed, caches shrunk
# rigs: uml
# timeout: 120
# mem: 768M
# disks: 48M
#
# The kernel looks on: lockdep, KASAN, and kmemleak at the scenario's end.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e20
KEY=$(printf '%02x' {33..96})
OTHER_UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7f21
OTHER_KEY=$(printf '%02x' {97..160})
SECTORS=65536
JOBS=32
DURATION=60

declare -A BELOW UNIT

parameters() {
	echo "$UUID 8 ${BELOW[$1]} 1024 2 sector_size:${UNIT[$1]} allow_slow_cipher"
}

# One is memory that completes at once, one a disk that interrupts.
set_up() {
	local volume

	BELOW[v1]=$(make_ram_disk 48M) UNIT[v1]=512
	BELOW[v2]=$DISK1 UNIT[v2]=4096
	for volume in v1 v2; do
		dmsetup create $volume --table "0 $SECTORS hostcrypt $(parameters $volume)" ||
			give_up "no $volume"
	done
}

# again FUNCTION: while the jobs are busy. Prints how often.
again() {
	local turns=0

	while [ -e /run/busy ]; do
		"$1" >&2 || return
		turns=$((turns + 1))
	done
	echo "$turns times"
}

# Another volume and its key come and go.
open_other() {
	hc-ioctl load $OTHER_UUID "$OTHER_KEY" &&
		dmsetup create other --table "0 8192 hostcrypt $OTHER_UUID 0 $OTHER_DISK 0 1 allow_slow_cipher" &&
		hc-pattern write /dev/mapper/other 2048 1 &&
		hc-pattern check /dev/mapper/other 2048 1 &&
		dmsetup remove other &&
		hc-ioctl drop $OTHER_UUID
}

# What is kept at hand goes back.
shrink() {
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.7
}

field() {
	dmsetup status "$1" | tr ' ' '\n' | sed -n "s/^$2://p"
}

declare -A PIDS

# start NAME COMMAND...: in the background, to be judged by ended().
start() {
	local name=$1
	shift

	"$@" >"/run/log.$name" 2>&1 &
	PIDS[$name]=$!
}

# disturb NAME COMMAND...: the same, ahead of the jobs, which would leave it no
# time on the one CPU.
disturb() {
	start "$@"
	renice -n -20 -p "${PIDS[$1]}" >/dev/null
}

ended() {
	local name=$1 log=/run/log.$1 status=0

	wait "${PIDS[$name]}" || status=$?
	# It tells how often, and has to have been there at all.
	if [ $status = 0 ] && tail -n 1 "$log" | grep -q '^[1-9]'; then
		pass "$name"
		note "$name: $(tail -n 1 "$log")"
	else
		fail "$name" "exit status $status: $(tail -n 3 "$log" | tr '\n' '|')"
	fi
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
set_up

OTHER_DISK=$(make_ram_disk 8M)

touch /run/busy
for volume in v1 v2; do
	start "every byte of $volume" hc-stress /dev/mapper/$volume $SECTORS $JOBS $DURATION "${volume#v}"
	disturb "$volume is suspended and reloaded" hc-disturb /run/busy volume $volume $SECTORS \
		"$(parameters $volume)"
done
disturb "keys come and go" hc-disturb /run/busy keys $UUID
disturb "another volume comes and goes" again open_other
disturb "caches are shrunk" again shrink

ended "every byte of v1"
ended "every byte of v2"
rm /run/busy
for volume in v1 v2; do
	ended "$volume is suspended and reloaded"
done
ended "keys come and go"
ended "another volume comes and goes"
ended "caches are shrunk"

for volume in v1 v2; do
	expect "no error is counted on $volume" 0 field $volume errors
	expect_match "$volume is active at the end" ' hostcrypt active ' dmsetup status $volume
	expect_ok "$volume closes" dmsetup remove $volume
done
expect "one key is left" "1 loaded" bash -c 'hc-ioctl list | head -n 1'
expect_ok "it drops" hc-ioctl drop $UUID
expect "no device is left" "No devices found" dmsetup ls
expect_ok "the module unloads" rmmod dm_hostcrypt
