# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Memory that is not there: writes wait for it in a worker and nothing is lost
# rigs: uml
# uml: debug
# timeout: 120

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

load_module || give_up "the module does not load"
[ -d $FAULTS ] || give_up "no fault injection in this kernel"
hc-ioctl load $UUID "$KEY" || give_up "the key does not load"
# The kernel would show where each failed, and the rig take it for a bug.
echo 0 >$FAULTS/verbose

# It has memory of its own, so that only we go without.
disk=$(make_ram_disk 32M)
hc-pattern write "$disk" $SECTORS 1
PARAMETERS="$UUID 0 $disk 0 1 allow_slow_cipher"

check_writes 10 all
check_writes 50 all
check_writes 90 all
check_writes 100 mine
expect_ok "the key drops" hc-ioctl drop $UUID
expect_ok "the module unloads" rmmod dm_hostcrypt
