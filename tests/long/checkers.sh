#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1800
# The checkers of the kernels of "make test-long" are awake, and the rig hears
# them: a module with faults on purpose is told on by each.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
TEST_LOGS=$(mktemp -d)
export TEST_LOGS
trap 'rm -rf "$TEST_LOGS"' EXIT

# fault_module KERNEL [NAME]: build tests/rig/selftest/fault for it, as NAME.
fault_module() {
	local name=${2:-fault} kernel build

	kernel=$(tests/rig/kernel/build "$1") || return
	build=$(realpath -m "${B:-build}/rig-module/fault-$1")
	mkdir -p "$build/of-$name" && cp -u tests/rig/selftest/fault/fault.c "$build/of-$name/$name.c" &&
		echo "obj-m := $name.o" >"$build/of-$name/Kbuild" &&
		make -C "$kernel" M="$build/of-$name" modules &&
		cp "$build/of-$name/$name.ko" "$build/"
}

# says NAME FILE REGEX
says() {
	if grep -Eq -- "$3" "$2"; then
		echo "PASS $1"
	else
		echo "FAIL $1: no '$3' in: $(tail -n 4 "$2" | tr '\n' '|')"
	fi
}

# run SCENARIO: in $TEST_LOGS/out what the runner prints.
run() {
	tests/run --long --scenarios tests/rig/selftest "$1" >"$TEST_LOGS/out" 2>&1
}

if ! { fault_module x86-debug && fault_module x86-kcsan &&
	fault_module x86-kcsan dm_hostcrypt; } >"$TEST_LOGS/module.log" 2>&1; then
	echo "FAIL fault-module: $(tail -n 3 "$TEST_LOGS/module.log" | tr '\n' '|')"
	exit 1
fi

run faults
console="$TEST_LOGS/faults@qemu-debug/console.log"
says "faults are heard" "$TEST_LOGS/out" '^4 passed, 1 failed$'
says "KASAN" "$console" 'BUG: KASAN: slab-use-after-free in use_after_free'
says "sleep in atomic context" "$console" 'BUG: sleeping function called from invalid context'
says "lockdep" "$console" 'WARNING: possible circular locking dependency'
says "kmemleak" "$console" 'kmemleak: unreferenced object'

run race
says "a race of others is no failure" "$TEST_LOGS/out" '^1 passed, 0 failed$'
says "but is told of" "$TEST_LOGS/out" 'not ours: data-race in race_on .*race_on'
run race-ours
says "a race of ours is one" "$TEST_LOGS/out" '^1 passed, 1 failed$'
says "and is quoted" "$TEST_LOGS/out" 'FAIL race-ours: the console says: .*KCSAN: data-race in race_on'
