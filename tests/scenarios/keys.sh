# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A key's life through /dev/hostcrypt: who may, what is refused, use, drop, list, hibernation, unload
# rigs: uml qemu-6.12 qemu-6.1
# timeout: 180
# disks: 16M

A=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e0a
B=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e0b
NIL=00000000-0000-0000-0000-000000000000
KEY=$(printf '%02x' {1..64})
OTHER=$(printf '%02x' {2..65})
HALF=$(printf '%02x' {1..32})
OPTIONS=
[ "$RIG" != uml ] || OPTIONS="1 allow_slow_cipher"

is_refused() {
	expect_fail "$1" 1 "^$2\$" hc-ioctl "${@:3}"
}

check_version() {
	expect_match "version" '^abi 1 release [0-9.]+ table 1\.0$' hc-ioctl version
	expect "the release is the command's" "$(modinfo -F version "$MODULE")" bash -c \
		"hc-ioctl version | sed 's/.*release \([^ ]*\).*/\1/'"
	expect_match "any ABI may ask" '^abi 1 ' hc-ioctl version abi=77
	is_refused "version: flags" EINVAL version flags=1
	is_refused "version: reserved" EINVAL version reserved=1
	is_refused "unknown call" ENOTTY raw 0xc004a763
	is_refused "another struct size" ENOTTY raw 0x4004a701
	is_refused "another magic" ENOTTY raw 0x4038a801
}

check_refusals() {
	is_refused "load: another ABI" EPROTO load $A "$KEY" abi=2
	is_refused "load: ABI 0" EPROTO load $A "$KEY" abi=0
	is_refused "load: flags" EINVAL load $A "$KEY" flags=0x80000000
	is_refused "load: reserved" EINVAL load $A "$KEY" reserved=1
	is_refused "load: nil UUID" EINVAL load $NIL "$KEY"
	is_refused "load: short key" EINVAL load $A "$KEY" key_size=32
	is_refused "load: long key" EINVAL load $A "$KEY" key_size=128
	is_refused "load: no key at all" EINVAL load $A "$KEY" key_size=0
	is_refused "load: bad address" EFAULT load $A "$KEY" pointer=8
	is_refused "load: an address of the kernel" EFAULT load $A "$KEY" \
		pointer=0xffff888000000000
	is_refused "load: equal halves" EKEYREJECTED load $A "$HALF$HALF"
	is_refused "drop: another ABI" EPROTO drop $A abi=3
	is_refused "drop: flags" EINVAL drop $A flags=2
	is_refused "drop: reserved" EINVAL drop $A reserved=1
	is_refused "drop: nil UUID" EINVAL drop $NIL
	is_refused "drop: not loaded" ENOKEY drop $A
	is_refused "inherit: another ABI" EPROTO inherit $A abi=2
	is_refused "inherit: flags" EINVAL inherit $A flags=1
	is_refused "inherit: reserved" EINVAL inherit $A reserved=1
	is_refused "inherit: nil UUID" EINVAL inherit $NIL
	is_refused "inherit: no kernel has died" EOPNOTSUPP inherit $A
	is_refused "list: another ABI" EPROTO list abi=9
	is_refused "list: flags" EINVAL list flags=1
	is_refused "list: reserved" EINVAL list reserved=1
	expect "nothing was loaded by all that" "0 loaded" hc-ioctl list
}

check_privilege() {
	expect "the node is root's alone" "600 0 0" stat -c '%a %u %g' /dev/hostcrypt
	expect_fail "another user does not get in" 1 '^EACCES$' \
		setpriv --reuid 65534 --regid 65534 --clear-groups hc-ioctl list
	chmod 666 /dev/hostcrypt
	expect_fail "nor when the node is open to all" 1 '^EPERM$' \
		setpriv --reuid 65534 --regid 65534 --clear-groups hc-ioctl list
	chmod 600 /dev/hostcrypt
	expect_fail "root without CAP_SYS_ADMIN does not" 1 '^EPERM$' \
		setpriv --bounding-set -sys_admin --inh-caps -sys_admin hc-ioctl list
	# The right to open is not the right to call.
	expect_fail "nor on a descriptor opened before" 1 'EPERM|Operation not permitted' \
		python3 - <<-'END'
	import ctypes, fcntl, os, sys
	fd = os.open("/dev/hostcrypt", os.O_RDWR)
	os.setresgid(65534, 65534, 65534)
	os.setresuid(65534, 65534, 65534)
	try:
	    fcntl.ioctl(fd, 0xc040a700, bytearray(64))
	except OSError as error:
	    sys.exit(error)
	END
	if unshare -Ur true 2>/dev/null; then
		expect_fail "root of another user namespace does not" 1 '^(EPERM|EACCES)$' \
			unshare -Ur hc-ioctl list
	else
		skip "root of another user namespace does not" "no user namespaces"
	fi
}

users() {
	hc-ioctl list | sed -n "s/^$1 users \([0-9]*\) .*/\1/p"
}

line() {
	echo "0 8192 hostcrypt $1 0 $DISK1 0 $OPTIONS"
}

