# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Swap on a volume, with more in use than there is memory; writes through the page cache and past it when all memory is taken: all goes on, and every byte is right
# rigs: uml qemu-6.12
# uml: plain
# timeout: 200
# mem: 256M
# disks: 256M 40M 40M
#
# A deadlock is seen by the scenario's time-out. Not under the debug kernel: there
# may be no memory for its stacks of 64 KiB, of which it complains, and new tasks
# fail.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e30
KEY=$(printf '%02x' {49..112})
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# make NAME DISK UNIT MIB
make() {
	local options=("sector_size:$3" "${SLOW[@]}")

	dmsetup create "$1" --table \
		"0 $(($4 * 2048)) hostcrypt $UUID 0 $2 0 ${#options[@]} ${options[*]}" ||
		give_up "no volume $1"
}

field() {
	dmsetup status "$1" | tr ' ' '\n' | sed -n "s/^$2://p"
}

# More than all memory is in use: the volume has to take what memory does not.
check_swap() {
	local before after mib

	make swap "$DISK1" 4096 256
	expect_ok "swap is made" mkswap /dev/mapper/swap
	expect_ok "and used" swapon /dev/mapper/swap
	before=$(sed -n 's/^pswpout //p' /proc/vmstat)
	mib=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024 + MORE))
	expect_ok "$mib MiB in memory and swap are as they were" hc-memory use $mib 4 1
	after=$(sed -n 's/^pswpout //p' /proc/vmstat)
	note "$((after - before)) pages out; $(dmsetup status swap)"
	if [ $((after - before)) -ge $((MORE * 256)) ]; then
		pass "what was too much was swapped out"
	else
		fail "what was too much was swapped out" "$((after - before)) pages"
	fi
}

# Someone has locked all memory but a little; on two volumes is written, and the
# writers themselves are swapped out.
check_full() {
	local jobs=() volume

	make v512 "$DISK2" 512 32
	make v4096 "$DISK3" 4096 32
	touch /run/full
	for volume in v512 v4096; do
		hc-stress /dev/mapper/$volume 65536 8 $DURATION 1 >/run/log.$volume &
		jobs+=($!)
	done
	hc-memory take $LEFT /run/full >/run/log.taken &
	jobs+=($!)
	for volume in v512 v4096; do
		if wait "${jobs[0]}"; then
			pass "$volume: every byte is right without memory"
		else
			fail "$volume: every byte is right without memory" "$(tail -n 1 /run/log.$volume)"
		fi
		note "$volume: $(tail -n 1 /run/log.$volume); $(dmsetup status $volume)"
		jobs=("${jobs[@]:1}")
	done
	rm /run/full
	expect_ok "memory was taken" wait "${jobs[0]}"
	note "$(cat /run/log.taken)"
	for volume in v512 v4096; do
		expect "$volume: no error is counted" 0 field $volume errors
		dmsetup remove $volume
	done
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
MORE=16 LEFT=16 DURATION=8
check_swap
check_full
expect_ok "swap ends" swapoff /dev/mapper/swap
expect "swap: no error is counted" 0 field swap errors
dmsetup remove swap
expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
