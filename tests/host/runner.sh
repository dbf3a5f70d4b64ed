#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The runner's own test: little scenarios that must fail do, each for its own
# reason, and those that must pass do.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
TEST_LOGS=$(mktemp -d)
export TEST_LOGS
trap 'rm -rf "$TEST_LOGS"' EXIT

# run NAME... - leaves the output in $out and the exit status in $status.
run() {
	out=$(tests/run --jobs 1 --scenarios tests/rig/selftest "$@" 2>&1)
	status=$?
}

# says NAME REGEX... - every REGEX matches a line of the output.
says() {
	local name=$1 regex
	shift

	for regex; do
		grep -Eq -- "$regex" <<<"$out" && continue
		echo "FAIL $name: no '$regex' in: $(tail -n 4 <<<"$out" | tr '\n' '|')"
		return
	done
	echo "PASS $name"
}

# must_fail SCENARIO SUMMARY REASON
must_fail() {
	run "$1"
	if [ $status != 1 ]; then
		echo "FAIL $1: exit status $status, not 1: $(tail -n 2 <<<"$out" | tr '\n' '|')"
	else
		says "$1-fails" "^$2\$" "FAIL $3"
	fi
}

must_fail failing@uml-plain '1 passed, 2 failed' 'this-is-not: exit status 1'
must_fail hanging@uml-plain '1 passed, 1 failed' 'hanging: no end after [0-9]+ s; killed'
says hanging-shows-its-tail 'the last words'
says failures-are-listed-at-the-end '^failed: hanging@uml-plain: hanging: no end after'
must_fail panicking@uml-plain '0 passed, 2 failed' 'panicking: the guest died'
says panic-is-quoted 'the console says: .*Kernel panic'
must_fail warning@uml-plain '1 passed, 1 failed' 'warning: the console says: .*made/up.c'
must_fail exiting@uml-plain '1 passed, 1 failed' 'exiting: the scenario ended with exit status 7'
must_fail empty@uml-plain '0 passed, 1 failed' 'empty: the scenario checked nothing'

must_fail no-boot@qemu-6.12 '0 passed, 2 failed' 'no-boot: the guest died'
says boot-is-tried-again 'no-boot-2.log; once more'

# QEMU that listens, but has not made its console's file yet, is waited for.
out=$(PYTHONPATH=tests/rig python3 - "$TEST_LOGS/late-console" 2>&1 <<-'END'
	import subprocess, sys
	import qemuguest
	guest = qemuguest.QemuGuest.__new__(qemuguest.QemuGuest)
	guest.console = sys.argv[1]
	guest.process = subprocess.Popen(
	    ["sh", "-c", "sleep 1; echo Run /init as init process >\"$0\"; exec sleep 60", guest.console])
	print("booted" if guest.booted(0) else "not booted")
	guest.process.kill()
END
)
says late-console-is-waited-for '^booted$'

run allowed@uml-plain reboots@uml-plain companion@uml-plain killed-fork@uml-plain
if [ $status = 0 ]; then
	says good-ones-pass '^9 passed, 0 failed$'
else
	echo "FAIL good-ones-pass: $(grep FAIL <<<"$out" | tr '\n' '|')"
fi
run no-such-scenario
if [ $status = 1 ]; then
	says nothing-run-fails '^0 passed, 0 failed$'
else
	echo "FAIL nothing-run-fails: exit status $status"
fi

