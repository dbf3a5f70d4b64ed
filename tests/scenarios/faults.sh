# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Errors of the disk below, with many I/Os in flight: exactly the I/O that meets one fails, its neighbours are right, each is counted once
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 120
# disks: 16M
#
# The disk is put together from good parts, parts that always fail (dm-error)
# and parts that fail writes or reads only (dm-flakey).

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e10
KEY=$(printf '%02x' {17..80})
SECTORS=8192
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# part FIRST COUNT [KIND]: a line of the disk's table. The flakey ones are
# down for an hour from the moment they are made.
part() {
	case ${3:-good} in
	good) echo "$1 $2 linear $DISK1 $1" ;;
	bad) echo "$1 $2 error" ;;
	*) echo "$1 $2 flakey $DISK1 $1 0 3600 1 error_${3}s" ;;
	esac
}

# disk [FIRST COUNT KIND]...: a table with these faults, in order; good between.
disk() {
	local at=0

	while [ $# -gt 0 ]; do
		[ "$1" -le $at ] || part $at $(($1 - at))
		part "$1" "$2" "$3"
		at=$(($1 + $2))
		shift 3
	done
	[ $at -ge $SECTORS ] || part $at $((SECTORS - at))
	# Beyond the volume, for faults of flushes only.
	[ -z "${BEYOND:-}" ] || part $SECTORS 8 "$BEYOND"
}

# words [FIRST COUNT KIND]...: the same for hc-storm.
words() {
	while [ $# -gt 0 ]; do
		[ "$3" = write ] || echo "bad-read=$1+$2"
		[ "$3" = read ] || echo "bad-write=$1+$2"
		shift 3
	done
}

# below TABLE: make it the disk's.
below() {
	{ dmsetup suspend below && dmsetup load below --table "$1" && dmsetup resume below; } ||
		give_up "the disk below: $(dmesg -k | tail -n 1)"
}

field() {
	dmsetup status t | tr ' ' '\n' | sed -n "s/^$1://p"
}

# make UNIT
make() {
	local options=("sector_size:$1" "${SLOW[@]}")

	dmsetup create below --table "$(disk)"
	dmsetup create t --table \
		"0 $SECTORS hostcrypt $UUID 8 /dev/mapper/below 0 ${#options[@]} ${options[*]}"
	hc-storm /dev/mapper/t $SECTORS unit="$1" count=0 fill=yes >/dev/null ||
		give_up "cannot be filled"
}

unmake() {
	dmsetup remove t
	dmsetup remove below
}

# storm NAME UNIT exact|least WORD...: I/Os of which some fail. Of those larger
# than one bio, each bio that fails is counted.
storm() {
	local name=$1 unit=$2 count=$3 before after failed
	shift 3

	before=$(field errors)
	expect_match "$name: exactly those fail that must" '^[0-9]+ done, [1-9][0-9]* failed,' \
		hc-storm /dev/mapper/t $SECTORS unit="$unit" "$@"
	note "$LAST"
	failed=$(sed -n 's/.*done, \([0-9]*\) failed, \([0-9]*\) flushes failed$/\1 + \2/p' <<<"$LAST")
	failed=$((${failed:-0}))
	after=$(($(field errors) - before))
	[ "$count" = exact ] || [ $after -lt $failed ] || failed=$after
	if [ $after = $failed ]; then
		pass "$name: each is counted"
	else
		fail "$name: each is counted" "$after of $failed"
	fi
}

# Single sectors, neighbours, groups, the first and the last. Where writes fail
# and reads do not, flushes fail as well.
FAULTS=(0 1 bad  1024 1 read  1026 1 bad  2050 3 bad  4500 40 read  6001 1 bad  8191 1 bad)
ONE_WAY=(512 1 write  515 1 read  3000 9 write  3009 2 bad  5000 1 read  8184 1 write)

# check_sectors NAME UNIT exact|least WORD... -- FAULT...: on a disk with these faults.
check_sectors() {
	local name="$1, units of $2" unit=$2 count=$3 words=()
	shift 3

	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	make "$unit"
	below "$(disk "$@")"
	mapfile -t -O ${#words[@]} words < <(words "$@")
	storm "$name" "$unit" "$count" "${words[@]}"
	unmake
}

# A flush fails that has nothing to do with what was written.
check_flush() {
	make 512
	below "$(BEYOND='write' disk)"
	expect_match "failing flushes: exactly they fail" 'done, 0 failed, [1-9][0-9]* flushes failed$' \
		hc-storm /dev/mapper/t $SECTORS count=$COUNT bad-flush=yes
	note "$LAST"
	expect_fail "fsync tells" 1 'Input/output error' \
		dd if=/dev/zero of=/dev/mapper/t bs=4k count=1 conv=fsync,notrunc status=none
	below "$(disk)"
	expect_ok "fsync works again" \
		dd if=/dev/zero of=/dev/mapper/t bs=4k count=1 conv=fsync,notrunc status=none
	unmake
}

# The older dm-flakey cannot fail reads only.
if [ "$RIG" = qemu-6.1 ]; then
	FAULTS=("${FAULTS[@]/#read/bad}")
	ONE_WAY=("${ONE_WAY[@]/#read/bad}")
fi
load dm-flakey || give_up "no dm-flakey"
load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
COUNT=400
[ "$UML" != plain ] || COUNT=2000

for unit in 512 4096; do
	check_sectors "bad sectors" $unit exact count=$COUNT -- "${FAULTS[@]}"
	check_sectors "sectors bad one way" $unit exact count=$COUNT bad-flush=yes -- "${ONE_WAY[@]}"
	check_sectors "I/Os up to 2 MiB" $unit least count=$((COUNT / 8)) depth=8 max=2097152 \
		-- "${FAULTS[@]}"
done
check_flush

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
