# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A full VM with hostcrypt in it and a key server on this machine: what the
# demo and tests/host/full-vm.sh share. Sourced, after common.sh.
#
# Needs $DIR, a folder of one's own; sets $PORT, where the key server listens.

FULL=$RIG/full
VM=$FULL/vm
PORT=''

# full_begin - choose a port for the key server; see to it that nothing is left
# of all this when the script is gone, even if it is killed.
full_begin() {
	PORT=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	setsid "$FULL/guard" $$ "$DIR" "$PORT" </dev/null >/dev/null 2>&1 &
}

full_start_kms() {
	"$RIG/kms/certs.sh" "$DIR/kms" && "$RIG/kms/pykmip.sh" start "$DIR/kms" "$PORT"
}

full_stop_kms() {
	"$RIG/kms/pykmip.sh" stop "$DIR/kms" "$PORT"
}

# full_boot VM-OPTION... - boot the VM; meanwhile pack hostcrypt for it.
full_boot() {
	local boot status=0

	"$VM" "$DIR" start "$@" &
	boot=$!
	"$FULL/product" "$DIR/product" || status=1
	wait $boot && return $status
}

# full_unpack - hostcrypt's files.
full_unpack() {
	"$VM" "$DIR" put "$DIR/product/product.tar" /root/product.tar &&
		"$VM" "$DIR" run 'tar -xf /root/product.tar --keep-directory-symlink -C / &&
			rm /root/product.tar && systemctl daemon-reload && udevadm control --reload'
}

# full_install - the same, and settings that name the key server.
full_install() {
	cat >"$DIR/hostcrypt.conf" <<-END
	[provider main]
	type = kmip
	server = 10.0.2.2:$PORT
	ca = /etc/hostcrypt/ca.pem
	certificate = /etc/hostcrypt/host.pem
	private-key = /etc/hostcrypt/host.key
	END
	full_unpack &&
		"$VM" "$DIR" run 'install -m 600 /dev/null /etc/hostcrypt/host.key' &&
		"$VM" "$DIR" put "$DIR/kms/client.key" /etc/hostcrypt/host.key &&
		"$VM" "$DIR" put "$DIR/kms/client.pem" /etc/hostcrypt/host.pem &&
		"$VM" "$DIR" put "$DIR/kms/ca.pem" /etc/hostcrypt/ca.pem &&
		"$VM" "$DIR" put "$DIR/hostcrypt.conf" /etc/hostcrypt/hostcrypt.conf
}

# full_end - VM, key server and folder, gone.
full_end() {
	"$VM" "$DIR" kill
	[ -z "$PORT" ] || full_stop_kms
	rm -rf "$DIR"
}