# The debug kernel's checkers are awake, and the rig hears each of them.
fault_module() {
	local kernel build

	kernel=$(tests/rig/kernel/build um-debug) || return
	build=${B:-build}/rig-module/fault
	mkdir -p "$build" && cp -u tests/rig/selftest/fault/* "$build/" || return
	make -C "$kernel" ARCH=um M="$(realpath "$build")" modules
}

if out=$(fault_module 2>&1); then
	out=$(tests/run --scenarios tests/rig/selftest 'fault-*' 2>&1)
	says fault-summary '^6 passed, 6 failed$'
	says fault-leak 'FAIL fault-leak: the console says: .*unreferenced object'
	says fault-overrun 'FAIL fault-overrun: the console says: .*KASAN: slab-out-of-bounds'
	says fault-use-after-free 'FAIL fault-use-after-free: the console says: .*KASAN: slab-use-after-free'
	says fault-lock-order 'FAIL fault-lock-order: the console says: .*possible circular locking'
	says fault-atomic-sleep 'FAIL fault-atomic-sleep: the console says: .*sleeping function called'
	says fault-warn 'FAIL fault-warn: the console says: .*WARNING: .*fault'
else
	echo "FAIL fault-module: $(tail -n 3 <<<"$out" | tr '\n' '|')"
fi

# KTAP: what ktap.py makes of a log.
ktap() {
	out=$(PYTHONPATH=tests/rig python3 -c '
import ktap, sys
for case in ktap.parse(sys.stdin):
	print(*case, sep="|")')
}

ktap <<'END'
[    1.000000] KTAP version 1
[    1.000000] 1..1
[    1.000000]     KTAP version 1
[    1.000000]     # Subtest: suite
[    1.000000]     # module: some_kunit
[    1.000000]     1..4
[    1.000000]     ok 1 good
[    1.000000]     # bad: EXPECTATION FAILED at x.c:3
[    1.000000]     not ok 2 bad
[    1.000000]     ok 3 later # SKIP no such CPU
[    1.000000]         KTAP version 1
[    1.000000]         # Subtest: each
[    1.000000]         ok 1 first
[    1.000000]         ok 2 second
[    1.000000]     # each: pass:2 fail:0 skip:0 total:2
[    1.000000]     ok 4 each
[    1.000000] # suite: pass:2 fail:1 skip:1 total:4
[    1.000000] not ok 1 suite
END
says ktap-cases '^PASS\|suite/good\|' '^FAIL\|suite/bad\|.*EXPECTATION' \
	'^SKIP\|suite/later\|no such CPU' '^PASS\|suite/each\|'
[ "$(wc -l <<<"$out")" = 4 ] && echo "PASS ktap-count" || echo "FAIL ktap-count: $out"

ktap <<'END'
KTAP version 1
1..1
    KTAP version 1
    # Subtest: cut
    1..2
    ok 1 good
END
says ktap-cut-short '^FAIL\|cut\|ended after 1 of 2 cases'

# KCSAN: which reports kcsan.py takes for ours.
races() {
	out=$(PYTHONPATH=tests/rig python3 -c '
import kcsan, sys
for race in kcsan.parse(sys.stdin):
	print("ours" if race.ours else "not ours", len(race.lines), race.title, sep="|")')
}

races <<'END'
[    1.000000] ==================================================================
[    1.000000] BUG: KCSAN: data-race in one / two
[    1.000000]
[    1.000000] write to 0xffff888004aabc10 of 8 bytes by task 12 on cpu 0:
[    1.000000]  one+0x1d/0x30
[    1.000000]  submit_bio+0x1/0x2
[    1.000000]
[    1.000000] read to 0xffff888004aabc10 of 8 bytes by interrupt on cpu 1:
[    1.000000]  two+0x1d/0x30
[    1.000000]  null_cmd_timer_expired+0x1/0x2 [null_blk]
[    1.000000]
[    1.000000] Reported by Kernel Concurrency Sanitizer on:
[    1.000000] CPU: 0 UID: 0 PID: 12 Comm: fio Tainted: G O 6.12.0 dm_hostcrypt
[    1.000000] ==================================================================
[    2.000000] ==================================================================
[    2.000000] BUG: KCSAN: data-race in bio_endio / bio_endio
[    2.000000]
[    2.000000] write to 0xffff888004aabc10 of 8 bytes by interrupt on cpu 1:
[    2.000000]  bio_endio+0x1d/0x30
[    2.000000]  hc_write_put+0x11/0x20 [dm_hostcrypt]
[    2.000000]
[    2.000000] read to 0xffff888004aabc10 of 8 bytes by task 12 on cpu 0:
[    2.000000]  bio_endio+0x1d/0x30
[    2.000000] ==================================================================
[    2.500000] BUG: KCSAN: data-race in __blk_flush_plug / kernel_fpu_begin_mask
[    2.500000]
[    2.500000] read to 0xffff8880031dac6c of 4 bytes by interrupt on cpu 0:
[    2.500000]  kernel_fpu_begin_mask+0x3a/0xd0
[    2.500000]  hc_cipher_crypt+0x5c7/0xe50 [dm_hostcrypt]
[    2.500000]
[    2.500000] write to 0xffff8880031dac6c of 4 bytes by task 261 on cpu 0:
[    2.500000]  __blk_flush_plug+0x21f/0x250
[    2.500000] ==================================================================
[    2.600000] BUG: KCSAN: data-race in vring_interrupt+0xcf/0x100
[    2.600000]
[    2.600000] race at unknown origin, with read to 0xffff8880001ed242 of 2 bytes by interrupt on cpu 0:
[    2.600000]  vring_interrupt+0xcf/0x100
[    2.600000]  asm_common_interrupt+0x27/0x40
[    2.600000]  hc_cipher_crypt+0x5c7/0xe50 [dm_hostcrypt]
[    2.600000]
[    2.600000] value changed: 0x04c3 -> 0x04c4
[    2.600000] ==================================================================
[    2.650000] BUG: KCSAN: data-race in ring_buffer_lock_reserve / ring_buffer_lock_reserve
[    2.650000]
[    2.650000] read to 0xffff888000158438 of 4 bytes by interrupt on cpu 0:
[    2.650000]  ring_buffer_lock_reserve+0xf9/0x840
[    2.650000]  trace_event_buffer_reserve+0xe1/0x140
[    2.650000]  trace_event_raw_event_hostcrypt_defer+0x5a/0x150 [dm_hostcrypt]
[    2.650000] ==================================================================
[    2.700000] BUG: KCSAN: data-race in bio_put / five
[    2.700000]
[    2.700000] read-write to 0xffff888004aabc10 of 8 bytes by interrupt on cpu 1:
[    2.700000]  five+0x27/0x40
[    2.700000]  asm_sysvec_apic_timer_interrupt+0x27/0x40
[    2.700000]
[    2.700000] read to 0xffff888004aabc10 of 8 bytes by task 12 on cpu 0:
[    2.700000]  bio_put+0x1d/0x30
[    2.700000]  hc_write_put+0x11/0x20 [dm_hostcrypt]
[    2.700000] ==================================================================
[    3.000000] BUG: KCSAN: data-race in three / four
[    3.000000]  three+0x1d/0x30
END
says races '^not ours\|13\|data-race in one / two$' '^ours\|[0-9]+\|data-race in bio_endio' \
	'^not ours\|[0-9]+\|data-race in __blk_flush_plug / kernel_fpu_begin_mask$' \
	'^not ours\|[0-9]+\|data-race in vring_interrupt' \
	'^not ours\|[0-9]+\|data-race in ring_buffer_lock_reserve' '^ours\|[0-9]+\|data-race in bio_put / five$' \
	'^ours\|2\|data-race in three / four$'
