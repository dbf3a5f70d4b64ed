# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: After a real panic, the memory that the capture kernel sees has no key in it, nor a round key
# rigs: qemu-6.12 qemu-6.1
# timeout: 300
# mem: 768M
# disks: 16M 1M 8M
# kernel: crashkernel=256M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:
#
# Three panics: one without the module in the capture kernel, where the search has
# to find the keys; two with it, where it may not. The keys are known to nobody in
# the guest but the kernel; what is searched for is made by the companion.

PARAMETER=/sys/module/dm_hostcrypt/parameters/registry

# Keys come and go before those that stay until the end.
use_volumes() {
	local live=$1 all=$2 seed=$3 table

	expect_ok "boot $BOOT: $all keys" hc-volumes load "$all" "$seed"
	table=$(hc-volumes tables "$all" "$DISK1" 128)
	expect_ok "boot $BOOT: $all volumes" dmsetup create --concise "$table"
	expect "boot $BOOT: they are used" "$all used" hc-volumes use "$all"
	expect_ok "boot $BOOT: all but $live are closed" bash -c \
		"seq -f v%.0f $live $((all - 1)) | xargs dmsetup remove"
	drop_from "$live" "$all"
}

drop_from() {
	local n

	for ((n = $1; n < $2; n++)); do
		hc-ioctl drop "$(printf '7a1b1c1e-0000-4000-8000-%012x' "$n")" ||
			fail "boot $BOOT: key $n is dropped" "it is not"
	done
}

# panic_with LIVE ALL [WORD]
panic_with() {
	local seed=kdump-$BOOT-$RANDOM$RANDOM

	use_volumes "$1" "$2" "$seed"
	expect_ok "boot $BOOT: a RAM disk for the capture kernel" ask_host capture "$seed" "$1" "$2"
	dd if="$DISK3" of=/tmp/capture bs=1M iflag=direct status=none
	dd if=/dev/zero of="$DISK2" bs=1M count=1 oflag=direct status=none
	expect_ok "boot $BOOT: the capture kernel is loaded" \
		"$TREE/tests/scenarios/tools/kexec_load.py" /run/rig/kernel/vmlinuz \
		/tmp/capture "console=ttyS0 quiet panic=-1 nr_cpus=1 ${3:-}"
	crash_guest
}

REPORT=

read_report() {
	REPORT=$(tr -d '\0' <"$DISK2")
	printf 'report of boot %s:\n%s\n' $((BOOT - 1)) "$REPORT"
	says "the capture kernel came to its end" '^done$'
	if [ "$(grep -c '^memgrep ended with 0$' <<<"$REPORT")" = 2 ] &&
		[ "$(grep '^read ' <<<"$REPORT" | sort -u | wc -l)" = 1 ]; then
		pass "boot $BOOT: all of it was searched, mapped and read"
	else
		fail "boot $BOOT: all of it was searched, mapped and read"
	fi
}

says() {
	if grep -Eq "$2" <<<"$REPORT"; then
		pass "boot $BOOT: $1"
	else
		fail "boot $BOOT: $1" "no '$2' in the report"
	fi
}

says_not() {
	if grep -Eq "$2" <<<"$REPORT"; then
		fail "boot $BOOT: $1" "$(grep -E "$2" <<<"$REPORT" | head -n 1)"
	else
		pass "boot $BOOT: $1"
	fi
}

check_hidden() {
	read_report
	says "a wrong address is refused" '^wrong address: (Bad message)$'
	says "and the log says why" '^log hostcrypt: registry of key pages: there is none at this'
	says "the right one is taken" '^right address: Success$'
	says "the log counts the pages" '^log hostcrypt: [1-9][0-9]* pages with keys are left out'
	says "the module stays" '^removal: Resource temporarily unavailable$'
	says_not "no key and no round key" '^(live|dropped) '
}

case $BOOT in
1)
	load_module || give_up "no module"
	panic_with 50 60
	;;
2)
	read_report
	says "without the module keys are found" '^live raw '
	says "and round keys" '^live rounds '
	says_not "but none that was dropped" '^dropped '
	load_module || give_up "no module"
	expect_fail "registry= is refused in a kernel that saves no dump" any 'Invalid' bash -c \
		"rmmod dm_hostcrypt && insmod '$MODULE' registry=0x1000"
	load_module || give_up "no module"
	panic_with 50 60 "registry=$(cat $PARAMETER)"
	;;
3)
	check_hidden
	load_module || give_up "no module"
	panic_with 1 3 "registry=$(cat $PARAMETER)"
	;;
4)
	check_hidden
	;;
esac
