# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A real panic leaves a dump that is ciphertext on the disk; who has the key finds the log and the memory in it, and no key of a volume
# rigs: qemu-6.12 qemu-6.1
# timeout: 600
# mem: 768M
# disks: 512M 16M
# kernel: crashkernel=200M
# console-allow: Kernel panic - not syncing: sysrq triggered crash|Call Trace:

# shellcheck source=tests/scenarios/tools/dump.sh
. "$TREE/tests/scenarios/tools/dump.sh"
# shellcheck source=tests/scenarios/tools/volumes.sh
. "$TREE/tests/scenarios/tools/volumes.sh"

# In two halves: no program's text, this one's neither, has the whole.
planted() {
	echo "plan""ted-$1"
}

# A cache's pages are left out by makedumpfile; where it is older than the kernel, those
# of programs are not.
plant() {
	local seed=dump-$RANDOM$RANDOM

	ask_host keys "$seed" 50 60
	use_volumes "$DISK2" 50 60 "$seed"
	# From a few pages of the program's own: when it is gone they are free, but where a
	# CPU keeps them for itself makedumpfile does not know.
	python3 - <<-'END'
	import os
	page = ("-".join(["planted", "cache\n"]) * 300)[:4096].encode()
	volume = os.open("/dev/mapper/v0", os.O_WRONLY)
	for i in range(16):
	    os.pwrite(volume, page, i * len(page))
	END
	sync
	python3 - <<-'END' &
	import mmap, os
	kept = "-".join(["planted", "process"]) * 100000
	memory = mmap.mmap(-1, 128 << 20)
	line = "-".join(["planted", "mapping"]).encode() * 65536
	while memory.tell() + len(line) < len(memory):
	    memory.write(line)
	open("/tmp/ready", "w").close()
	os.read(os.pipe()[0], 1)
	END
	expect_ok "boot $BOOT: a mapping as large as a guest's" wait_for 120 test -e /tmp/ready
	planted log >/dev/kmsg
}

# The kernel that runs, which is the one that died: a note whose text is "GNU" and a
# NUL in four bytes behind the three words of its head, the second of which is the
# length of what follows.
build_id() {
	python3 - <<-'END'
	import re
	notes = open("/sys/kernel/notes", "rb").read()
	head = re.search(rb"\x04\0\0\0(.)\0\0\0\x03\0\0\0GNU\0", notes, re.S)
	print(notes[head.end():head.end() + head[1][0]].hex())
	END
}

build_of_dump() {
	hostcrypt dump describe --json /var/crash/*.hcdump |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["dump"]["build_id"])'
}

read_dump() {
	local name

	expect_crash written 'guest-[0-9TZ]+\.hcdump'
	expect "boot $BOOT: dumps, and no part of one" $((BOOT - 1)) dumps
	name=$(find /var/crash -name '*.hcdump' -printf '%f\n' | sort | tail -n 1)
	expect_ok "boot $BOOT: the dump is brought to who reads it" ask_host fetch "$name"
	expect_ok "boot $BOOT: the offline key reads it" ask_host extract support
	expect "boot $BOOT: it says which build of the kernel died" "$(build_id)" build_of_dump
	expect_ok "boot $BOOT: and the kernel's log by itself" ask_host extract support --log
	expect_match "boot $BOOT: which says why" '^[1-9]' \
		ask_host count kernel-log 'Kernel panic - not syncing: sysrq triggered crash'
	expect_match "boot $BOOT: makedumpfile finds the log in the memory" \
		'Kernel panic - not syncing: sysrq triggered crash' ask_host dmesg
	expect_ok "boot $BOOT: how the dump came about is in it, too" \
		ask_host extract support --capture-log
	expect "boot $BOOT: that keys were hidden" 1 ask_host count kernel-log hidden
	expect "boot $BOOT: and what was taken of the memory" 1 ask_host count kernel-log level
}

# crash of Debian 12 knows kernels until 6.1.
read_by_crash() {
	local found status=0

	[ "$RIG" = qemu-6.1 ] || return 0
	found=$(ask_host crash) || status=$?
	if [ $status = 3 ]; then
		skip "crash reads the dump" "the archive has no debug information of this kernel"
		return
	fi
	expect_match "crash reads the log" 'Kernel panic - not syncing: sysrq triggered crash' \
		echo "$found"
	expect_match "and the tasks: the program that held what was planted" '^ +1 python3' \
		echo "$found"
	expect_match "and one for each volume" '^ +50 hostcrypt_wait/' echo "$found"
}

# A recipient whose private key is at a key server, which nobody can reach from here.
mkdir -p /etc/hostcrypt
write_config
ask_host public main >/etc/hostcrypt/main.pem
dump_config=('[recipient main]' 'public-key = /etc/hostcrypt/main.pem' 'provider = kms'
	'private-id = 1' 'public-id = 2')

# Once the capture kernel is loaded: another key for a volume, and for the host itself.
change_keys() {
	expect_ok "boot $BOOT: a volume's key changes" hc-ioctl load \
		7a1b1c1e-0000-4000-8000-000000000032 "$(openssl rand -hex 64)"
	expect_ok "boot $BOOT: so does the host's certificate" openssl req -x509 -nodes \
		-newkey rsa:2048 -subj /CN=guest -keyout /etc/hostcrypt/client.key \
		-out /etc/hostcrypt/client.pem
	sed -i 's|/run/kms/client|/etc/hostcrypt/client|' /etc/hostcrypt/hostcrypt.conf
}

case $BOOT in
1)
	begin
	expect_fail "no key server answers" any 'refused' bash -c ': </dev/tcp/127.0.0.1/5696'
	expect_fail "a registry that nobody tells is not taken" 10 'modprobe' bash -c \
		"rmmod dm_hostcrypt && hostcrypt dump load"
	load_module
	plant
	arm
	change_keys
	crash_guest
	;;
2)
	begin
	read_dump
	not_in_clear "$(planted log)" "$(planted process)" "$(planted mapping)" \
		"$(planted cache)" 'Kernel panic'
	expect_match "what was planted in the kernel is in the memory" '^[1-9]' \
		ask_host count vmcore "$(planted log)"
	expect_ok "the volume's cache of 4600 lines is not" \
		test "$(ask_host count vmcore "$(planted cache)")" -lt 2000
	expect "nor a key or round key of the 50 volumes that were open, or of those before" \
		none ask_host keys_found
	read_by_crash
	expect_match "with no key server, it is for the key server's key too" 'kms at 127.0.0.1:5696, private key 1' \
		hostcrypt dump describe /var/crash/*.hcdump
	expect_ok "whose private half reads it after the host's keys changed" \
		ask_host extract main --log
	expect_fail "the host cannot, by the name of its key server" any '.' \
		hostcrypt dump verify --provider kms /var/crash/*.hcdump
	ask_host public other >/dev/null
	expect_fail "another key reads nothing" 74 'key' ask_host extract other
	expect_fail "nor does what the host has" any 'key' hostcrypt dump verify \
		--key /etc/hostcrypt/support.pem /var/crash/*.hcdump
	;;
esac
