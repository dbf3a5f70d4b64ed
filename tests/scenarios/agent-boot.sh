# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: the agent at boot: it opens what can be opened, waits for what is late, leaves alone what it must
# rigs: uml
# uml: plain
# timeout: 180
# mem: 512M
# disks: 40M 40M 40M 40M 40M
# kms: pykmip

state=/run/hostcrypt/state.json
volumes=/etc/hostcrypt/volumes

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

# is NAME FIELD VALUE
is() {
	[ "$(field "$1" "$2")" = "$3" ]
}

first_pass_done() {
	grep -q '"first_pass_done":true' $state
}

start_agent() {
	hostcryptd </dev/null >>/tmp/agent.log 2>&1 &
	agent=$!
}

marked() {
	[ "$(head -c 6 "/dev/mapper/$1")" = "I am $2" ]
}

load_module || give_up "no module"
start_kms || give_up "no key server"
write_config

# Volumes as an administrator leaves them: made, used, closed.
for n in 1 2 3; do
	disk=DISK$n
	provider=$([ $n = 3 ] && echo local || echo kms)
	expect_ok "make volume $n" hostcrypt create --yes --provider "$provider" "${!disk}"
	hostcrypt open "${!disk}" "vm$n" || give_up "volume $n does not open"
	printf 'I am %d' $n >"/dev/mapper/vm$n"
	hostcrypt close "vm$n" || give_up "volume $n does not close"
done
uuid=$(blkid -p -o value -s UUID "$DISK2")

cat >$volumes <<END
vm1    $DISK1       kms
vm2    UUID=$uuid   -
vm3    $DISK3       local   discard
late   /dev/late    kms
blank  $DISK4       kms
hands  /dev/hands   kms     noauto
broken
twice  $DISK5       nowhere
END

start_agent
expect_ok "the first pass comes to an end" wait_for 40 first_pass_done
for n in 1 2 3; do
	expect_ok "vm$n is open" is "vm$n" state open
	expect_ok "with its data in it" marked "vm$n" $n
done
expect_match "its options reached the table" allow_discards dmsetup table vm3
expect_ok "a missing device is waited for" is late state waiting
expect_ok "and named" is late error.word device-missing
expect_ok "a device without a header is a failure" is blank state failed
expect_ok "of the right kind" is blank error.word not-a-volume
expect_ok "noauto is left alone" is hands state noauto
expect_ok "an unknown provider is a failure" is twice state failed
expect_match "a bad line is told" 'volumes:7: volume .*broken.* has no device' grep problem $state
expect_match "hostcrypt status shows the open one" 'vm1' hostcrypt status
expect_match "and why another is not" '/dev/late' hostcrypt status
expect_match "and the bad line" 'volumes:7: .*has no device' hostcrypt status

# The log: one line per volume and state, however many tries there were.
hostcrypt create --yes --provider kms "$DISK5" || give_up "no fifth volume"
ln -s "$DISK5" /dev/late
expect_ok "the late device is opened when it is there" wait_for 40 is late state open
expect "one line on its coming late" 1 grep -c 'late: waiting' /tmp/agent.log
expect "one line on its opening" 1 grep -c 'late: open' /tmp/agent.log

# A mended line, and a volume that failed, are taken by a reload.
expect_ok "make volume 4" hostcrypt create --yes --provider kms "$DISK4"
sed -i -e '/^broken/d' -e '/^twice/d' $volumes
kill -HUP $agent
expect_ok "a reload tries what had failed" wait_for 20 is blank state open
expect_ok "what is gone from the table is forgotten" is twice state None
expect_ok "the table is good now" grep -q '"problem":null' $state

expect_fail "a second agent refuses to run" 1 "another hostcryptd is running \(process $agent\)" hostcryptd
kill $agent
wait $agent
expect "SIGTERM ends it in good order" 0 echo $?
expect_match "and leaves the volumes open" hostcrypt dmsetup table vm1
for name in vm1 vm2 vm3 late blank; do
	expect_ok "close $name" hostcrypt close $name
done
expect_ok "no key is left" rmmod dm_hostcrypt
