# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Measures the rows of $BENCH; run by tests/bench, not by the test runner
# rigs: qemu-6.12 qemu-6.1
# timeout: 1800
# mem: 768M
#
# A row is TARGET:PATTERN:SIZE[:COUNT], as in dmcrypt-4096-inline:randread:4k;
# for each a note "row ROW IOS MILLISECONDS" is sent. With PROFILE=yes fio executes
# a mark before and after its I/O, and the output has the kernel's symbols.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e09
KEY=$(printf '%02x' {1..64})
DISK=/dev/ram0
MIB=128
MARK=/run/rig/build/tests/bench/mark

# table TARGET: the table line of a row's device.
table() {
	local sectors=$((MIB * 2048)) unit=${1#*-}
	local inline="no_read_workqueue no_write_workqueue"
	unit=${unit%%-*}

	case $1 in
	linear) echo "0 $sectors linear $DISK 0" ;;
	dmcrypt-*-inline) echo "0 $sectors crypt aes-xts-plain64 $KEY 0 $DISK 0 3 sector_size:$unit $inline" ;;
	dmcrypt-*) echo "0 $sectors crypt aes-xts-plain64 $KEY 0 $DISK 0 1 sector_size:$unit" ;;
	hostcrypt-*) echo "0 $sectors hostcrypt $UUID 0 $DISK 0 1 sector_size:$unit" ;;
	*) return 1 ;;
	esac
}

# count TARGET SIZE: I/Os enough for a clock of whole milliseconds.
count() {
	local mib=125

	[ "$2" = 4k ] || [ "$1" != linear ] || mib=500
	echo $((mib * 1024 * 1024 / $(numfmt --from=iec "${2^^}")))
}

# run_fio DEVICE PATTERN SIZE COUNT
run_fio() {
	local words=(--filename="$1" --rw="$2" --bs="$3" --number_ios="$4")

	[ "$2" != randrw ] || words+=(--rwmixread=70)
	[ -z "${PROFILE:-}" ] || words+=(--exec_prerun="$MARK" --exec_postrun="$MARK")
	fio --name=row "${words[@]}" --ioengine=libaio --direct=1 --iodepth=16 \
		--size=${MIB}M --io_size=1T --norandommap --randrepeat=1 --gtod_reduce=1 --output-format=json
}

# number NAME: the sum of all numbers of this name in fio's report.
number() {
	awk -F: -v name="\"$1\" " '$1 ~ name { sum += $2 } END { printf "%d", sum }'
}

measure() {
	local target pattern size count line node out

	IFS=: read -r target pattern size count <<<"$1"
	: "${count:=$(count "$target" "$size")}"
	line=$(table "$target") || give_up "no target is called '$target'"
	dmsetup create bench --table "$line" || give_up "$target: $(dmesg -k | tail -n 1)"
	node=/dev/dm-$(dmsetup info -c --noheadings -o minor bench)
	[ -b "$node" ] || give_up "no $node"
	out=$(run_fio "$node" "$pattern" "$size" "$count") || give_up "fio failed on $1"
	note "row $1 $(number total_ios <<<"$out") $(number job_runtime <<<"$out")"
	dmsetup remove bench
}

load_module || give_up "the module does not load"
load dm-crypt
load brd rd_nr=1 rd_size=$((MIB * 1024)) || give_up "no ram disk"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
# A first write to a ram disk allocates its pages.
dd if=/dev/zero of=$DISK bs=1M count=$MIB oflag=direct || give_up "the ram disk"
for row in $BENCH; do
	measure "$row"
done
[ -z "${PROFILE:-}" ] || cat /proc/kallsyms
pass bench
