# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A disk with bad sectors, as the virtual machine sees one: exactly the I/O that meets one fails, its neighbours are right, each is counted once
# rigs: qemu-6.12 qemu-6.1
# timeout: 120
# disks: 8M
# bad-sectors: 16 1024 1026 4111 4112 4113 9000
#
# faults.sh has device mapper make the errors; here they come from the disk, in
# its interrupt.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e60
KEY=$(printf '%02x' {21..84})
# Where the disk's bad sectors are in a volume that starts 16 sectors in.
BAD=(0 1008 1010 4095 4096 4097 8984)
SECTORS=16368
COUNT=600

field() {
	dmsetup status t | tr ' ' '\n' | sed -n "s/^$1://p"
}

# check UNIT
check() {
	local unit=$1 failed

	dmsetup create t --table \
		"0 $SECTORS hostcrypt $UUID 16 $DISK1 16 1 sector_size:$unit" ||
		give_up "no volume"
	expect_match "units of $unit: exactly those fail that must" '^[0-9]+ done, [1-9][0-9]* failed,' \
		hc-storm /dev/mapper/t $SECTORS unit="$unit" count=$COUNT fill=yes \
		"${BAD[@]/%/+1}"
	note "$LAST"
	failed=$(sed -n 's/.*done, \([0-9]*\) failed,.*/\1/p' <<<"$LAST")
	expect "units of $unit: each is counted" "$failed" field errors
	dmsetup remove t
}

# The block layer would join neighbours to one request, which fails as a whole.
echo 2 >"/sys/block/${DISK1#/dev/}/queue/nomerges"
BAD=("${BAD[@]/#/bad-read=}" "${BAD[@]/#/bad-write=}")
load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"

expect_fail "the disk has a bad sector" 1 'Input/output error' \
	dd if="$DISK1" of=/dev/null skip=1024 count=1 iflag=direct status=none
expect_ok "and a good one beside it" \
	dd if="$DISK1" of=/dev/null skip=1025 count=1 iflag=direct status=none
check 512
check 4096
expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
