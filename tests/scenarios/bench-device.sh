# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: make bench DEV=: refuses what it should, measures, leaves nothing behind, also when it is interrupted
# rigs: qemu-6.12
# timeout: 300
# mem: 768M
# disks: 64M 16M

OUT=/run/bench

bench() {
	"$TREE/tests/bench/device" --runtime 0.2 --rounds 1 --size 16M --loads randrw:4k --depths 4 \
		--out $OUT "$@"
}

refused() {
	local name=$1 why=$2
	shift 2

	expect_fail "refused: $name" 1 "$why" bench "$@"
	expect "not touched: $name" "$BEFORE" sum "$DISK2"
}

sum() {
	sha256sum <"$1"
}

nothing_left() {
	[ -z "$(dmsetup ls | grep hc-bench)" ] && hostcrypt key list | grep -q 'no keys are loaded'
}

columns() {
	head -n 1 $OUT/device.csv
}

# Rows whose fields are not all numbers above zero.
odd_rows() {
	tail -n +2 $OUT/device.csv |
		awk -F, '{ for (i = 4; i <= NF; i++) if ($i !~ /^[0-9.]+$/ || $i <= 0) { n++; break } } NF != 12 { n++ }
			END { print n + 0 }'
}

load_module || give_up "the module does not load"
load dm-crypt

BEFORE=$(sum "$DISK2")
refused "no block device" 'is no block device' --yes /dev/null
refused "no yes" 'nothing was touched' "$DISK2"
expect_fail "refused: another word" 1 'nothing was touched' \
	bash -c "echo Yes | '$TREE/tests/bench/device' $DISK2"
mke2fs -q "$DISK2" || give_up "no file system"
BEFORE=$(sum "$DISK2")
refused "a file system" 'carries data \(ext2\)' --yes "$DISK2"
dmsetup create holder --table "0 64 linear $DISK2 0" || give_up "no holder"
refused "in use" 'cannot use .*: Device or resource busy' --yes --force "$DISK2"
dmsetup remove holder

expect_ok "measures" bench --yes "$DISK1"
expect "every column" \
	target,pattern,size,jobs,depth,round,mib_per_second,iops,p50_us,p99_us,p999_us,cpu_seconds_per_gib \
	columns
expect "a row for each target and number of jobs" $((1 + 4 * 2)) sed -n '$=' $OUT/device.csv
expect "only numbers" 0 odd_rows
expect_ok "nothing is left" nothing_left

# Interrupted in the middle of a row, by the terminal's signal and by kill.
for signal in INT TERM; do
	rm -f $OUT/device.csv
	bench --yes --force --runtime 5 "$DISK1" >/run/bench.out 2>&1 &
	bench=$!
	wait_for 60 eval 'dmsetup ls | grep hc-bench && pgrep fio' || fail "SIG$signal: it runs" "$(tail -n 1 /run/bench.out)"
	sleep 1
	kill -$signal "$(pgrep -f tests/bench/device)"
	wait $bench
	expect_ok "nothing is left after SIG$signal" nothing_left
	expect_fail "no fio is left after SIG$signal" 1 '' pgrep fio
done
