# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: killing, restarting and reloading the agent changes nothing for open volumes; it holds no key and can be killed while it opens
# rigs: uml
# uml: plain
# timeout: 300
# mem: 512M
# disks: 64M 40M
#
# The agent's memory is searched as root reads it in /proc; a core file is
# asked for and must not come.

state=/run/hostcrypt/state.json

# field NAME FIELD: of a volume in the agent's state
field() {
	python3 - "$1" "$2" <<-'END'
	import json, sys
	volumes = json.load(open("/run/hostcrypt/state.json"))["volumes"]
	print(next((v for v in volumes if v["name"] == sys.argv[1]), {}).get(sys.argv[2]))
	END
}

is() {
	[ "$(field "$1" "$2")" = "$3" ]
}

# The running agent's first pass is over.
ready() {
	grep -q "\"pid\":$agent," $state && grep -q '"first_pass_done":true' $state
}

start_agent() {
	hostcryptd </dev/null >>/tmp/agent.log 2>&1 &
	agent=$!
	wait_for 20 ready
}

# What must not change about an open volume, on one line.
mapping() {
	mapping_lines "$1" | tr '\n' ' '
}

mapping_lines() {
	dmsetup info -c --noheadings -o name,uuid,major,minor,events,tables_loaded "$1" &&
		dmsetup table "$1" && hostcrypt key list | awk '{ print $1, $2 }'
}

# Writes and reads that go on for as long as /tmp/busy is there.
keep_busy() {
	local n=0

	while [ -e /tmp/busy ]; do
		if ! dd if=/tmp/data of=/dev/mapper/vm1 bs=64k oflag=direct conv=notrunc status=none ||
			! dd if=/dev/mapper/vm1 bs=64k count=64 iflag=direct status=none |
			cmp -s - /tmp/data; then
			echo "round $n" >>/tmp/broken
			return
		fi
		n=$((n + 1))
		echo $n >/tmp/rounds
	done
}

# search PID HEX...: prints which of these byte strings its memory holds
search() {
	python3 - "$@" <<-'END'
	import sys
	pid, wanted = sys.argv[1], [bytes.fromhex(w) for w in sys.argv[2:]]
	with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
	    for line in maps:
	        start, end = (int(x, 16) for x in line.split()[0].split("-"))
	        try:
	            mem.seek(start)
	            data = mem.read(end - start)
	        except (OSError, ValueError, OverflowError):
	            continue
	        for w in wanted:
	            if w in data:
	                print(w.hex())
	END
}

# The passphrase of a volume of the provider "local", and its DEK with it.
learn_keys() {
	local uuid

	uuid=$(blkid -p -o value -s UUID "$1")
	kek=$(od -A n -t x1 -v -N 32 /var/lib/hostcrypt/local/*.kek | tr -d ' \n')
	openssl kdf -binary -keylen 32 -kdfopt digest:SHA256 -kdfopt "hexkey:$kek" \
		-kdfopt "salt:$uuid" -kdfopt "info:hostcrypt keyslot v1" HKDF >/tmp/passphrase
	dek=$(cryptsetup luksDump --batch-mode --dump-volume-key --key-file /tmp/passphrase "$1" |
		sed -n '/MK dump:/,$p' | sed 's/.*://' | tr -cd '0-9a-f\n' | tr -d '\n')
	[ ${#dek} = 128 ]
}

load_module || give_up "no module"
write_config
expect_ok "make volume 1" hostcrypt create --yes --provider local "$DISK1"
expect_ok "its keys are known to this test" learn_keys "$DISK1"
expect_ok "make volume 2" hostcrypt create --yes --provider local "$DISK2"
printf 'vm1 %s\nvm2 %s\n' "$DISK1" "$DISK2" >/etc/hostcrypt/volumes
expect_ok "the agent starts" start_agent
expect_ok "vm1 is open" is vm1 state open
expect_ok "vm2 is open" is vm2 state open

# No key in the agent.
name=$(printf hostcrypt/volumes | od -A n -t x1 | tr -d ' \n')
expect "the search finds what is there" "$name" search "$agent" "$name"
expect "the agent's memory holds neither KEK nor DEK" "" \
	search "$agent" "$kek" "${dek:0:64}" "${dek:64}"
expect "nor its environment and arguments" 0 \
	bash -c "cat /proc/$agent/environ /proc/$agent/cmdline | od -A n -t x1 | tr -d ' \n' |
		grep -c -e $kek -e ${dek:0:64}; true"

dd if=/dev/urandom of=/tmp/data bs=64k count=64 status=none
before=$(mapping vm1)
echo "$before"
touch /tmp/busy
keep_busy &
busy=$!
wait_for 20 test -e /tmp/rounds

for round in 1 2 3; do
	kill -KILL "$agent"
	wait "$agent" 2>/dev/null
	expect_ok "killed ($round): restarts" start_agent
	expect_ok "killed ($round): finds vm1 open" is vm1 state open
done
kill "$agent"
wait "$agent"
expect "stopped: in good order" 0 echo $?
expect_ok "stopped: starts again" start_agent
kill -HUP "$agent"
sleep 1
expect_ok "reloaded: vm1 is open" is vm1 state open
rm /tmp/busy
wait $busy
expect_ok "I/O went on ($(cat /tmp/rounds) rounds)" test ! -e /tmp/broken
expect "nothing about the volume changed" "$before" mapping vm1
expect "the last agent needed one try, its reload none" 1 field vm1 attempts

# A core would be written here, and is for another process.
ulimit -c unlimited
echo /tmp/core.%p >/proc/sys/kernel/core_pattern
sleep 1000 &
other=$!
kill -SEGV $other
expect_ok "a core comes from a process like any other" wait_for 5 test -s /tmp/core.$other
kill -SEGV "$agent"
wait "$agent" 2>/dev/null
expect_fail "none comes from the agent" any 'cannot access' ls "/tmp/core.$agent"

# What an administrator closes stays closed.
expect_ok "the agent starts once more" start_agent
expect_ok "close vm2" hostcrypt close vm2
expect_ok "the agent sees it" wait_for 20 is vm2 state closed
sleep 5
expect_ok "and leaves it alone" is vm2 state closed
expect_fail "it is closed" any 'does not exist' dmsetup info vm2
kill -HUP "$agent"
expect_ok "until a reload" wait_for 20 is vm2 state open
kill "$agent"
wait "$agent"
expect_ok "close vm1" hostcrypt close vm1
expect_ok "close vm2 again" hostcrypt close vm2

# Killed with its children at any moment of opening: the next one sets it right.
for tenths in 1 2 3 4 5 6 8; do
	hostcryptd </dev/null >>/tmp/agent.log 2>&1 &
	agent=$!
	sleep 0.$tenths
	kill -KILL "$agent"
	pkill -KILL -x hostcrypt-open
	wait "$agent" 2>/dev/null
	start_agent
	expect_ok "killed after 0.$tenths s: vm1 is open afterwards" wait_for 20 is vm1 state open
	expect_ok "killed after 0.$tenths s: vm2 too" wait_for 20 is vm2 state open
	expect "killed after 0.$tenths s: two keys are loaded" 2 \
		bash -c 'hostcrypt key list | grep -c ^[0-9a-f]'
	kill "$agent"
	wait "$agent"
	hostcrypt close vm1
	hostcrypt close vm2
done
expect_ok "no key is left" rmmod dm_hostcrypt
