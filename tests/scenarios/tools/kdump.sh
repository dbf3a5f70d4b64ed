# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scenarios that panic have in common; sourced by them. Their disks: 1 for
# volumes, 2 for what the capture kernel leaves (kdump_init.c), 3 for its RAM disk.

# shellcheck source=tests/scenarios/tools/volumes.sh
. "$TREE/tests/scenarios/tools/volumes.sh"

registry_address() {
	cat /sys/module/dm_hostcrypt/parameters/registry
}

# arm [WORD...]: have a kernel take over, with these words on its command line.
arm() {
	[ "$BOOT" != 1 ] ||
		expect_ok "a RAM disk for the capture kernel" ask_host ramdisk || give_up "no RAM disk"
	dd if="$DISK3" of=/tmp/capture bs=1M iflag=direct status=none
	expect_ok "boot $BOOT: the capture kernel is loaded" \
		"$TREE/tests/scenarios/tools/kexec_load.py" /run/rig/kernel/vmlinuz \
		/tmp/capture "console=ttyS0 quiet panic=-1 nr_cpus=1 $*"
}

REPORT=

read_report() {
	REPORT=$(ask_host report)
	printf 'report of boot %s:\n%s\n' $((BOOT - 1)) "$(grep -v '^dmesg' <<<"$REPORT")"
	says "the capture kernel came to its end" '^done$'
	says_not "read and mapped, the memory is the same" '^read and mapped differ'
	if [ "$(awk '$1 == "copied" { print $2 }' <<<"$REPORT")" = \
		"$(awk '$1 == "read" { print $2 }' <<<"$REPORT")" ]; then
		pass "boot $BOOT: all of it was searched"
	else
		fail "boot $BOOT: all of it was searched" "see the report"
	fi
}

says() {
	if grep -Eq "$2" <<<"$REPORT"; then
		pass "boot $BOOT: $1"
	else
		fail "boot $BOOT: $1" "no '$2' in: $(grep -E '^[a-z]+ |BUG:|RIP:|panic' <<<"$REPORT" |
			cut -c 1-120 | tail -n 12 | tr '\n' '|')"
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
	says "a wrong address is refused" '^wrong address: (Bad message)$'
	says "and the log says why" '^log hostcrypt: registry of key pages: there is none at this'
	says "the right one is taken" '^right address: Success$'
	says "the log counts the pages" '^log hostcrypt: [1-9][0-9]* pages with keys are left out'
	says "the module stays" '^removal: Resource temporarily unavailable$'
	says_not "no key and no round key" '^(live|dropped) '
}
