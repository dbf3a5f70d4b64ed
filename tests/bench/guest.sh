# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Measures the rows of $BENCH on a ram disk; started by tests/bench, not by the test runner
# rigs: qemu-6.12 qemu-6.1
# timeout: 1800
# mem: 768M
#
# Each result is a note "row ROW IOS NANOSECONDS"; the rows are told in "measure".
# cipher:DIRECTION:UNIT are the ones that the cipher's own benchmark gives, for
# 4 KiB each. With PROFILE=yes fio executes a mark before and after its I/O, and
# the output has the kernel's symbols.

DISK=/dev/ram0
MIB=128
[ -z "${PROFILE:-}" ] || export MARK=/run/rig/build/tests/bench/mark

measure_cipher() {
	local folder=/sys/module/hc_bench_cipher/parameters unit direction

	insmod "$CIPHER" || give_up "the cipher's benchmark failed"
	note "cipher $(cat $folder/driver)"
	for unit in 512 4096; do
		for direction in encrypt decrypt; do
			note "row cipher:$direction:$unit 1000 $(cat "$folder/${direction}_$unit")"
		done
	done
	rmmod hc_bench_cipher
}

load_module || give_up "the module does not load"
load dm-crypt
load brd rd_nr=1 rd_size=$((MIB * 1024)) || give_up "no ram disk"
# A first write to a ram disk allocates its pages.
dd if=/dev/zero of=$DISK bs=1M count=$MIB oflag=direct || give_up "the ram disk"
[ -z "${CIPHER:-}" ] || measure_cipher
# shellcheck disable=SC2086 # words
if "$TREE/tests/bench/measure" $DISK $BENCH | while read -r line; do note "$line"; done; then
	pass bench
else
	fail bench "the measurement ended early; see the output"
fi
[ -z "${PROFILE:-}" ] || cat /proc/kallsyms
