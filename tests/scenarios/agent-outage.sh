# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: the key server is away when the agent starts: what is said meanwhile, and that volumes unlock by themselves
# rigs: uml
# uml: plain
# timeout: 240
# mem: 512M
# disks: 40M 40M 40M 40M
# kms: pykmip

state=/run/hostcrypt/state.json

# field NAME FIELD: of a volume in the agent's state; "error.word" goes inside
field() {
	python3 - "$1" "$2" <<-'END'
	import json, sys
	volumes = json.load(open("/run/hostcrypt/state.json"))["volumes"]
	value = next((v for v in volumes if v["name"] == sys.argv[1]), {})
	for part in sys.argv[2].split("."):
	    value = (value or {}).get(part)
	print(value)
	END
}

is() {
	[ "$(field "$1" "$2")" = "$3" ]
}

first_pass_done() {
	grep -q '"first_pass_done":true' $state
}

tried() {
	[ "$(field "$1" attempts)" -ge "$2" ]
}

# A server that takes connections and never says a word.
start_silent_server() {
	python3 - <<-'END' &
	import socket, time
	server = socket.create_server(("127.0.0.1", 5699))
	server.listen(64)
	time.sleep(10000)
	END
	silent=$!
	wait_for 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/5699'
}

seconds_to_next_try() {
	local next

	next=$(field "$1" next_attempt)
	echo $(($(date -d "$next" +%s) - $(date +%s)))
}

load_module || give_up "no module"
start_kms || give_up "no key server"
write_config
cat >>/etc/hostcrypt/hostcrypt.conf <<END
[provider silent]
type = kmip
server = 127.0.0.1:5699
ca = $KMS_CERTS/ca.pem
certificate = $KMS_CERTS/client.pem
private-key = $KMS_CERTS/client.key
connect-timeout = 2
timeout = 4
END

for n in 1 2 3 4; do
	disk=DISK$n
	provider=$([ $n = 3 ] && echo local || echo kms)
	expect_ok "make volume $n" hostcrypt create --yes --provider "$provider" "${!disk}"
done
kek=$(cryptsetup token export --token-id 0 "$DISK1" |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["keks"][0]["kek"])')

cat >/etc/hostcrypt/volumes <<END
vm1  $DISK1  kms
vm2  $DISK2  -
vm3  $DISK3  -
vm4  $DISK4  silent
END
stop_kms
start_silent_server || give_up "no silent server"
hostcryptd </dev/null >/tmp/agent.log 2>&1 &
agent=$!

expect_ok "the volume that needs no key server is open" wait_for 20 is vm3 state open
expect_ok "the first pass comes to an end" wait_for 60 first_pass_done
for name in vm1 vm2; do
	expect_ok "$name is locked" is $name state locked
	expect "its error" kms-unreachable field $name error.word
	expect "its exit status" 41 field $name error.exit
	expect "its server" "$KMS_HOST:$KMS_PORT" field $name endpoint
	expect_match "what is said names the server" "$KMS_HOST:$KMS_PORT" field $name error.message
done
expect "the key's identifier is there" "$kek" field vm1 kek
expect "the provider that the volume names" kms field vm2 provider
expect "a silent server is another error" kms-timeout field vm4 error.word
expect_ok "and its volume is locked too" is vm4 state locked

status=$(hostcrypt status 2>&1)
echo "$status"
expect_match "status: the state" 'state: locked' cat <<<"$status"
expect_match "status: the key" "kek: $kek" cat <<<"$status"
expect_match "status: the server" "$KMS_HOST:$KMS_PORT" cat <<<"$status"
expect_match "status: when it goes on" 'next attempt' cat <<<"$status"

expect_ok "it goes on trying" wait_for 40 tried vm1 5
wait_for 10 test "$(field vm1 next_attempt)" != None
next=$(seconds_to_next_try vm1)
expect_ok "within half a minute ($next s)" test "$next" -le 30
expect "one line for all these tries" 1 grep -c 'vm1: locked' /tmp/agent.log

start_kms || give_up "the key server does not come back"
back=$SECONDS
expect_ok "vm1 unlocks by itself within 60 s" wait_for 60 is vm1 state open
expect_ok "and vm2 with it" wait_for 5 is vm2 state open
note "unlocked $((SECONDS - back)) s after the key server's return"
expect "no error is left" None field vm1 error
expect_ok "it can be read" dd if=/dev/mapper/vm1 of=/dev/null bs=4k count=16 iflag=direct status=none
expect_ok "what asks the silent server is still locked" is vm4 state locked

# The settings were wrong, not the server: a reload tries at once.
sed -i 's/silent$/kms/' /etc/hostcrypt/volumes
kill -HUP $agent
expect_ok "a mended provider unlocks after a reload" wait_for 20 is vm4 state open

# The key server goes away again: open volumes do not mind.
stop_kms
kill -HUP $agent
sleep 2
for name in vm1 vm2 vm3 vm4; do
	expect_ok "$name stays open without a key server" is $name state open
done
expect_ok "and works" dd if=/dev/zero of=/dev/mapper/vm1 bs=4k count=16 oflag=direct status=none

kill $silent $agent
wait $agent
expect "SIGTERM ends the agent in good order" 0 echo $?
for name in vm1 vm2 vm3 vm4; do
	expect_ok "close $name" hostcrypt close $name
done
