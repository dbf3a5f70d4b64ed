# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: the DEK is in no table, log, argument list, environment, sysfs or debugfs file, and in no process's memory or core
# rigs: uml qemu-6.12
# uml: plain
# timeout: 300
# mem: 768M
# disks: 48M
# kms: pykmip

dek=/tmp/dek
kek=/tmp/kek
slow=$([ "$RIG" = uml ] && echo --allow-slow-cipher)

# The volume's DEK, by stock tools, from the KEK's file.
learn() {
	local uuid id

	uuid=$(cryptsetup luksUUID "$DISK1") || return
	id=$(cryptsetup token export --token-id 0 "$DISK1" | python3 -c \
		'import json, sys; print(json.load(sys.stdin)["keks"][0]["kek"])') || return
	head -c 32 "/var/lib/hostcrypt/local/$id.kek" >$kek || return
	openssl kdf -binary -keylen 32 -kdfopt digest:SHA256 \
		-kdfopt "hexkey:$(od -A n -t x1 -v $kek | tr -d ' \n')" \
		-kdfopt "salt:$uuid" -kdfopt "info:hostcrypt keyslot v1" HKDF >/tmp/passphrase
	cryptsetup luksDump --batch-mode --dump-volume-key --volume-key-file $dek \
		--key-file /tmp/passphrase "$DISK1" >/dev/null
}

# absent NAME FILE...: in none of them
absent() {
	expect_fail "the DEK is not in $1" 1 '^$' keygrep $dek "${@:2}"
	expect_fail "the KEK is not in $1" 1 '^$' keygrep $kek "${@:2}"
}

# What a command prints, in a file.
output_of() {
	"$@" >/tmp/output 2>&1
	echo /tmp/output
}

# All memory of a process that root can read.
memory_of() {
	python3 - "$1" <<-'END'
	import re, sys
	pid = sys.argv[1]
	out = open("/tmp/output", "wb")
	mem = open(f"/proc/{pid}/mem", "rb", 0)
	for line in open(f"/proc/{pid}/maps"):
	    start, end, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
	    if "r" not in mode or "[v" in line:
	        continue
	    mem.seek(int(start, 16))
	    try:
	        out.write(mem.read(int(end, 16) - int(start, 16)))
	    except OSError:
	        pass
	END
	echo /tmp/output
}

load_module || give_up "no module"
write_config
mkdir -p /sys/kernel/debug
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug

expect_ok "create" hostcrypt create --yes --provider local "$DISK1"
expect_ok "learn the DEK with stock tools" learn
printf 'vm1 %s local%s\n' "$DISK1" "$([ -n "$slow" ] && echo ' allow-slow-cipher')" \
	>/etc/hostcrypt/volumes

# The search must be able to find something: the key in a file, in a table of
# dm-crypt, in the memory of a process that has it.
expect_match "control: a key in a file is found" . keygrep $dek $dek
load dm-crypt
expect_ok "control: a device of dm-crypt with the same key" dmsetup create plain --table \
	"0 8192 crypt aes-xts-plain64 $(od -A n -t x1 -v $dek | tr -d ' \n') 0 $DISK1 0"
expect_match "control: dm-crypt's table shows it" . \
	keygrep $dek "$(output_of dmsetup table --showkeys plain)"
dmsetup remove plain
python3 -c 'import time; key = open("/tmp/dek", "rb").read(); time.sleep(1000)' &
sleep 2
expect_match "control: a process that has it shows it" . keygrep $dek "$(memory_of $!)"
kill $!

hostcryptd </dev/null >/tmp/agent.log 2>&1 &
agent=$!
opened() { [ -b /dev/mapper/vm1 ]; }
expect_ok "the agent opens it" wait_for 60 opened
dd if=/dev/zero of=/dev/mapper/vm1 bs=64K count=64 oflag=direct status=none
dd if=/dev/mapper/vm1 of=/dev/null bs=64K count=64 iflag=direct status=none

absent "dmsetup table" "$(output_of dmsetup table --showkeys vm1)"
absent "dmsetup status" "$(output_of dmsetup status vm1)"
absent "dmsetup info" "$(output_of dmsetup info vm1)"
absent "the kernel log" "$(output_of dmesg)"
absent "hostcrypt status" "$(output_of hostcrypt status --json)"
absent "hostcrypt key list" "$(output_of hostcrypt key list --json)"
absent "the agent's words" /tmp/agent.log
absent "the agent's state" /run/hostcrypt
absent "argument lists and environments" /proc/[0-9]*/cmdline /proc/[0-9]*/environ
absent "sysfs of the device" "/sys/block/$(basename "$(readlink -f /dev/mapper/vm1)")" \
	/sys/module/dm_hostcrypt
mapfile -t debug < <(find /sys/kernel/debug -name tracing -prune -o -type f -print)
absent "debugfs" "${debug[@]}"
absent "/proc/crypto and /proc/keys" /proc/crypto /proc/keys /proc/key-users
absent "the agent's memory" "$(memory_of $agent)"

# A core of the agent: none is written, whatever the limits of who started it.
echo /tmp/core.%p >/proc/sys/kernel/core_pattern
kill -ABRT $agent
wait $agent 2>/dev/null
expect "the agent leaves no core" 0 bash -c 'ls /tmp/core.* 2>/dev/null | wc -l'
(ulimit -c unlimited; sleep 100 & kill -ABRT $!; wait $!) 2>/dev/null
expect "control: another process leaves one" 1 bash -c 'ls /tmp/core.* 2>/dev/null | wc -l'
expect_ok "the volume goes on without its agent" \
	dd if=/dev/mapper/vm1 of=/dev/null bs=64K count=16 iflag=direct status=none

expect_ok "close" hostcrypt close vm1
expect "no key is left" '{"version":1,"keys":[]}' bash -c 'hostcrypt key list --json | tr -d " \n"'
