#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
#
# The benchmark's machinery with a few I/Os: rows of plausible numbers that are
# the same when measured again, profiles that add up, all files with all columns.
# (What it does on a disk: scenarios/bench-device.sh.)
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
failed=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
TEST_LOGS=$(realpath -m "${B:-build}/test-logs/host-bench")
export TEST_LOGS

check() {
	local name=$1 said
	shift

	if said=$("$@" 2>&1); then
		echo "PASS $name"
	else
		echo "FAIL $name: $(tail -n 3 <<<"$said" | tr '\n' '|')"
		failed=1
	fi
}

# Two rows, each twice, in one boot.
rows=(linear:randread:4k:3000 hostcrypt-4096:randread:4k:3000)
measure() {
	tests/bench/icount --profile "${rows[@]}" "${rows[@]}" >"$out/icount"
}

# per_io ROW: what was measured, both times.
per_io() {
	awk -v row="$1" '$1 == row { gsub(",", "", $2); print $2 }' "$out/icount"
}

# The clock has whole milliseconds, here a thirtieth of a row.
repeats() {
	per_io "$1" | awk '{ n[NR] = $1 } END {
		print n[1], n[2]
		exit NR != 2 || n[1] < 5000 || n[1] > 50000 || n[1] > 1.05 * n[2] || n[2] > 1.05 * n[1] }'
}

dearer() {
	[ "$(per_io "${rows[1]}" | head -n 1)" -gt $(("$(per_io "${rows[0]}" | head -n 1)" + 5000)) ]
}

# The plugin's count is the clock's, and what fio needs around its I/O.
adds_up() {
	local all

	for row in "${rows[@]}"; do
		all=$(sed -n "/^$row, instructions/,/ all$/s/^ *\([0-9]*\).* all$/\1/p" "$out/icount" |
			head -n 1)
		per_io "$row" | head -n 1 | awk -v all="$all" '{ print $1, all
			exit all < $1 * 0.97 || all > $1 * 1.5 }
			END { if (!NR) exit 1 }' || return
	done
}

names() {
	grep -qE "[0-9.]+ +[0-9.]+ % +$1" "$out/icount"
}

check "two rows are measured" measure
check "a row is the same twice" repeats "${rows[0]}"
check "an encrypting row is, too" repeats "${rows[1]}"
check "encryption costs something" dearer
check "the profile adds up" adds_up
check "the profile knows our module" names 'hc_read_map \[dm_hostcrypt\]'
check "the profile knows the cipher" names '\[aesni_intel\]'

# The report, of numbers made up so that every second goal is reached.
report() {
	PYTHONPATH=tests/bench python3 - "$out" >"$out/report" <<-'END'
	import os, sys
	import markdown, report

	counts = report.Counts("6.12")
	parallel = report.Parallel("6.12")
	for direction in ("encrypt", "decrypt"):
	    for unit in (512, 4096):
	        counts.add(f"cipher:{direction}:{unit}", 1000, 8000 * 1000)
	        parallel.add(f"cipher:{direction}:{unit}", 1000, 80000 * 1000)
	cost = {"linear": 0, "dmcrypt-512": 10500, "dmcrypt-512-inline": 10500, "hostcrypt-512": 9000,
	        "dmcrypt-4096": 9500, "dmcrypt-4096-inline": 9000, "hostcrypt-4096": 8300}
	for pattern, size in report.WORKLOADS:
	    for target in report.TARGETS:
	        dearer = 2000 if pattern in ("randwrite", "write") and target.startswith("hostcrypt") else 0
	        per_io = 1000 + report.KIB[size] // 4 * (cost[target] + dearer)
	        counts.add(f"{target}:{pattern}:{size}", 100, 100 * per_io)
	for number, target in enumerate(report.PARALLEL_TARGETS):
	    for pattern, factor in (("read", 2.5), ("write", 1)):
	        for turn in (1, 5, 1.1):
	            fast = factor if target == "hostcrypt-4096" else 1
	            parallel.add(f"{target}:{pattern}:1m:10:1", 10, int(1e9 * turn / fast))
	report.print_counts(counts)
	report.print_parallel(parallel)
	report.print_goals(counts, parallel)
	report.write_csv(os.path.join(sys.argv[1], "instructions.csv"), [counts])
	report.write_parallel_csv(os.path.join(sys.argv[1], "parallel.csv"), [parallel])
	markdown.write(os.path.join(sys.argv[1], "tables.md"), [counts], [parallel])
	report.plot(sys.argv[1], [counts])
	END
}

