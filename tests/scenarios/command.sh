# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: the command line: help, options, output for programs, keys, what status shows of locked volumes
# rigs: uml
# uml: plain
# timeout: 200
# mem: 768M
# disks: 32M 32M

slow=$([ "$RIG" = uml ] && echo --allow-slow-cipher)
uuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0

# One value out of JSON on standard input: json 'd["status"]...'.
json() {
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

value() {
	local name=$1 want=$2 expression=$3 got
	shift 3

	LAST=$("$@" 2>/dev/null)
	got=$(json "$expression" <<<"$LAST" 2>&1 | tail -n 1)
	[ "$got" = "$want" ] && pass "$name" || fail "$name" "'$got' where '$want' was expected"
}

# help and usage -------------------------------------------------------------
expect_fail "no verb" 2 'Usage: hostcrypt' hostcrypt
expect_match "help" 'create .*make an encrypted volume' hostcrypt help
expect_match "--help" 'Usage: hostcrypt' hostcrypt --help
for verb in create open close list status kms key dump version; do
	expect_match "help $verb" "Usage: hostcrypt $verb" hostcrypt help $verb
	expect_match "$verb --help" "Usage: hostcrypt $verb" hostcrypt $verb --help
	expect_fail "$verb with an unknown option" 2 "unknown option --nonsense" \
		hostcrypt $verb --nonsense
done
expect_match "help errors" '^ +31 +header-foreign ' hostcrypt help errors
expect_match "help recovery" 'openssl kdf .*-keylen 32' hostcrypt help recovery
expect_fail "help of nothing" 2 'no verb "nothing"' hostcrypt help nothing
expect_fail "an unknown verb" 2 'no verb "frobnicate"' hostcrypt frobnicate
expect_fail "a word too many" 2 'too many words; usage: hostcrypt close NAME' hostcrypt close a b
expect_fail "a word too few" 2 'something is missing; usage: hostcrypt create' hostcrypt create
expect_fail "an option without its value" 2 'needs a value' hostcrypt list --config
expect_fail "--json where there is none" 2 'no output for --json' hostcrypt close --json vm1
expect_fail "kms what" 2 'not "chek"' hostcrypt kms chek
expect_fail "key what" 2 'not "lod"' hostcrypt key lod $uuid
expect_ok "no word of the output is coloured off a terminal" \
	bash -c "! hostcrypt help | grep -q $'\\033'"

# configuration ----------------------------------------------------------------
printf '[provider x]\ntype = magic\n' >/root/bad.conf
expect_fail "a bad configuration names file and line" 3 '/root/bad.conf:2' \
	hostcrypt --config /root/bad.conf list
expect_fail "also after the verb" 3 '/root/bad.conf:2' hostcrypt list --config /root/bad.conf
printf 'vm1 /dev/x - nonsense\n' >/root/bad.volumes
expect_fail "open with a bad table of volumes" 3 '/root/bad.volumes:1' \
	hostcrypt open vm1 --volumes /root/bad.volumes
expect_match "list says so too, and hides no volume" '/root/bad.volumes:1' \
	hostcrypt list --volumes /root/bad.volumes

load_module || give_up "no module"
write_config

# errors as JSON -------------------------------------------------------------------
value "an error as JSON: its word" not-open 'd["error"]["word"]' hostcrypt --json status vm9
value "its exit status" 26 'd["error"]["exit"]' hostcrypt --json status vm9
value "its sentence" True '"vm9" in d["error"]["message"]' hostcrypt status --json vm9
expect_fail "and as the exit status" 26 'hostcrypt: no volume vm9' hostcrypt --json status vm9

# version ---------------------------------------------------------------------------
expect_match "version" '^hostcrypt [0-9.]+, interface 1' hostcrypt version
value "version of the module" "$(modinfo -F version "$MODULE")" \
	'd["versions"]["module"]["release"]' hostcrypt version --json

# keys --------------------------------------------------------------------------------
head -c 64 /dev/urandom >/root/key
expect_ok "load from a file" hostcrypt key load $uuid --key-file /root/key
expect_ok "the same again" bash -c "hostcrypt key load $uuid </root/key"
expect_fail "other bytes" 14 'other key bytes' bash -c "head -c 64 /dev/urandom | hostcrypt key load $uuid"
value "it is listed" "$uuid" 'd["keys"][0]["uuid"]' hostcrypt key list --json
value "with no users" 0 'd["keys"][0]["users"]' hostcrypt key list --json
sectors=$(blockdev --getsz "$DISK2")
expect_ok "bare dmsetup takes it" dmsetup --noudevsync create bare --table \
	"0 $sectors hostcrypt $uuid 0 $DISK2 0${slow:+ 1 allow_slow_cipher}"
value "now with a user" 1 'd["keys"][0]["users"]' hostcrypt key list --json
expect_fail "in use it is not dropped" 13 'in use' hostcrypt key drop $uuid
expect_fail "close leaves a device alone that is not its own" 26 'did not make' hostcrypt close bare
value "list does not show it" 0 'len(d["volumes"])' hostcrypt list --json
dmsetup --noudevsync remove bare
expect_ok "dropped" hostcrypt key drop $uuid
expect_fail "dropped twice" 15 "no key is loaded under $uuid" hostcrypt key drop $uuid
expect_fail "too short" 16 'exactly 64 bytes' bash -c "head -c 63 /root/key | hostcrypt key load $uuid"
expect_fail "too long" 16 'exactly 64 bytes' bash -c "cat /root/key /root/key | hostcrypt key load $uuid"
expect_fail "two equal halves" 16 'halves' bash -c "
	{ head -c 32 /root/key; head -c 32 /root/key; } | hostcrypt key load $uuid"
expect_fail "no UUID" 2 'is no UUID' bash -c "hostcrypt key load vm1 </root/key"
expect_fail "no key file" 1 '/root/none' hostcrypt key load $uuid --key-file /root/none
expect "no key is left" "no keys are loaded" hostcrypt key list

# providers ------------------------------------------------------------------------------
expect_match "kms check" 'provider: local' hostcrypt kms check local
expect_match "warns" 'warning: whoever reads' hostcrypt kms check local
value "as JSON" True 'd["providers"][0]["works"]' hostcrypt kms check local --json
expect_fail "an unknown one" 40 'elsewhere' hostcrypt kms check elsewhere
mkdir -p /var/lib/hostcrypt/local
chmod 0755 /var/lib/hostcrypt/local
expect_fail "one that does not work" 56 'open to others' hostcrypt kms check local
value "as JSON, in one document" keyfile-perms 'd["providers"][0]["error"]["word"]' \
	hostcrypt kms check local --json
chmod 0700 /var/lib/hostcrypt/local

# asking -------------------------------------------------------------------------------------
# script(1) plays the terminal.
answer() {
	local what=$1
	shift

	{ sleep 2; echo "$what"; sleep 2; } | TERM=dumb script -qec "$*" /dev/null |
		tr -d "\r"
}
expect_fail "no is no" 6 'Type "yes" to go on.*|nothing was changed' \
	answer no hostcrypt create --provider local "$DISK2"
expect_fail "y is no" 6 'nothing was changed' answer y hostcrypt create --provider local "$DISK2"
expect "the disk is as it was" 0 bash -c "head -c 17M $DISK2 | tr -d '\\0' | wc -c"
expect_match "yes is yes" 'created: ' answer yes hostcrypt create --provider local "$DISK2"
wipefs -qa "$DISK2"

# somebody who is not root ---------------------------------------------------------------------
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all hostcrypt "$@"
}
expect_match "help is for everybody" 'Usage: hostcrypt' nobody help
expect_fail "keys are not" any 'run as root' nobody key list
expect_fail "nor volumes" any 'run as root' nobody create "$DISK2"
expect_fail "nor what is open" 5 'run as root' nobody list

