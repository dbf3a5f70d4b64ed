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
# shellcheck source=../rig/full/checks.sh
. "$RIG/full/checks.sh"

DIR=$(mktemp -d "${TMPDIR:-/tmp}/hostcrypt-dump-vm.XXXXXX")
trap full_end EXIT
trap 'exit 1' INT TERM
tool=$(realpath "${B:-build}/hostcrypt")

# on_disk COMMAND: debugfs on the dumps' disk, from here
on_disk() {
	debugfs -R "$1" "$DIR/crash.disk" 2>/dev/null
}

PARAMETER=/sys/module/dm_hostcrypt/parameters/registry
WHY='hostcrypt dump status; journalctl -n 5 -u hostcrypt-dump'

# What udev has begun has come to its end; how often the unit was reloaded until now.
SETTLE='udevadm settle; until [ -z "$(systemctl list-jobs --no-legend)" ]; do sleep 0.2; done'
COUNT='journalctl -b -u hostcrypt-dump -o cat | grep -c ^Reloaded'

# reloads NAME N COMMAND - the guest's COMMAND has the unit reloaded N times
reloads() {
	says "$1" "^$2\$" "$SETTLE; before=\$($COUNT)
		$3
		$SETTLE; echo \$((\$($COUNT) - before))"
}

# --- a host is set up -----------------------------------------------------
full_begin
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$DIR/support.key" &&
	openssl pkey -in "$DIR/support.key" -pubout -out "$DIR/support.pem" || exit
mkdir -p "$DIR/log"
full_boot --disk crash=1G --memory 1280 --kernel crashkernel=384M >"$DIR/log/boot" 2>&1 ||
	give_up "the VM boots" "$(cat "$DIR/log/boot")"
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
		exit 0; sleep 0.5; done; exit 1" "$WHY"
says "by udev, which had the unit reloaded" 'start_time=\[[A-Z]' \
	'systemctl show -P ExecReload hostcrypt-dump'
# This kernel keeps the capture kernel's list of CPUs and memory by itself, one that
# says it does not has it loaded again.
hotplug='cpu=/sys/devices/system/cpu/cpu1/online; echo 0 >$cpu && echo 1 >$cpu &&
	for block in /sys/devices/system/memory/memory*; do
		echo offline >$block/state && echo online >$block/state && break
	done 2>/dev/null || echo nothing went'
says "this kernel looks after CPUs and memory" '^11$' \
	"$SETTLE; cat /sys/devices/system/{cpu,memory}/crash_hotplug | tr -d '\n'; echo"
reloads "where they change, nothing is loaded again" 0 "$hotplug"
for what in cpu memory; do
	check "a kernel that does not look after $what" guest \
		"echo 0 >/run/zero && mount --bind /run/zero /sys/devices/system/$what/crash_hotplug"
	# Reloads that are asked for at the same time are one.
	reloads "has the capture kernel loaded again" '[12]' "$hotplug"
	guest "umount /sys/devices/system/$what/crash_hotplug" >/dev/null
done
second=6.0.0-second
check "a second kernel is installed" guest "this=\$(uname -r)
	cp /boot/vmlinuz-\$this /boot/vmlinuz-$second && cp /boot/config-\$this /boot/config-$second &&
	cp -a /lib/modules/\$this /lib/modules/$second && depmod $second"
says "its capture environment is made then" "/lib/modules/$second/.*/dm-hostcrypt\.ko" \
	"/etc/kernel/postinst.d/hostcrypt-dump $second; lsinitramfs /var/lib/hostcrypt/dump/$second.img"
check "and goes with the kernel" guest "rm -r /boot/*-$second /lib/modules/$second &&
	/etc/kernel/postrm.d/hostcrypt-dump $second && ! ls /var/lib/hostcrypt/dump/$second*"
says "a kernel without a module is installed all the same" 'tried again.*|^0$' \
	'/etc/kernel/postinst.d/hostcrypt-dump 0.0-none; echo $?'
says "a unit that would write in clear is stopped" 'kdump-tools.service' \
	'systemctl show -P Conflicts hostcrypt-dump'
check "disable" guest 'hostcrypt dump disable && ! systemctl is-enabled hostcrypt-dump &&
	[ "$(cat /sys/kernel/kexec_crash_loaded)" = 0 ] && [ -e /etc/hostcrypt/dump.conf ]'
check "enable again" guest 'hostcrypt dump enable && systemctl is-active hostcrypt-dump &&
	[ "$(cat /sys/kernel/kexec_crash_loaded)" = 1 ]'

# --- a panic --------------------------------------------------------------
# On the disk, too, before the panic.
check "the agent runs" guest 'systemctl enable --now hostcryptd && sync'
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
