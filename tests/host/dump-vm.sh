#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1800
#
# Encrypted dumps where they happen: a full Debian VM with systemd, its GRUB's words
# given by QEMU. Set up, tried, loaded again by udev, a panic, and the boot after it.
# shellcheck disable=SC2317 # functions are called through check
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source-path=SCRIPTDIR source=../rig/common.sh
. tests/rig/common.sh
# shellcheck source=../rig/full/lib.sh
. "$RIG/full/lib.sh"

DIR=$(mktemp -d "${TMPDIR:-/tmp}/hostcrypt-dump-vm.XXXXXX")
trap full_end EXIT
trap 'exit 1' INT TERM
failed=0
tool=$(realpath "${B:-build}/hostcrypt")
began=$SECONDS

# Without its VM the test is over.
fail() {
	echo "FAIL $1: $(tail -n 6 <<<"$2" | tr '\n' '|')"
	failed=1
	"$VM" "$DIR" alive || { "$VM" "$DIR" console 40; exit 1; }
}

pass() {
	echo "PASS $1 ($((SECONDS - began)) s)"
}

# check NAME COMMAND... - COMMAND succeeds
check() {
	local name=$1 output
	shift

	if output=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "$output"
	fi
}

not() {
	! "$@"
}

guest() {
	"$VM" "$DIR" run --timeout 400 "exec 2>&1; $1"
}

# says NAME REGEX COMMAND - the guest's COMMAND prints a line like that
says() {
	local output

	output=$(guest "$3")
	if grep -Eq -- "$2" <<<"$output"; then
		pass "$1"
	else
		fail "$1" "no '$2' in: $output"
	fi
}

# becomes NAME SECONDS COMMAND - within that time the guest's COMMAND succeeds
becomes() {
	local end=$((SECONDS + $2))

	until guest "$3" >/dev/null; do
		if [ $SECONDS -ge $end ]; then
			fail "$1" "not within $2 s; $(guest 'hostcrypt dump status; journalctl -n 5 -u hostcrypt-dump')"
			return
		fi
		sleep 0.5
	done
	pass "$1"
}

# on_disk COMMAND: debugfs on the dumps' disk, from here
on_disk() {
	debugfs -R "$1" "$DIR/crash.disk" 2>/dev/null
}

PARAMETER=/sys/module/dm_hostcrypt/parameters/registry

# --- a host is set up -----------------------------------------------------
full_begin
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$DIR/support.key" &&
	openssl pkey -in "$DIR/support.key" -pubout -out "$DIR/support.pem" || exit
mkdir -p "$DIR/log"
full_boot --disk crash=1G --memory 1280 --kernel crashkernel=384M >"$DIR/log/boot" 2>&1 ||
	{ "$VM" "$DIR" console 40; fail "the VM boots" "$(cat "$DIR/log/boot")"; exit 1; }
pass "the VM boots"
check "hostcrypt's files go in" full_unpack
"$VM" "$DIR" put "$DIR/support.pem" /etc/hostcrypt/support.pem
check "a disk for dumps" guest 'disk=/dev/disk/by-id/virtio-crash && mkfs.ext4 -q $disk &&
	mkdir -p /var/crash && echo "$disk /var/crash ext4 defaults 0 2" >>/etc/fstab &&
	systemctl daemon-reload && mount /var/crash && modprobe dm-hostcrypt'
says "enable says what it found" 'good +target +file:/var/crash has room' \
	'hostcrypt dump enable --recipient /etc/hostcrypt/support.pem | tee /var/tmp/enable'
says "and what is armed" '^Armed: a panic of kernel .* at file:/var/crash .*from each boot on' \
	'cat /var/tmp/enable'
says "the unit runs, now and at each boot" '^active enabled 1$' \
	'echo $(systemctl is-active hostcrypt-dump) $(systemctl is-enabled hostcrypt-dump) \
	$(cat /sys/kernel/kexec_crash_loaded)'
says "status" '^Dumps: a panic leaves one at file:/var/crash\.$' 'hostcrypt status'
says "a test dump" 'good +trial +/var/crash/kvmhost-test-' 'hostcrypt dump test --size 8'
says "is gone again" '^lost\+found hostcrypt-dump-state$' 'cd /var/crash; echo $(ls -r)'