# status of what is open --------------------------------------------------------------------
expect "no volumes" "no volumes" hostcrypt list
kek=$(hostcrypt create --yes --provider local "$DISK1" | sed -n 's/^  kek: \([^ ]*\).*/\1/p')
hostcrypt open $slow "$DISK1" vm1
dd if=/dev/zero of=/dev/mapper/vm1 bs=1M count=1 oflag=direct status=none
expect_match "list" "^vm1 +open +$DISK1 +16 MiB +local$" hostcrypt list
expect_match "status names the KEK" "kek: $kek, wrapped 20..-" hostcrypt status vm1
expect_match "and its place" 'provider: local \(/var/lib/hostcrypt/local\)' hostcrypt status
expect_match "and the traffic" 'written: 1 MiB in' hostcrypt status vm1
value "state" open 'd["status"]["volumes"][0]["state"]' hostcrypt status --json
value "written bytes" 1048576 'd["status"]["volumes"][0]["written_bytes"]' hostcrypt status --json
value "KEK" "$kek" 'd["status"]["volumes"][0]["kek"]' hostcrypt status --json
value "cipher" True '"xts" in d["status"]["volumes"][0]["cipher"]' hostcrypt status --json
value "no agent" None 'd["status"]["agent"]' hostcrypt status --json

# kdump ------------------------------------------------------------------------------------------
# with_kdump LOADED COMMAND...: where the kernel says so of its capture kernel, or nothing ("-")
with_kdump() {
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare -m bash -c 'mount -t tmpfs none /sys/kernel || exit 99
		[ "$1" = - ] || echo "$1" >/sys/kernel/kexec_crash_loaded
		shift; exec "$@"' - "$@"
}

no_warning() {
	local words

	words=$("$@") && ! grep -i kdump <<<"$words"
}

