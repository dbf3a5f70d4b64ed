# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: What the status line counts and what the tracepoints tell is exactly what was done
# rigs: uml qemu-6.12 qemu-6.1
# uml: plain debug
# timeout: 120
# disks: 16M

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e11
KEY=$(printf '%02x' {101..164})
TRACING=/sys/kernel/tracing
# The volume lies behind the disk's first MiB.
OFFSET=2048
SECTORS=16384
SLOW=
[ "$RIG" != uml ] || SLOW="1 allow_slow_cipher"

# make DISK
make() {
	dmsetup create t --table "0 $SECTORS hostcrypt $UUID 0 $1 $OFFSET $SLOW"
}

# Its number, as events give it.
volume() {
	dmsetup info -c --noheadings -o major,minor --separator : t
}

# The program that does I/O, one request after another, each in one bio: "r
# OFFSET BYTES", "w OFFSET BYTES" or "n OFFSET BYTES" (a write that may not
# wait). Prints the errors' names.
cat >/run/io.py <<'END'
import errno, mmap, os, sys
fd = os.open("/dev/mapper/t", os.O_RDWR | os.O_DIRECT)
page = mmap.mmap(-1, 1 << 20)
page.write(bytes(range(256)) * 4096)
for word in sys.argv[1:]:
    op, offset, size = word.split(":")
    part = [memoryview(page)[:int(size)]]
    try:
        if op == "r":
            done = os.preadv(fd, part, int(offset))
        else:
            done = os.pwritev(fd, part, int(offset), os.RWF_NOWAIT if op == "n" else 0)
        assert done == int(size), f"{word}: {done}"
    except OSError as error:
        print(errno.errorcode[error.errno])
END

io() {
	python3 /run/io.py "$@"
}

# The counters by their names, each what has been added since "since".
counters() {
	dmsetup status t | tr ' ' '\n' | grep -E '^[a-z_]+:[0-9]+$' | grep -v sector_size
}

since() {
	counters >/run/before
}

# added NAME...: what was added to these counters, as NAME:N.
added() {
	counters | paste -d: /run/before - | awk -F: -v names="$*" '
		{ n[$1] = $4 - $2 }
		END { k = split(names, name, " ")
		      for (i = 1; i <= k; i++) printf "%s%s:%d", (i > 1 ? " " : ""), name[i], n[name[i]]
		      print "" }'
}

ALL="reads read_bytes writes written_bytes deferred errors"

has_tracepoints() {
	[ -d $TRACING/events/hostcrypt ]
}

traced() {
	echo "$1" >$TRACING/events/hostcrypt/enable
}

# The trace since "trace_on", each line an event, from its name on.
trace_on() {
	has_tracepoints || return 0
	echo >$TRACING/trace
	traced 1
}

trace_off() {
	has_tracepoints || return 0
	traced 0
	sed -n 's/.*: hostcrypt_/hostcrypt_/p' $TRACING/trace >/run/trace
}

expect_trace() {
	if has_tracepoints; then
		expect "$1" "$2" cat /run/trace
	else
		skip "$1" "this kernel has no tracepoints"
	fi
}

event_count() {
	grep -c "^hostcrypt_$1" /run/trace
}

check_known_load() {
	local disk

	disk=$(make_ram_disk 16M)
	make "$disk"
	since
	io w:0:512 w:512:4096 w:8192:65536 w:1048576:1048576 r:0:512 r:8192:65536 r:512:4096
	expect "known load, ram disk: exact counters" \
		"reads:3 read_bytes:70144 writes:4 written_bytes:1118720 errors:0" \
		added reads read_bytes writes written_bytes errors
	since
	# shellcheck disable=SC2046 # a list of words
	io $(for n in {0..199}; do echo "w:$((n * 4096)):4096 r:$((n * 4096)):4096"; done)
	expect "200 of 4 KiB each: exact counters, none deferred" \
		"reads:200 read_bytes:819200 writes:200 written_bytes:819200 deferred:0 errors:0" \
		added "$ALL"
	dmsetup remove t
	make "$DISK1"
	since
	# shellcheck disable=SC2046 # a list of words
	io $(for n in {0..49}; do echo "w:$((n * 4096)):4096 r:$((n * 4096)):4096"; done)
	expect "the same on a disk with interrupts" \
		"reads:50 read_bytes:204800 writes:50 written_bytes:204800 deferred:0 errors:0" \
		added "$ALL"
	dmsetup remove t
}

