# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Sixty-four jobs read, write and compare on four volumes, while tables are reloaded, volumes suspended, keys loaded and dropped, other volumes opened and closed, memory taken, allocations failed and a CPU taken away
# long: qemu-debug qemu-kcsan
# timeout: 120
# mem: 1536M
# disks: 80M 80M 16M
# kernel: page_owner=on
#
# The kernel looks on: lockdep, KASAN and kmemleak in qemu-debug, KCSAN in
# qemu-kcsan. The four volumes differ in how the disk below completes: the first
# two in a hard interrupt of either CPU, the third in a timer's, the fourth where
# it was asked.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e40
KEY=$(printf '%02x' {1..64})
OTHER_UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7f41
OTHER_KEY=$(printf '%02x' {65..128})
SECTORS=131072
VOLUMES=(v1 v2 v3 v4)
JOBS=16
FAULTS=/sys/kernel/debug/fail_page_alloc
MIN_FREE=$(cat /proc/sys/vm/min_free_kbytes)

declare -A DISK UNIT
DISK[v1]=$DISK1 UNIT[v1]=512
DISK[v2]=$DISK2 UNIT[v2]=4096
UNIT[v3]=512 UNIT[v4]=4096

make_inline_disk() {
	load brd rd_nr=1 rd_size=81920 && DISK[v4]=/dev/ram0
}

parameters() {
	echo "$UUID 0 ${DISK[$1]} 2048 1 sector_size:${UNIT[$1]}"
}

# Something that must not happen.
trouble() {
	echo "$*" | tee -a /run/trouble
}

# must COMMAND...: works, whatever else goes on.
must() {
	local out

	out=$("$@" 2>&1) || trouble "$*: $out"
}

# Each of these is called again and again.

# Another volume, and its key, come and go.
disturb_others() {
	local unit=$((RANDOM % 2 ? 512 : 4096))

	must hc-ioctl load $OTHER_UUID "$OTHER_KEY"
	must dmsetup create other --table \
		"0 8192 hostcrypt $OTHER_UUID 0 $DISK3 0 2 sector_size:$unit allow_discards"
	must hc-pattern write /dev/mapper/other 4096 $RANDOM
	must blkdiscard -o 0 -l 1048576 /dev/mapper/other
	must dmsetup remove other
	must hc-ioctl drop $OTHER_UUID
}