clear='kdump is armed with a capture kernel that is not hostcrypt.s'
expect_ok "a kernel without kdump is no reason to warn" no_warning with_kdump - hostcrypt status
expect_ok "nor one with nothing loaded" no_warning with_kdump 0 hostcrypt status
expect_match "a capture kernel of somebody else is" "^Warning: $clear" \
	with_kdump 1 hostcrypt status
expect_match "when asked for one volume too" "^Warning: $clear" with_kdump 1 hostcrypt status vm1
value "as JSON" 'True False True' '*(d["status"]["kdump"][k] for k in ("armed", "encrypted")), "in clear" in d["status"]["kdump"]["warning"]' \
	with_kdump 1 hostcrypt status --json
mkdir -p /run/hostcrypt
touch /run/hostcrypt/dump-loaded
expect_ok "hostcrypt's own is none" no_warning with_kdump 1 hostcrypt status
value "as JSON: encrypted" 'True True None' '*d["status"]["kdump"].values()' \
	with_kdump 1 hostcrypt status --json
value "and not armed" 'False False None' '*d["status"]["kdump"].values()' \
	with_kdump 0 hostcrypt status --json
rm /run/hostcrypt/dump-loaded
with_kdump 1 hostcryptd </dev/null 2>/tmp/kdump.log &
agent=$!
expect_ok "the agent warns too" wait_for 20 grep -q "$clear" /tmp/kdump.log
kill $agent
wait $agent
rm -f /run/hostcrypt/state.json*

# status of what is not --------------------------------------------------------------------------
printf 'vm2 /dev/none - -\nvm3 %s - noauto\n' "$DISK2" >/etc/hostcrypt/volumes
expect_match "a volume of the table" '^vm2 +closed +/dev/none' hostcrypt list
expect_match "one that the agent leaves alone" '^vm3 +noauto' hostcrypt list
mkdir -p /run/hostcrypt
next=$(date -u -d '+20 seconds' +%FT%TZ) last=$(date -u -d '-10 seconds' +%FT%TZ)
cat >/run/hostcrypt/state.json <<-END
{ "version": 1, "pid": $$, "first_pass_done": true, "volumes": [
	{ "name": "vm1", "device": "$DISK1", "state": "open", "uuid": "", "provider": "",
	  "endpoint": "", "kek": "", "error": null, "attempts": 1, "last_attempt": "$last",
	  "next_attempt": null, "since": "$last" },
	{ "name": "vm2", "device": "/dev/none", "state": "locked", "uuid": "$uuid",
	  "provider": "main", "endpoint": "kms.example.org:5696", "kek": "4711",
	  "error": { "word": "kms-unreachable", "exit": 41,
		     "message": "kms.example.org:5696 refused the connection" },
	  "attempts": 7, "last_attempt": "$last", "next_attempt": "$next", "since": "$last" } ] }
END
expect_match "locked" 'state: locked' hostcrypt status vm2
expect_match "which key" 'kek: 4711' hostcrypt status vm2
expect_match "which server" 'provider: main \(kms.example.org:5696\)' hostcrypt status vm2
expect_match "what it answered" 'answer: kms.example.org:5696 refused' hostcrypt status vm2
expect_match "how often" 'attempts: 7, the last one [0-9]+ s ago' hostcrypt status vm2
expect_match "when again" 'next attempt: in [0-9]+ s' hostcrypt status vm2
value "the same as JSON" 'locked kms-unreachable 4711' \
	'" ".join((d["status"]["volumes"][0][k] if k != "error" else d["status"]["volumes"][0][k]["word"]) for k in ("state", "error", "kek"))' \
	hostcrypt status vm2 --json
value "the agent runs" True 'd["status"]["agent"]["running"]' hostcrypt status --json
value "three volumes in order" "vm1 vm2 vm3" \
	'" ".join(v["name"] for v in d["volumes"])' hostcrypt list --json
expect_match "an open one stays open whatever the agent says" 'state: open' hostcrypt status vm1
hostcrypt close vm1
expect_match "closed, though the agent has not seen it yet" 'vm1 +closed' hostcrypt list
sed -i 's/"pid": [0-9]*/"pid": 999999/' /run/hostcrypt/state.json
expect_match "an agent that is gone" 'not running; what it said is from before' hostcrypt status
echo '{ "version": 1, "pid": "x", "vol' >/run/hostcrypt/state.json
expect_match "a state file without sense is no agent" 'not running\.' hostcrypt status

# names ---------------------------------------------------------------------------------------------
for name in '' .hidden a/b 'a b' "$(printf 'x%.0s' {1..49})"; do
	expect_fail "the name '$name'" 2 'no name for a volume' hostcrypt open $slow "$DISK1" "$name"
done
expect_ok "the longest name" hostcrypt open $slow "$DISK1" "$(printf 'x%.0s' {1..48})"
hostcrypt close "$(printf 'x%.0s' {1..48})"
expect_ok "output that nobody takes is a failure" bash -c "! hostcrypt help >/dev/full"
