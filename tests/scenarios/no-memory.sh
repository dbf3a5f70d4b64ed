# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Memory that is not there: writes wait for it in a worker and nothing is lost; tables and keys fail cleanly at every allocation
# rigs: uml
# uml: debug
# timeout: 300
#
# kmemleak, scanned at the end of the scenario, finds what a failed start of a
# table would have left behind.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e05
KEY=$(printf '%02x' {1..64})
SECTORS=32768
FAULTS=/sys/kernel/debug/fail_page_alloc

PARAMETERS=

table() {
	echo "0 $SECTORS hostcrypt $PARAMETERS"
}

field() {
	dmsetup status t | tr ' ' '\n' | sed -n "s/^$1://p"
}

# starve PERCENT [mine]: so many of the allocations that may not wait fail, of
# all tasks or of those with make-it-fail.
starve() {
	echo Y >$FAULTS/ignore-gfp-wait 2>/dev/null
	echo 0 >$FAULTS/min-order
	echo -1 >$FAULTS/times
	[ "${2:-}" = mine ] && echo Y >$FAULTS/task-filter || echo N >$FAULTS/task-filter
	echo "$1" >$FAULTS/probability
}

marked() {
	# The mark is inherited.
	bash -c 'echo 1 >/proc/self/make-it-fail; exec "$@"' marked "$@"
}

check_writes() {
	local percent=$1 whose=$2 what="$1 % of $2 fail" seed

	seed=$((percent + ${#whose}))
	dmsetup create t --table "$(table)"
	starve $percent $whose
	expect_ok "$what: all is written" marked hc-pattern write /dev/mapper/t $SECTORS $seed
	starve 0
	expect_ok "$what: and reads back" hc-pattern check /dev/mapper/t $SECTORS $seed
	expect "$what: no error is counted" 0 field errors
	if [ "$(field deferred)" -gt 0 ]; then
		pass "$what: writes had to wait"
	else
		fail "$what: writes had to wait" "none did"
	fi
	dmsetup remove t
}

# Each allocation of a table's start fails in turn. Some are optional.
check_starts() {
	# A second device holds what all devices share, such as slab caches: the
	# kernel leaks when it cannot make those.
	dmsetup create u --table "$(table)"
	dmsetup create t --table "0 $SECTORS zero"
	expect_match "a table starts or fails, whichever allocation fails" \
		'^[0-9]{2,} allocations, [0-9]{2,} loads failed$' \
		hc-reload t $SECTORS hostcrypt "$PARAMETERS"
	note "$LAST"
	dmsetup remove t
	dmsetup remove u
	expect "no failed start holds the key" "$UUID users 0" bash -c \
		"hc-ioctl list | sed -n 's/ age_ms.*//; /^$UUID/p'"
	expect_ok "the key drops" hc-ioctl drop $UUID
}

check_keys() {
	local n codes=

	for n in {1..8}; do
		codes+="$(hc-ioctl load $UUID "$KEY" fail-nth="$n" && hc-ioctl drop $UUID) "
	done
	# The key's struct and its page; the debugging kernel has some of its own.
	if [[ "$codes" == "ENOMEM "*ENOMEM* ]]; then
		pass "a key that finds no memory is refused"
	else
		fail "a key that finds no memory is refused" "$codes"
	fi
	expect "nothing is left of it" "0 loaded" hc-ioctl list
}

load_module || give_up "the module does not load"
[ -d $FAULTS ] || give_up "no fault injection in this kernel"
hc-ioctl load $UUID "$KEY" || give_up "the key does not load"
# The kernel would show where each failed, and the rig take it for a bug.
echo 0 >$FAULTS/verbose
echo 0 >/sys/kernel/debug/failslab/verbose

# It has memory of its own, so that only we go without.
disk=$(make_ram_disk 32M)
hc-pattern write "$disk" $SECTORS 1
PARAMETERS="$UUID 0 $disk 0 1 allow_slow_cipher"

check_writes 10 all
check_writes 50 all
check_writes 90 all
check_writes 100 mine
# No program to look for modules: hundreds of times it would find none.
echo >/proc/sys/kernel/modprobe
# From here on those that may wait fail as well, one at a time.
echo N >$FAULTS/ignore-gfp-wait
echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
check_starts
check_keys
expect_ok "the module unloads" rmmod dm_hostcrypt
