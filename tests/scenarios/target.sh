# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: The target with bare dmsetup: refused table lines, status, limits, discard, zeroes, flush, FUA, resize
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 240
# disks: 16M 16M

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e03
KEY=$(printf '%02x' {129..192})
UNLISTED=/sys/module/dm_hostcrypt/parameters/unlisted
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# with OPTION...: the option words of a table line, counted.
with() {
	local words=("$@" "${SLOW[@]}")

	[ ${#words[@]} = 0 ] || echo "${#words[@]} ${words[*]}"
}

# make LENGTH REST-OF-LINE: the device "t".
make() {
	dmsetup create t --table "0 $1 hostcrypt $2"
}

queue() {
	cat "/sys/block/$(basename "$(readlink -f "/sys/dev/block/$(dmsetup info -c --noheadings \
		-o major,minor --separator : t)")")/queue/$1"
}

field() {
	dmsetup status t | tr ' ' '\n' | sed -n "s/^$1://p"
}

# refused NAME MESSAGE LINE: no device, and the kernel log says why.
refused() {
	local said

	if dmsetup create t --table "$3" 2>/dev/null; then
		dmsetup remove t
		fail "refused: $1" "it was accepted"
		return
	fi
	said=$(dmesg -k | grep -a ': hostcrypt: ' | tail -n 1)
	if grep -aqF ": hostcrypt: $2 (" <<<"$said"; then
		pass "refused: $1"
	else
		fail "refused: $1" "'$2' was expected, the kernel log says: $said"
	fi
}

refuse_lines() {
	local good="$UUID 0 $DISK1 0"

	refused "too few words" "expected <key-uuid> <tweak_offset> <device> <offset>" \
		"0 8 hostcrypt $UUID 0 $DISK1"
	refused "no UUID" "key: expected a UUID of 36 characters" \
		"0 8 hostcrypt $KEY 0 $DISK1 0"
	refused "nil UUID" "key: the nil UUID names no key" \
		"0 8 hostcrypt 00000000-0000-0000-0000-000000000000 0 $DISK1 0"
	refused "key not loaded" "key: none is loaded under this UUID; load it first" \
		"0 8 hostcrypt 5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7eff 0 $DISK1 0"
	refused "bad tweak" "tweak_offset: expected a number of sectors" \
		"0 8 hostcrypt $UUID -8 $DISK1 0"
	refused "tweak wraps" "tweak_offset: the tweak would wrap around" \
		"0 16 hostcrypt $UUID 18446744073709551608 $DISK1 0"
	refused "bad offset" "offset: expected a number of sectors" \
		"0 8 hostcrypt $UUID 0 $DISK1 1M"
	refused "offset wraps" "offset: the end lies beyond any device" \
		"0 16 hostcrypt $UUID 0 $DISK1 18446744073709551608"
	refused "no device" "device: cannot be opened" "0 8 hostcrypt $UUID 0 /dev/absent 0"
	refused "device too small" "device: too small for offset and length" \
		"0 32776 hostcrypt $good"
	refused "too small behind the offset" "device: too small for offset and length" \
		"0 32768 hostcrypt $UUID 0 $DISK1 8"
	refused "options not counted" "the number of options does not match the options given" \
		"0 8 hostcrypt $good allow_discards"
	refused "options miscounted" "the number of options does not match the options given" \
		"0 8 hostcrypt $good 2 allow_discards"
	refused "unknown option" "unknown option" "0 8 hostcrypt $good 1 integrity:4"
	refused "option twice" "an option is given twice" \
		"0 8 hostcrypt $good 2 allow_discards allow_discards"
	refused "bad unit" "sector_size: expected 512, 1024, 2048 or 4096" \
		"0 8 hostcrypt $good 1 sector_size:8192"
	refused "length misaligned" "length is not a multiple of sector_size" \
		"0 9 hostcrypt $good 1 sector_size:4096"
	refused "tweak misaligned" "tweak_offset is not a multiple of sector_size" \
		"0 8 hostcrypt $UUID 1 $DISK1 0 1 sector_size:1024"
	refused "offset misaligned" "offset is not a multiple of sector_size" \
		"0 8 hostcrypt $UUID 0 $DISK1 4 1 sector_size:4096"
	refused "start misaligned" "start is not a multiple of sector_size" \
		"0 4 linear $DISK1 0
4 8 hostcrypt $good 1 sector_size:4096"
	expect_ok "nothing keeps the key after refusals" hc-ioctl drop "$UUID"
	expect_ok "the key loads again" hc-ioctl load "$UUID" "$KEY"
}

# A device that is refused for what it is; skipped where it cannot be made.
refuse_kinds() {
	local dir=/sys/kernel/config/nullb/zoned

	make_ram_disk 16M >/dev/null
	mkdir $dir && echo 64 >$dir/size && echo 1 >$dir/memory_backed && echo 4 >$dir/zone_size
	if echo 1 >$dir/zoned 2>/dev/null && echo 1 >$dir/power 2>/dev/null; then
		refused "zoned device" "device: zoned devices are not supported" \
			"0 8 hostcrypt $UUID 0 $(nullb zoned) 0 $(with)"
	else
		skip "refused: zoned device" "this kernel has no zoned ram disk"
	fi
	if load dm-integrity 2>/dev/null && dmsetup targets | grep -q ^integrity; then
		dmsetup create pi --table "0 8 integrity $DISK2 0 4 J 0"
		dmsetup remove pi
		dmsetup create pi --table \
			"0 $(dd if="$DISK2" bs=1 skip=16 count=8 status=none | od -An -tu8) integrity $DISK2 0 4 J 0"
		refused "integrity profile" \
			"device: devices with an integrity profile are not supported" \
			"0 8 hostcrypt $UUID 0 /dev/mapper/pi 0 $(with)"
		dmsetup remove pi
	else
		skip "refused: integrity profile" "this kernel has no dm-integrity"
	fi
}

nullb() {
	[ -b "/dev/$1" ] && echo "/dev/$1" || echo "/dev/nullb$(cat /sys/kernel/config/nullb/"$1"/index)"
}

check_cipher() {
	if [ "$RIG" = uml ]; then
		refused "a slow cipher" "cipher: no fast XTS-AES; see the kernel log" \
			"0 8 hostcrypt $UUID 0 $DISK1 0"
		expect_match "the log names the slow cipher and the remedy" \
			'slow cipher xts\(.*\).*allow_slow_cipher' dmesg -k
		make 8 "$UUID 0 $DISK1 0 1 allow_slow_cipher"
		expect_match "the slow cipher is allowed and named" 'cipher:xts\(ecb\(' \
			dmsetup status t
		expect "its keys are where no list can name them" 1 unlisted
	else
		make 8 "$UUID 0 $DISK1 0"
		expect_match "the fast cipher is in use and named" 'cipher:[a-z0-9_-]+ ' \
			dmsetup status t
		expect "its keys are all listed" 0 unlisted
	fi
	dmsetup remove t
	expect "without a volume no key is unlisted" 0 unlisted
	expect "who is not root is not told" 400 stat -c %a "$UNLISTED"
}

unlisted() {
	cat "$UNLISTED"
}

check_status() {
	local line before

	line="$UUID 16 $(stat -Lc %Hr:%Lr "$DISK1") 8 $(with sector_size:4096 allow_discards)"
	make 8192 "$line"
	expect "the table line reads back" "0 8192 hostcrypt $line" dmsetup table t
	if { dmsetup table --showkeys t; dmsetup status t; dmsetup info t; } | grep -i "${KEY:8:16}"; then
		fail "no key in table, status and info"
	else
		pass "no key in table, status and info"
	fi
	expect_match "the status line" \
		'^0 8192 hostcrypt active cipher:[^ ]+ sector_size:4096 reads:[0-9]+ read_bytes:[0-9]+ writes:0 written_bytes:0 deferred:[0-9]+ page_misses:0 errors:0 ?$' \
		dmsetup status t
	before=$(field reads)
	dd if=/dev/zero of=/dev/mapper/t bs=64k count=16 oflag=direct status=none
	dd if=/dev/mapper/t of=/dev/null bs=64k count=8 iflag=direct status=none
	expect "writes are counted" 16 field writes
	expect "written bytes are counted" 1048576 field written_bytes
	expect "reads are counted" $((before + 8)) field reads
	dmsetup suspend t
	expect_match "suspended is told" 'hostcrypt suspended ' dmsetup status t
	dmsetup resume t
	expect_match "resumed is told" 'hostcrypt active ' dmsetup status t
	expect "the target's version" v1.0.0 bash -c \
		"dmsetup targets | sed -n 's/^hostcrypt *//p'"
	dmsetup remove t
}

check_limits() {
	local unit

	for unit in 512 1024 2048 4096; do
		make 8192 "$UUID 0 $DISK1 0 $(with sector_size:$unit)"
		expect "unit $unit: logical block" $unit queue logical_block_size
		expect "unit $unit: smallest I/O" $unit queue minimum_io_size
		[ $unit = 512 ] || expect_fail "unit $unit: smaller direct I/O is refused" 1 \
			'Invalid argument' dd if=/dev/mapper/t of=/dev/null bs=512 count=1 \
			iflag=direct status=none
		dmsetup remove t
	done
	make 8192 "$UUID 0 $DISK1 0 $(with sector_size:4096)"
	expect "unit 4096: physical block" 4096 queue physical_block_size
	dmsetup remove t
}

check_discard() {
	local disk

	disk=$(make_ram_disk 16M)
	hc-pattern write "$disk" 8192 1
	make 8192 "$UUID 0 $disk 0 $(with)"
	expect "without allow_discards there is no discard" 0 queue discard_max_bytes
	expect_fail "a discard is refused" any 'not supported' blkdiscard /dev/mapper/t
	expect_ok "nothing was discarded below" hc-pattern check "$disk" 8192 1
	dmsetup remove t

	# Behind an offset of 1 MiB: the second MiB below goes, no other.
	make 8192 "$UUID 0 $disk 2048 $(with allow_discards)"
	expect_ok "a discard is passed" blkdiscard -o 0 -l 1048576 /dev/mapper/t
	dmsetup remove t
	blockdev --flushbufs "$disk"
	expect_ok "it is discarded below" cmp -i 1048576:0 -n 1048576 "$disk" /dev/zero
	expect_ok "what is before it is still there" hc-pattern check "$disk" 2048 1
	expect_fail "and what is behind it" any 'differ: byte 1,' \
		cmp -i 2097152:0 -n 512 "$disk" /dev/zero
}

check_zeroes() {
	make 8192 "$UUID 0 $DISK1 0 $(with allow_discards)"
	hc-pattern write /dev/mapper/t 8192 5
	expect "write zeroes is not passed down" 0 queue write_zeroes_max_bytes
	expect_ok "zeroes are written" blkdiscard -z /dev/mapper/t
	expect_ok "they read as zeroes" cmp -n $((8192 * 512)) /dev/mapper/t /dev/zero
	dmsetup remove t
	expect_fail "below they are encrypted" 1 'byte 1,' cmp -n 4096 "$DISK1" /dev/zero
}

# log_entries SECTOR: the flags of dm-log-writes' entries for writes there, and
# "flush" for each empty flush, in order.
log_entries() {
	python3 - "$DISK2" <<-'END'
	import struct, sys
	log = open(sys.argv[1], "rb").read()
	entries, = struct.unpack_from("<Q", log, 16)
	at, words = 512, []
	for _ in range(entries):
	    sector, count, flags, _ = struct.unpack_from("<4Q", log, at)
	    at += 512 + (count * 512 if not flags & 4 else 0)
	    words.append(("fua" if flags & 2 else "flush" if flags & 1 and not count else "write")
	                 + (f"@{sector}+{count}" if count else ""))
	print(" ".join(words))
	END
}

check_flush() {
	load dm-log-writes
	dmsetup create log --table "0 16384 log-writes $DISK1 $DISK2" ||
		{ skip "flush and FUA" "no dm-log-writes"; return; }
	make 8192 "$UUID 0 /dev/mapper/log 64 $(with)"
	dd if=/dev/zero of=/dev/mapper/t bs=4k count=1 seek=1 oflag=direct status=none
	dd if=/dev/zero of=/dev/mapper/t bs=4k count=1 seek=2 oflag=direct conv=fsync status=none
	dd if=/dev/zero of=/dev/mapper/t bs=4k count=1 seek=3 oflag=direct,dsync status=none
	dmsetup remove t
	dmsetup remove log
	expect_match "a write and a flush arrive, in this order" 'write@72\+8 .*write@80\+8 flush' \
		log_entries
	expect_match "FUA arrives with its write" 'fua@88\+8' log_entries
}

check_resize() {
	make 8192 "$UUID 0 $DISK1 0 $(with)"
	hc-pattern write /dev/mapper/t 8192 6
	dmsetup load t --table "0 16384 hostcrypt $UUID 0 $DISK1 0 $(with)"
	dmsetup suspend t && dmsetup resume t
	expect "it has grown" 16384 blockdev --getsz /dev/mapper/t
	expect_ok "what was there is there" hc-pattern check /dev/mapper/t 8192 6
	expect_fail "it cannot grow beyond the device" any 'Invalid argument|No space|failed' \
		dmsetup load t --table "0 32776 hostcrypt $UUID 0 $DISK1 0 $(with)"
	dmsetup load t --table "0 4096 hostcrypt $UUID 0 $DISK1 0 $(with)"
	dmsetup suspend t && dmsetup resume t
	expect "it has shrunk" 4096 blockdev --getsz /dev/mapper/t
	expect_ok "what is left is there" hc-pattern check /dev/mapper/t 4096 6
	dmsetup remove t

	dmsetup create -r t --table "0 8192 hostcrypt $UUID 0 $DISK1 0 $(with)"
	expect_ok "read-only reads" hc-pattern check /dev/mapper/t 8192 6
	expect_fail "read-only does not write" any 'not permitted|Read-only' \
		dd if=/dev/zero of=/dev/mapper/t bs=4k count=1 oflag=direct status=none
	dmsetup remove t
}

# Two lines in one table, and a device over a device.
check_stacks() {
	dmsetup create t --table "0 4096 hostcrypt $UUID 0 $DISK1 0 $(with)
4096 4096 hostcrypt $UUID 4096 $DISK1 4096 $(with)"
	hc-pattern write /dev/mapper/t 8192 7
	dmsetup remove t
	make 8192 "$UUID 0 $DISK1 0 $(with)"
	expect_ok "two lines make the same as one" hc-pattern check /dev/mapper/t 8192 7
	dmsetup create over --table "0 8192 hostcrypt $UUID 0 /dev/mapper/t 0 $(with)"
	hc-pattern write /dev/mapper/over 8192 8
	expect_ok "one over another" hc-pattern check /dev/mapper/over 8192 8
	expect_ok "is encrypted twice" hc-pattern absent /dev/mapper/t 8192 8
	dmsetup remove over
	dmsetup remove t
}

# An error of the disk is the caller's, and is counted.
check_errors() {
	dmsetup create bad --table "0 4096 linear $DISK1 0
4096 8 error
4104 4088 linear $DISK1 4104"
	make 8192 "$UUID 0 /dev/mapper/bad 0 $(with)"
	expect_fail "a read error is passed up" 1 'Input/output error' \
		dd if=/dev/mapper/t of=/dev/null bs=4k skip=512 count=1 iflag=direct status=none
	expect_fail "a write error is passed up" 1 'Input/output error' \
		dd if=/dev/zero of=/dev/mapper/t bs=4k seek=512 count=1 oflag=direct status=none
	expect_ok "beside it all is well" \
		dd if=/dev/mapper/t of=/dev/null bs=4k skip=513 count=1 iflag=direct status=none
	expect "both are counted" 2 field errors
	dmsetup remove t
	dmsetup remove bad
}

# Reads and writes that may not wait (RWF_NOWAIT): done or refused, never wrong.
check_nowait() {
	make 8192 "$UUID 0 $DISK1 0 $(with)"
	expect_match "I/O that may not wait" '^[1-9][0-9]* done' python3 - /dev/mapper/t <<-'END'
	import mmap, os, sys
	fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
	page = mmap.mmap(-1, 65536)
	done = refused = 0
	for i in range(64):
	    page[:] = bytes([i]) * 65536
	    for call in os.pwritev, os.preadv:
	        if call is os.preadv:
	            page[:] = b"\xff" * 65536
	        try:
	            assert call(fd, [page], 65536 * i, os.RWF_NOWAIT) == 65536
	            done += 1
	        except BlockingIOError:
	            refused += 1
	            if call is os.pwritev:
	                break
	        else:
	            assert page[:] == bytes([i]) * 65536
	print(done, "done", refused, "refused")
	END
	dmsetup remove t
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"

refuse_lines
refuse_kinds
check_cipher
check_status
check_limits
check_discard
check_zeroes
check_flush
check_resize
check_stacks
check_errors
check_nowait

expect "no device is left" "No devices found" dmsetup ls
expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
expect_fail "what is unlisted is not for anybody to set" any 'Invalid' \
	insmod "$MODULE" unlisted=0