# says REGEX
says() {
	grep -E "$1" "$out/report" || { cat "$out/report"; return 1; }
}

# filled FILE COLUMNS ROWS: every field of every row, but those that may be empty.
filled() {
	[ "$(head -n 1 "$out/$1")" = "$2" ] || return
	tail -n +2 "$out/$1" | awk -F, -v rows="$3" -v columns="${2//[^,]/}" '
		NF != length(columns) + 1 { bad++ }
		{ for (i = 1; i <= 7; i++) if ($i == "") bad++ }
		END { print NR, bad + 0; exit NR != rows || bad }'
}

check "the report" report
check "an overhead that is small enough" \
	says '^  reached +4K read, overhead: +0.300, at most 0.33 \(300 : 1,000 of tuned dm-crypt\)'
check "one that is not" \
	says '^  not reached +4K write, overhead: +2.300, at most 0.33 \(2,300 : 1,000 of'
check "units of 512" says '^  not reached +4K read, units of 512: +0.870, at most 0.65 \(10,000 : 11,500 of'
check "large reads" says '^  reached +1M read, units of 4096: '
check "large writes" says '^  not reached +1M write, units of 4096: '
check "two CPUs, median" \
	says '^  reached +1M read, depth 1, two CPUs: +2.500, at least 1.7 \(23 : 9 MiB/s .*allow 0.91\)'
check "two CPUs, too slow" says '^  not reached +1M write, depth 1, two CPUs: +1.000'
check "instructions.csv" filled instructions.csv \
	kernel,target,pattern,size,ios,instructions,instructions_per_io,cipher_per_io,overhead_per_io,ratio_to_tuned \
	$((4 + 7 * 7))
check "parallel.csv" filled parallel.csv \
	kernel,target,pattern,size,round,ios,nanoseconds,mib_per_second $((4 + 7 * 2 * 3))
check "README's tables" grep -qF '| **hostcrypt 4096** | **9,300** | **11,300** |' "$out/tables.md"
check "the plot as SVG" grep -q 'hostcrypt 4096' "$out/plot.svg"
check "the plot as PNG" bash -c "head -c 4 '$out/plot.png' | grep -qa PNG"

# Dumps, of memory that is made up.
python3 - "$out/memory" <<-'END'
	import random, struct, sys
	made = random.Random(1).randbytes
	with open(sys.argv[1], "wb") as file:
	    file.write(b"makedumpfile".ljust(16, b"\0") + struct.pack(">QQ", 1, 1) + bytes(4064))
	    for page in range(2048):
	        data = (made(4096), bytes(4096), b"text" * 1024)[page % 3]
	        file.write(struct.pack(">QQ", page * 4096, 4096) + data)
	    file.write(b"\xff" * 16)
END
openssl genpkey -algorithm x25519 -out "$out/key" && chmod 600 "$out/key" &&
	openssl pkey -in "$out/key" -pubout -out "$out/public.pem"
write=$(realpath "${B:-build}/tests/bench/dump_write")

# written OUTPUT [PUBLIC.pem]: the numbers are what they say
written() {
	# shellcheck disable=SC2002 # a pipe is what it reads
	cat "$out/memory" | "$write" "$@" | awk -v bytes="$(stat -c %s "$out/memory")" \
		'{ print; exit !($1 == bytes && $2 > 0 && $3 > 0 && $4 > 1000 && $4 < 40000) }'
}

extracted() {
	"${B:-build}/hostcrypt" dump extract --key "$out/key" "$out/sealed" - | cmp "$out/memory"
}

check "what dumps cost" tests/bench/dump --memory "$out/memory" --rounds 2 --disk "$out" --out "$out"
check "dump.csv" filled dump.csv place,how,round,bytes,nanoseconds,cpu_nanoseconds,peak_kib 8
check "README's numbers" grep -qE '^\| time, encrypted : clear \| [0-9.]+ \| [0-9.]+ \|$' "$out/dump.md"
check "in clear is in clear" written "$out/clear"
check "to the byte" cmp "$out/memory" "$out/clear"
check "encrypted is encrypted" written "$out/sealed" "$out/public.pem"
check "which who has the key reads" extracted
exit $failed
