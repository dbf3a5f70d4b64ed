# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Many volumes of one seed, whose keys a companion can look for; sourced by scenarios.

drop_from() {
	local n

	for ((n = $1; n < $2; n++)); do
		hc-ioctl drop "$(printf '7a1b1c1e-0000-4000-8000-%012x' "$n")" ||
			fail "boot $BOOT: key $n is dropped" "it is not"
	done
}

# use_volumes DISK LIVE ALL SEED: keys come and go before those that stay until the end.
use_volumes() {
	local disk=$1 live=$2 all=$3 seed=$4 table

	expect_ok "boot $BOOT: $all keys" hc-volumes load "$all" "$seed"
	table=$(hc-volumes tables "$all" "$disk" 128)
	expect_ok "boot $BOOT: $all volumes" dmsetup create --concise "$table"
	expect "boot $BOOT: they are used" "$all used" hc-volumes use "$all"
	expect_ok "boot $BOOT: all but $live are closed" bash -c \
		"seq -f v%.0f $live $((all - 1)) | xargs dmsetup remove"
	drop_from "$live" "$all"
}