# A small volume and a fresh one beside it: what one does, the other has not done.
check_apart() {
	local disk

	disk=$(make_ram_disk 16M)
	make "$disk"
	dmsetup create u --table "0 1024 hostcrypt $UUID 0 $disk 20480 $SLOW"
	since
	dd if=/dev/zero of=/dev/mapper/u bs=4k count=16 oflag=direct status=none
	expect "another volume's I/O is not counted here" \
		"reads:0 read_bytes:0 writes:0 written_bytes:0 deferred:0 errors:0" added "$ALL"
	dmsetup remove u
	dmsetup remove t
}

check_events() {
	local dev disk=$1 by=$2 what=$3

	make "$disk"
	dev=$(volume)
	trace_on
	io w:0:512 w:4096:32768 r:0:512 r:4096:32768
	trace_off
	! has_tracepoints || sed -i -E "/page_miss/d; /_read:/s/by=($by)/by=BY/" /run/trace
	expect_trace "events, $what: as the I/O was, in its order" \
"hostcrypt_write: dev=$dev sector=0 bytes=512 by=inline
hostcrypt_write: dev=$dev sector=8 bytes=32768 by=inline
hostcrypt_read: dev=$dev sector=0 bytes=512 by=BY
hostcrypt_read: dev=$dev sector=8 bytes=32768 by=BY"
	since
	trace_on
	io w:0:1048576 r:0:1048576 r:1048576:262144
	trace_off
	if has_tracepoints; then
		expect "events, $what: as many deferrals as are counted" \
			"deferred:$(event_count defer)" added deferred
		expect "events, $what: what is deferred is done by workers" "$(event_count defer)" \
			grep -c "by=worker" /run/trace
		expect "events, $what: large I/O is told of once" "3" \
			grep -cE '_(read|write):' /run/trace
	fi
	! has_tracepoints || echo >$TRACING/trace
	io w:0:4096 r:0:4096
	! has_tracepoints || expect "events, $what: none while they are off" "" \
		sed -n /hostcrypt_/p $TRACING/trace
	dmsetup remove t
}

# Pages for ciphertext are kept for the next write, and given back when memory
# is short.
check_page_misses() {
	local words=() n

	for n in {0..99}; do
		words+=("w:$((n * 4096)):4096")
	done
	make "$(make_ram_disk 16M)"
	echo 2 >/proc/sys/vm/drop_caches
	since
	trace_on
	io w:0:4096
	expect "page misses: the first write has one" "writes:1 page_misses:1" \
		added writes page_misses
	io "${words[@]}"
	trace_off
	# Another CPU may be the one that gives the page back.
	if [ "$(nproc)" = 1 ]; then
		expect "page misses: no write after it" "writes:101 page_misses:1" \
			added writes page_misses
	fi
	if has_tracepoints; then
		expect "page misses: as many are told of" "page_misses:$(event_count page_miss)" \
			added page_misses
		expect_match "page misses: with device and size" \
			"^hostcrypt_page_miss: dev=$(volume) order=0\$" cat /run/trace
	fi
	echo 2 >/proc/sys/vm/drop_caches
	since
	io w:0:4096
	expect "page misses: what was kept went when memory was wanted" \
		"writes:1 page_misses:1" added writes page_misses
	dmsetup remove t
}

check_errors() {
	local dev disk

	disk=$(make_ram_disk 16M)
	dmsetup create bad --table "0 10240 linear $disk 0
10240 8 error
10248 22520 linear $disk 10248"
	make /dev/mapper/bad
	dev=$(volume)
	since
	trace_on
	expect "a bad sector fails a write and a read, and nothing beside it" "EIO
EIO
EIO" io w:4194304:4096 r:4194304:4096 w:4190208:4096 r:4198400:4096 r:4190208:16384
	trace_off
	expect "errors are counted exactly" \
		"reads:3 read_bytes:24576 writes:2 written_bytes:8192 deferred:0 errors:3" \
		added "$ALL"
	! has_tracepoints || sed -i '/hostcrypt_error/!d' /run/trace
	expect_trace "and told where they were" \
"hostcrypt_error: dev=$dev write sector=8192 bytes=4096 err=-5
hostcrypt_error: dev=$dev read sector=8192 bytes=4096 err=-5
hostcrypt_error: dev=$dev read sector=8184 bytes=16384 err=-5"
	dmsetup remove t
	dmsetup remove bad
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
mountpoint -q $TRACING || mount -t tracefs none $TRACING 2>/dev/null
has_tracepoints || note "this kernel has no tracepoints"

check_known_load
check_apart
check_events "$(make_ram_disk 16M)" inline "ram disk"
check_events "$DISK1" 'inline|softirq' "disk with interrupts"
check_page_misses
check_errors

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
