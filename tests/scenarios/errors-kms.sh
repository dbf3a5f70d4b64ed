# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: a key server that is wrong, strange or away: the command says what and what to do, and the disk stays as it was
# rigs: uml
# uml: plain
# timeout: 300
# mem: 512M
# disks: 40M 40M
#
# Every way in which a server can misbehave is tried on the KMIP client by
# tests/host/kmip.sh; here is one of each kind, by the command, on a volume.

certs=/tmp/kms
hostile=

# serve OPTION...: a fresh server with these faults
serve() {
	if [ -n "$hostile" ]; then
		kill "$hostile"
		wait "$hostile" 2>/dev/null
	fi
	rm -f /tmp/ready
	/usr/bin/python3 "$TREE/tests/rig/kms/hostile.py" --folder $certs --port 5696 "$@" \
		>/tmp/ready 2>/tmp/hostile.log &
	hostile=$!
	wait_for 120 grep -q ready /tmp/ready || give_up "the server does not start: $(cat /tmp/hostile.log)"
}

# config [CA [CLIENT [HOST]]]
config() {
	mkdir -p /etc/hostcrypt
	cat >/etc/hostcrypt/hostcrypt.conf <<-END
	[provider kms]
	type = kmip
	server = ${3:-127.0.0.1}:5696
	ca = $certs/${1:-ca}.pem
	certificate = $certs/${2:-client}.pem
	private-key = $certs/${2:-client}.key
	connect-timeout = 5
	timeout = 5
	[defaults]
	allow-slow-cipher = $([ "$RIG" = uml ] && echo yes || echo no)
	END
}

sum() {
	sha256sum <"$1"
}

# refused NAME STATUS REGEX: neither open nor create gets through, and neither
# leaves a device, a key or a change on a disk behind
refused() {
	local before blank

	before=$(sum "$DISK1")
	blank=$(sum "$DISK2")
	expect_fail "open: $1" "$2" "$3" hostcrypt open "$DISK1" vm1
	expect "open: $1: no device" "" bash -c '! dmsetup info -c --noheadings -o name vm1 2>/dev/null'
	[ "$(sum "$DISK1")" = "$before" ] || fail "open: $1: the disk is as it was" "it changed"
	expect "open: $1: no key is left" '{"version":1,"keys":[]}' \
		bash -c 'hostcrypt key list --json | tr -d " \n"'
	[ -z "${create_works:-}" ] || return 0
	expect_fail "create: $1" "$2" "$3" hostcrypt create --yes "$DISK2"
	[ "$(sum "$DISK2")" = "$blank" ] || fail "create: $1: the disk is as it was" "it changed"
}

load_module || give_up "no module"
"$TREE/tests/rig/kms/certs.sh" $certs >/dev/null 2>&1 || give_up "no certificates"
ip link set lo up

# The key of the volume is key-1 of a server that keeps it in memory: with the
# same first Create each fresh server has a key of that name, so what is refused
# below is refused for the reason given.
config
serve
expect_ok "create with a server that behaves" hostcrypt create --yes "$DISK1"
expect_ok "open" hostcrypt open "$DISK1" vm1
expect_ok "close" hostcrypt close vm1

config other-ca
refused "server certificate of another CA" 43 'not trusted'
config ca client elsewhere.localhost
echo "127.0.0.1 elsewhere.localhost" >>/etc/hosts
refused "server certificate of another name" 45 'elsewhere.localhost'
config ca client-expired
refused "our certificate expired" 44 'certificate of this host.*expired'
config
serve --server server-expired
refused "server certificate expired" 44 'expired on'

kill "$hostile"
wait "$hostile" 2>/dev/null
hostile=
refused "server away" 41 '127.0.0.1:5696.*[Rr]efused'

serve --mode silent
refused "server that hangs in the handshake" 42 'TLS handshake'
serve --mode hang --at any
refused "server that hangs" 42 'did not answer in time'
serve --mode truncate --at any
refused "answer that breaks off" 48 'closed the connection'
serve --mode garbage --at any
refused "answer that is no KMIP" 47 'no KMIP answer'
serve --mode inner-length --at any
refused "malformed TTLV" 47 'longer than what it stands in'
serve --mode oversize --at any
refused "answer that is too large" 49 'was announced'

# The key itself: create works, open does not.
create_works=1
serve
refused "KEK that the server does not know" 51 'Item Not Found'
chmod 644 $certs/client.key
refused "private key file that others can read" 56 'chmod 600'
chmod 600 $certs/client.key

mv /etc/hostcrypt/hostcrypt.conf /tmp/conf
printf '[provider other]\ntype = local\n' >/etc/hostcrypt/hostcrypt.conf
expect_fail "provider that is not configured" 40 'kms' hostcrypt open "$DISK1" vm1
printf '[provider kms]\ntype = kmip\nsrever = x\n' >/etc/hostcrypt/hostcrypt.conf
expect_fail "configuration with a mistake" 3 'hostcrypt.conf:3.*srever' hostcrypt open "$DISK1" vm1
mv /tmp/conf /etc/hostcrypt/hostcrypt.conf

# A state other than Active. A fresh server's first key has the name of the
# volume's, so make one first.
for state in 1 4; do
	serve --mode state-$state --at attributes --after 1
	hostcrypt create --yes --force "$DISK2" >/dev/null 2>&1
	expect_fail "KEK in state $state" 53 'not.*Active|Pre-Active|Compromised' \
		hostcrypt open "$DISK1" vm1
done
serve --mode state-3 --at attributes --after 1
hostcrypt create --yes --force "$DISK2" >/dev/null 2>&1
expect_fail "another key under the KEK's name opens no keyslot" 34 'keyslot' \
	hostcrypt open "$DISK1" vm1