check_life() {
	expect_ok "a key loads" hc-ioctl load $A "$KEY"
	expect_ok "the same again" hc-ioctl load $A "$KEY"
	is_refused "other bytes under its UUID" EEXIST load $A "$OTHER"
	expect_ok "another key" hc-ioctl load $B "$OTHER"
	expect_match "both are listed" '^2 loaded' hc-ioctl list
	expect_match "with room for one, both are counted" '^2 loaded' hc-ioctl list count=1
	is_refused "list: bad address" EFAULT list pointer=8
	expect "nobody uses it" 0 users $A

	expect_ok "a table holds it" dmsetup create one --table "$(line $A)"
	expect "one user" 1 users $A
	is_refused "a key in use is not dropped" EBUSY drop $A
	dmsetup load one --table "$(line $A)"
	expect "a table that is not live yet holds it too" 2 users $A
	dmsetup suspend one && dmsetup resume one
	expect "the old table gave it back" 1 users $A
	is_refused "nor while suspended" EBUSY drop $A
	expect_ok "a key not in use is dropped" hc-ioctl drop $B
	dmsetup remove one
	expect "nobody uses it again" 0 users $A
	sleep 0.1
	expect_match "its age is told" "^$A users 0 age_ms [1-9][0-9]{2,}\$" hc-ioctl list
	expect_ok "it is dropped" hc-ioctl drop $A
	is_refused "it is gone" ENOKEY drop $A
	expect_fail "no table without it" any 'Required key not available' \
		dmsetup create one --table "$(line $A)"
	expect_ok "other bytes may have the UUID now" hc-ioctl load $A "$OTHER"
	expect_ok "and go" hc-ioctl drop $A
}

# The data of one key is not readable under another.
check_binding() {
	hc-ioctl load $A "$KEY"
	dmsetup create one --table "$(line $A)"
	hc-pattern write /dev/mapper/one 8192 1
	dmsetup remove one
	hc-ioctl drop $A
	hc-ioctl load $A "$OTHER"
	dmsetup create one --table "$(line $A)"
	expect_fail "another key reads something else" 1 'differs at byte 0' \
		hc-pattern check /dev/mapper/one 8192 1
	dmsetup remove one
	hc-ioctl drop $A
	hc-ioctl load $A "$KEY"
	dmsetup create one --table "$(line $A)"
	expect_ok "the right key reads it" hc-pattern check /dev/mapper/one 8192 1
	dmsetup remove one
	hc-ioctl drop $A
}

# The kernel says EBUSY itself when it cannot hibernate for another reason, so
# the log decides.
check_hibernation() {
	if ! grep -qw disk /sys/power/state 2>/dev/null; then
		skip "hibernation" "this kernel cannot"
		return
	fi
	hc-ioctl load $A "$KEY"
	expect_fail "no hibernation while a key is loaded" any 'busy' \
		bash -c 'echo disk >/sys/power/state'
	expect_match "the log says why" 'hostcrypt: no hibernation while keys are loaded' dmesg -k
	expect_ok "keys load after the refusal" hc-ioctl load $B "$OTHER"
	hc-ioctl drop $A
	hc-ioctl drop $B
	dmesg -C
	# There is no place to write to, so it comes back after the decision.
	echo disk >/sys/power/state 2>/dev/null
	if dmesg -k | grep -q 'hostcrypt: no hibernation'; then
		fail "without keys there is no veto"
	else
		pass "without keys there is no veto"
	fi
	expect_ok "keys load afterwards" hc-ioctl load $A "$KEY"
	hc-ioctl drop $A
}

load_module || give_up "the module does not load"
check_version
check_refusals
check_privilege
check_life
check_binding
check_hibernation

# Many keys, and unloading with keys in the store.
many() {
	local i

	for i in {1000..1063}; do
		hc-ioctl load 5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a$i "$KEY" || return
	done
}
expect_ok "64 keys load" many
expect_match "64 keys are listed" '^64 loaded' hc-ioctl list
dmsetup create one --table "0 8 zero"
hc-ioctl load $A "$KEY"
dmsetup load one --table "$(line $A)"
expect_fail "no unloading under a table" any 'in use' rmmod dm_hostcrypt
dmsetup remove one
expect_ok "the module unloads with keys in it" rmmod dm_hostcrypt

# announced PARAMETER...: how often the kernel says that there is a /dev/hostcrypt now
# when the module is inserted.
announced() {
	python3 - "$MODULE" "$@" <<-'END'
	import socket, subprocess, sys
	events = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
	events.bind((0, 1))
	events.setblocking(False)
	subprocess.run(["insmod", *sys.argv[1:]], stderr=subprocess.DEVNULL, check=False)
	seen = 0
	try:
	    while True:
	        seen += events.recv(65536).startswith(b"add@/devices/virtual/misc/hostcrypt\0")
	except BlockingIOError:
	    print(seen)
	END
}

# Else somebody could hold it, or a key be in, when the module has to go again.
expect "with a list that is refused there is never a device" 0 announced registry=0x1000
expect "without one there is" 1 announced
expect "nothing is left of them" "0 loaded" hc-ioctl list