# Less free memory than the kernel wants: it takes back what it can, from us too.
disturb_memory() {
	local shrinker free

	echo $((1 + RANDOM % 3)) >/proc/sys/vm/drop_caches
	for shrinker in /sys/kernel/debug/shrinker/*hostcrypt*; do
		[ ! -e "$shrinker" ] || echo 0 0 1000 >"$shrinker/scan"
	done
	free=$(sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	echo $((free / 10 * 8)) >/proc/sys/vm/min_free_kbytes
	sleep 0.5
	echo "$MIN_FREE" >/proc/sys/vm/min_free_kbytes
	sleep 1
}

# Allocations that may not wait fail for a while, here and there.
disturb_allocations() {
	echo $((1 + RANDOM % 20)) >$FAULTS/probability
	sleep 1
	echo 0 >$FAULTS/probability
	sleep 2
}

# Who reads what the module shows, and has its tracepoints on meanwhile.
disturb_readers() {
	local events=/sys/kernel/tracing/events/hostcrypt/enable volume

	[ ! -e $events ] || echo 1 >$events
	for volume in "${VOLUMES[@]}"; do
		must dmsetup status "$volume"
		must dmsetup table "$volume"
	done
	[ ! -e $events ] || echo 0 >$events
	sleep 0.2
}

# again FUNCTION: until the jobs are done. Prints how often, as hc-disturb does.
again() {
	local turns=0

	while [ -e /run/disturb ]; do
		"$1" >&2
		turns=$((turns + 1))
	done
	echo $turns
}

DISTURBERS=()

# disturb NAME COMMAND...
disturb() {
	local name=$1
	shift

	DISTURBERS+=("$name")
	{ "$@" >"/run/turns.$name" || trouble "$name: $(cat "/run/turns.$name")"; } &
	# Ahead of the jobs, which would leave it little time.
	renice -n -10 -p $! >/dev/null
}

start_disturbers() {
	local volume

	touch /run/disturb
	for volume in "${VOLUMES[@]}"; do
		disturb "$volume" hc-disturb /run/disturb volume "$volume" $SECTORS \
			"$(parameters "$volume")"
	done
	disturb keys hc-disturb /run/disturb keys $UUID
	disturb cpu hc-disturb /run/disturb cpu 1
	disturb others again disturb_others
	disturb memory again disturb_memory
	disturb readers again disturb_readers
	[ ! -d $FAULTS ] || disturb allocations again disturb_allocations
}

prepare_faults() {
	[ -d $FAULTS ] || return 0
	echo Y >$FAULTS/ignore-gfp-wait
	echo 0 >$FAULTS/min-order
	echo -1 >$FAULTS/times
	echo 0 >$FAULTS/verbose
}

# All jobs of all volumes, and what they have to say.
run_jobs() {
	local volume jobs=() job

	for volume in "${VOLUMES[@]}"; do
		hc-stress /dev/mapper/$volume $SECTORS $JOBS "$LONG" $RANDOM >/run/jobs.$volume 2>&1 &
		jobs+=($!)
	done
	for job in "${!jobs[@]}"; do
		volume=${VOLUMES[$job]}
		expect_ok "$volume: every block reads as written" wait "${jobs[$job]}"
		note "$volume: $(tail -n 3 /run/jobs.$volume)"
		cat /run/jobs.$volume
	done
}

stop_disturbers() {
	local name turns=

	rm /run/disturb
	wait
	for name in "${DISTURBERS[@]}"; do
		turns+="$name $(cat /run/turns.$name), "
	done
	note "turns: $turns"
	expect "nothing else went wrong" "" cat /run/trouble
}

field() {
	dmsetup status "$1" | tr ' ' '\n' | sed -n "s/^$2://p"
}

echo 0 >/proc/sys/kernel/kptr_restrict
load_module || give_up "the module does not load"
where=$(awk '$1 == "dm_hostcrypt" { print $6, $2 }' /proc/modules)
DISK[v3]=$(make_ram_disk 80M 512 timer) || give_up "no disk with a timer"
make_inline_disk || give_up "no ram disk"
hc-ioctl load $UUID "$KEY" || give_up "the key does not load"
for volume in "${VOLUMES[@]}"; do
	dmsetup create "$volume" --table "0 $SECTORS hostcrypt $(parameters "$volume")" ||
		give_up "no volume $volume"
done
mount -t tracefs none /sys/kernel/tracing
prepare_faults
: >/run/trouble

start_disturbers
run_jobs
stop_disturbers

for volume in "${VOLUMES[@]}"; do
	expect "$volume: no error is counted" 0 field "$volume" errors
	expect_ok "$volume: closes" dmsetup remove "$volume"
done
expect_match "nobody holds the key" "^$UUID users 0 " hc-ioctl list
expect_ok "the key drops" hc-ioctl drop $UUID
expect "no key is left" "0 loaded" hc-ioctl list
expect_ok "the module unloads" rmmod dm_hostcrypt
if [ -e /sys/kernel/debug/kmemleak ]; then
	# shellcheck disable=SC2086 # an address and a size
	expect "no page is left" "0 pages left" module-pages $where
	expect_ok "kmemleak is awake" eval 'echo scan >/sys/kernel/debug/kmemleak'
fi
if [ -e /sys/kernel/debug/kcsan ]; then
	expect_match "KCSAN has watched" '^setup_watchpoints: [1-9][0-9]{3,}' cat /sys/kernel/debug/kcsan
	note "$(grep -E 'setup_watchpoints|data_races' /sys/kernel/debug/kcsan | tr '\n' ' ')"
fi
