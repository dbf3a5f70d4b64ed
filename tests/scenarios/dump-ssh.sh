# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Real panics whose dumps go to another host through ssh, or fail on the way
# rigs: qemu-6.12
# timeout: 600
# mem: 832M
# disks: 16M
# kernel: crashkernel=320M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"

# connect [WORD...]: dump.conf for an sshd on the machine, which is the other host at
# $other; what became of a dump is kept on the first disk
other=10.0.2.2
connect() {
	local port folder place

	[ "$BOOT" != 1 ] || mke2fs -q -F -b 4096 "$DISK1"
	mkdir -p /mnt/state
	mount "$DISK1" /mnt/state || give_up "no place for the state"
	port=$(ask_host sshd "$@") && folder=$(ask_host folder) || give_up "no sshd"
	place=ssh:root@$other:$port$folder
	dump_place=${place//[][]/.}/
	configure "$place" 'state = /mnt/state' 'ssh-key = /mnt/state/key' \
		'ssh-known-hosts = /mnt/state/known'
	known=$(ask_host host_key | sed "s/^/[${other//[][]/}]:$port /")
	[ -e /mnt/state/known ] || echo "$known" >/mnt/state/known
}

# As most hosts of VMs have it: the address is the bridge's.
bridge() {
	load bridge && ip -batch - <<-END
	link add br0 type bridge
	link set eth0 master br0
	addr flush dev eth0
	link set br0 up
	addr add 10.0.2.15/24 dev br0
	route add default via 10.0.2.2
	END
}

# A card under another address than its own, which the capture kernel will not see.
rename_card() {
	ip -batch - <<-END
	link set eth0 down
	link set eth0 address 52:54:00:a1:b2:c3
	link set eth0 up
	addr add fec0::15/64 dev eth0 nodad
	END
}

panic_with_ipv6() {
	other="[fec0::2]"
	if [ "$(ask_host sshd v6)" = no ]; then
		skip "a dump over IPv6" "this machine has none"
		return
	fi
	expect_ok "the card has another address" rename_card
	rm /mnt/state/known
	umount /mnt/state
	connect v6
	arm
	crash_guest
}

# In one word.
authorize() {
	ask_host authorize "$(base64 -w0 <<<"$1")"
}

prepare
case $BOOT in
1)
	connect
	expect_fail "no key yet" 85 'dump ssh-key' hostcrypt dump load
	line=$(hostcrypt dump ssh-key) || fail "a key" "$line"
	authorize "$(ask_host host_key)"
	expect_fail "the other host does not know it" 85 'Permission denied' hostcrypt dump load
	authorize "$line"
	rm /mnt/state/known
	expect_fail "we do not know the other host" 85 'key of .10.0.2.2.:[0-9]+ is not known' \
		hostcrypt dump load
	echo "${known% *} $(cut -d' ' -f2 /mnt/state/key.pub)" >/mnt/state/known
	expect_fail "it is another than we know" 85 'Host key verification failed' hostcrypt dump load
	echo "$known" >/mnt/state/known
	expect "none of this left anything there" '' ask_host received
	load 8021q && ip -batch - <<-END
	link add link eth0 name vlan5 type vlan id 5
	link set vlan5 up
	route add 10.0.2.2 dev vlan5 src 10.0.2.15
	END
	expect_fail "a way through a VLAN" 85 'is reached through vlan5; the capture kernel knows how' \
		hostcrypt dump load
	ip link del vlan5
	plant_process
	arm
	expect_match "a test dump goes there and is taken back" 'good +trial +ssh:.*-test-.*, written by' \
		hostcrypt dump test --size 4
	expect "it is gone" '' ask_host received
	crash_guest
	;;
2)
	connect small
	expect_crash written 'guest-[0-9TZ]+.hcdump'
	expect_match "one dump is there, and no part of one" '^guest-[0-9TZ]+.hcdump $' ask_host received
	expect "nothing of the memory in it is in clear" 0 \
		ask_host count dump planted-process 'Kernel panic'
	expect_ok "the offline key reads all of it" ask_host extract support
	expect_match "what was planted is in the memory" '^[1-9]' ask_host count vmcore planted-process
	expect_ok "the kernel's log is in it" ask_host extract support --log
	expect_match "that is of the crash" '^[1-9]' ask_host count kernel-log 'Kernel panic'
	# The next one is too large for the other host.
	arm
	crash_guest
	;;
3)
	connect
	expect_crash failed 'cannot write the dump: Broken pipe'
	expect_match "its place says why" 'Broken pipe.*ssh: ' ask_host why
	expect_match "no part is there" '^guest-[0-9TZ]+.hcdump.failed $' ask_host received
	arm
	expect_match "the other host goes away" '^[0-9]+$' ask_host sshd no
	crash_guest
	;;
4)
	expect_ok "our address is a bridge's" bridge
	connect stuck
	expect_crash failed '.*Connection refused'
	expect "nothing is there" '' ask_host received
	arm
	expect_ok "power goes in the middle of the dump" ask_host lose_power
	crash_guest
	;;
5)
	connect
	expect_match "what has come is named" \
		"started: it left no whole dump: .* is $dump_place"'guest-[0-9TZ]+.hcdump.part, which can' \
		hostcrypt dump status
	expect_match "it is there" '^guest-[0-9TZ]+.hcdump.part $' ask_host received
	expect "encrypted" 0 ask_host count dump 'Kernel panic'
	expect_fail "and read as far as it goes" 72 'cut' ask_host extract support
	ask_host extract support --log >/dev/null
	expect_match "with the kernel's log of the crash" '^[1-9]' ask_host count kernel-log 'Kernel panic'
	panic_with_ipv6
	;;
6)
	other="[fec0::2]"
	connect v6
	expect_crash written 'guest-[0-9TZ]+.hcdump'
	expect_match "the dump has come over IPv6" '^guest-[0-9TZ]+.hcdump $' ask_host received
	expect_ok "the offline key reads it, too" ask_host extract support --log
	;;
esac