# --- what makes it load again ---------------------------------------------
becomes "the module is loaded anew, and so is the capture kernel" 120 "was=\$(cat $PARAMETER)
	until [ \"\$(cat $PARAMETER)\" != \$was ]; do rmmod dm_hostcrypt && modprobe dm_hostcrypt; done
	for i in \$(seq 40); do [ \"\$(head -n 1 /run/hostcrypt/dump-loaded)\" = \$(cat $PARAMETER) ] &&
		exit 0; sleep 0.5; done; exit 1"
says "by udev, which had the unit reloaded" 'start_time=\[[A-Z]' \
	'systemctl show -P ExecReload hostcrypt-dump'
says "a kernel without a module is installed all the same" 'tried again.*|^0$' \
	'/etc/kernel/postinst.d/hostcrypt-dump 0.0-none; echo $?'
says "a unit that would write in clear is stopped" 'kdump-tools.service' \
	'systemctl show -P Conflicts hostcrypt-dump'
check "disable" guest 'hostcrypt dump disable && ! systemctl is-enabled hostcrypt-dump &&
	[ "$(cat /sys/kernel/kexec_crash_loaded)" = 0 ] && [ -e /etc/hostcrypt/dump.conf ]'
check "enable again" guest 'hostcrypt dump enable && systemctl is-active hostcrypt-dump &&
	[ "$(cat /sys/kernel/kexec_crash_loaded)" = 1 ]'

# --- a panic --------------------------------------------------------------
check "the agent runs" guest 'systemctl enable --now hostcryptd'
check "a panic, and the VM comes up again" "$VM" "$DIR" crash
says "the journal tells what it left" \
	'the crash of 20.*Z left the dump /var/crash/kvmhost-[0-9TZ]+\.hcdump, which support can read' \
	'journalctl -b -u hostcrypt-dump -o cat'
becomes "the agent tells it too" 60 \
	'journalctl -b -u hostcryptd -o cat | grep -q "the crash of .* left the dump"'
says "once" '^1$' 'systemctl restart hostcryptd; journalctl -b -u hostcryptd -o cat | grep -c "the crash of"'
says "status" 'The last crash, 20.*Z, left the dump /var/crash/kvmhost-' 'hostcrypt status'
says "it is armed again" '^yes active$' \
	"echo \$(hostcrypt dump status | sed -n 's/^ *loaded: //p') \$(systemctl is-active hostcrypt-dump)"

# --- locked ---------------------------------------------------------------
check "lock = yes" guest "sed -i '/^target/a lock = yes' /etc/hostcrypt/dump.conf &&
	systemctl reload hostcrypt-dump && [ \$(cat /proc/sys/kernel/kexec_load_disabled) = 1 ]"
check "what is of now need not be loaded again" guest 'systemctl reload hostcrypt-dump'
says "a module that is loaded anew is told" 'kexec is locked.*loaded anew since, so no dump' \
	"systemctl stop hostcryptd; was=\$(cat $PARAMETER)
	until [ \"\$(cat $PARAMETER)\" != \$was ]; do rmmod dm_hostcrypt && modprobe dm_hostcrypt; done
	hostcrypt dump load"
says "status too" 'Dumps: dm-hostcrypt has been loaded anew since, so no dump would be taken' \
	'hostcrypt status'
says "dump status" 'kexec: locked until the next boot, so it cannot' 'hostcrypt dump status'
check "power off" "$VM" "$DIR" poweroff

# --- where support is -----------------------------------------------------
check "going down in order is no crash" test "$(on_disk 'cat hostcrypt-dump-state' | sed -n 2p)" = disarmed
name=$(on_disk 'ls -p' | grep -o 'kvmhost-[0-9TZ]*\.hcdump')
on_disk "dump $name $DIR/dump" && chmod 600 "$DIR/support.key"
check "the dump is whole" "$tool" dump verify --key "$DIR/support.key" "$DIR/dump"
check "the panic is in its log" grep -q 'sysrq triggered crash' <("$tool" dump extract \
	--key "$DIR/support.key" --log "$DIR/dump" -)
check "and how the dump came about" grep -Eq 'memory: [1-9][0-9]* bytes from makedumpfile' <("$tool" \
	dump extract --key "$DIR/support.key" --capture-log "$DIR/dump" -)
check "nothing of it is in clear on the disk" not grep -qa 'sysrq triggered crash' "$DIR/crash.disk"
exit $failed
