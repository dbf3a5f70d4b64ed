#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1800
#
# The main job where it happens: a full Debian VM with systemd, hostcrypt put
# in by "make install" and DKMS, a key server on this machine. Boot order, the
# agent's life, an outage of the key server, power cuts, hibernation, and no
# key where none belongs.
# shellcheck disable=SC2317 # functions are called through check
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source-path=SCRIPTDIR source=../rig/common.sh
. tests/rig/common.sh
# shellcheck source=../rig/full/lib.sh
. "$RIG/full/lib.sh"
# shellcheck source=../rig/full/checks.sh
. "$RIG/full/checks.sh"

DIR=$(mktemp -d "${TMPDIR:-/tmp}/hostcrypt-full.XXXXXX")
trap full_end EXIT
trap 'exit 1' INT TERM
MAPPED=/dev/mapper/vm1

state() {
	echo "hostcrypt status --json $1 | grep -Eq '\"state\": *\"$2\"'"
}

reboot() {
	"$VM" "$DIR" "${1:-reboot}" || give_up "the VM comes up again" "see above"
}

# The volume's keys, by stock tools from the key server's own database: what
# must be found nowhere else. In $DIR/keys: kek, secret (the keyslot's), dek.
extract_keys() {
	local keys=$DIR/keys uuid

	mkdir -p "$keys"
	python3 - "$DIR"/kms/pykmip-*/keys.db "$keys/kek" <<-'END' || return
	import sqlite3, sys
	rows = sqlite3.connect(sys.argv[1]).execute(
	    "SELECT value FROM managed_objects ORDER BY uid").fetchall()
	open(sys.argv[2], "wb").write(rows[0][0])
	END
	uuid=$(cryptsetup luksUUID "$DIR/vm1.disk") || return
	openssl kdf -binary -keylen 32 -kdfopt digest:SHA256 \
		-kdfopt "hexkey:$(od -An -v -tx1 "$keys/kek" | tr -d ' \n')" \
		-kdfopt "salt:$uuid" -kdfopt "info:hostcrypt keyslot v1" HKDF >"$keys/secret" || return
	cryptsetup luksDump --batch-mode --dump-volume-key --key-file "$keys/secret" \
		--volume-key-file "$keys/dek" "$DIR/vm1.disk"
}

# no_key FILE - FILE has neither key: not as bytes, in hexadecimal or in base64
no_key() {
	python3 - "$DIR/keys" "$1" <<-'END'
	import base64, mmap, pathlib, sys
	with open(sys.argv[2], "rb") as file:
	    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
	hits = []
	for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
	    key = path.read_bytes()
	    assert len(key) in (32, 64), path
	    for start in range(0, len(key), 32):
	        part = key[start:start + 32]
	        text = part.hex().encode()
	        for form in (part[:16], part[16:], text, text.upper(), base64.b64encode(part)[:40]):
	            if data.find(form) >= 0:
	                hits.append(path.name)
	sys.exit("found: %s" % ", ".join(hits) if hits else 0)
	END
}

# --- a host is set up -----------------------------------------------------
mkdir -p "$DIR/log"
full_begin
full_start_kms || give_up "the key server starts" "see above"
full_boot --disk vm1=128M --disk vm2=128M --disk vmstate=64M \
	>"$DIR/log/boot" 2>&1 ||
	give_up "the VM boots, DKMS builds the module" "$(cat "$DIR/log/boot")"
pass "the VM boots, DKMS builds the module"
check "make install's files go in" full_install
says "the module is DKMS's" '/updates/.*dm-hostcrypt\.ko' 'modinfo -n dm-hostcrypt'
says "the key server answers" 'state: +works' 'hostcrypt kms check'
for name in vm1 vm2 vmstate; do
	says "create $name" 'kek: .* on main' \
		"hostcrypt create --yes /dev/disk/by-id/virtio-$name &&
		echo '$name /dev/disk/by-id/virtio-$name main' >>/etc/hostcrypt/volumes"
done

# A unit as a VM's would be: after the volumes' target it needs its disk.
cat >"$DIR/a-vm.service" <<'END'
[Unit]
Wants=hostcrypt-volumes.target
After=hostcrypt-volumes.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'test -b /dev/mapper/vm1 && echo found >/run/a-vm || echo absent >/run/a-vm'
[Install]
WantedBy=multi-user.target
END
"$VM" "$DIR" put "$DIR/a-vm.service" /etc/systemd/system/a-vm.service
check "enable the agent" guest 'systemctl enable --now hostcryptd && systemctl enable a-vm'
says "READY with all volumes open" '^3 of 3 open' \
	'systemctl is-active --quiet hostcryptd && systemctl show -P StatusText hostcryptd'
says "a fast cipher" 'cipher:[^ ]*(aesni|vaes)' "dmsetup status vm1"
check "a file system, a file" guest "mkfs.ext4 -q $MAPPED && mount $MAPPED /mnt &&
	head -c 8M /dev/urandom >/mnt/file && sha256sum </mnt/file >/root/sum && sync"

# VMs' saved state, by the steps of the README; a unit in the place of libvirt's,
# which saves some memory of a guest as it starts.
STATE=/var/lib/libvirt/qemu
cat >"$DIR/libvirtd.service" <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mkdir -p /var/lib/libvirt/qemu/save && \
	printf "%%s%%s\n" MEMORY OFAGUEST$(cat /proc/sys/kernel/random/uuid) \
	>/var/lib/libvirt/qemu/save/vm.save'
END
cat >"$DIR/vmstate.mount" <<END
[Unit]
Wants=libvirtd.service
[Mount]
What=/dev/mapper/vmstate
Where=$STATE
Type=ext4
Options=nofail
[Install]
WantedBy=dev-mapper-vmstate.device
END
printf '[Unit]\nRequiresMountsFor=%s\n' $STATE >"$DIR/hostcrypt.conf"
"$VM" "$DIR" put "$DIR/libvirtd.service" /etc/systemd/system/libvirtd.service
"$VM" "$DIR" put "$DIR/vmstate.mount" /etc/systemd/system/var-lib-libvirt-qemu.mount
check "a volume for saved state" guest "mkfs.ext4 -q /dev/mapper/vmstate &&
	mkdir -p $STATE /etc/systemd/system/libvirtd.service.d && chattr +i $STATE"
"$VM" "$DIR" put "$DIR/hostcrypt.conf" /etc/systemd/system/libvirtd.service.d/hostcrypt.conf
check "what saves state starts with it" guest "systemctl daemon-reload &&
	systemctl enable --now var-lib-libvirt-qemu.mount && findmnt $STATE && systemctl start libvirtd"

# --- boot -----------------------------------------------------------------
reboot
says "all volumes are back after a reboot" '^3 of 3 open' \
	'systemctl show -P StatusText hostcryptd'
says "what comes after the target finds its disk" '^found$' 'cat /run/a-vm'
becomes "saved state is on its volume, and what saves it starts" 60 \
	"[ \$(findmnt -no SOURCE $STATE) = /dev/mapper/vmstate ] && systemctl is-active libvirtd"
check "the file is whole" guest "mount $MAPPED /mnt && sha256sum </mnt/file | cmp - /root/sum"
says "the file system was closed in order" '^0$' \
	"dmesg | grep -c 'EXT4-fs (dm-.*recovery'"
says "no unit failed" '^$' 'systemctl list-units --failed --plain --no-legend; echo'
says "hardened" 'Overall exposure level.* [0-4]\.[0-9] ' \
	'systemd-analyze security --no-pager hostcryptd | tail -n 2'

# --- the agent's life -----------------------------------------------------
table=$(guest 'dmsetup table --showkeys; dmsetup info -c --noheadings -o name,uuid,suspended')
pid=$(guest 'systemctl show -P MainPID hostcryptd')
guest "(dd if=/dev/urandom of=/mnt/dd bs=1M count=24 conv=fsync 2>/dev/null &&
	echo written >/run/dd) & kill -9 $pid" >/dev/null
becomes "a killed agent is started again" 60 \
	"systemctl is-active --quiet hostcryptd && [ \$(systemctl show -P MainPID hostcryptd) != $pid ]"
becomes "writing goes on over the kill" 60 'grep -q written /run/dd'
says "it says what is open" '^3 of 3 open' 'systemctl show -P StatusText hostcryptd'
check "a stop leaves volumes open" guest "systemctl stop hostcryptd && $(state vm1 open)"
check "a start finds them" guest "systemctl start hostcryptd && $(state vm2 open)"
check "the tables are what they were" test "$table" = \
	"$(guest 'dmsetup table --showkeys; dmsetup info -c --noheadings -o name,uuid,suspended')"
says "a closed volume stays closed" '^2 of 3 open' \
	'hostcrypt close vm2 && sleep 3; systemctl show -P StatusText hostcryptd'
guest 'systemctl reload hostcryptd' >/dev/null
becomes "a reload opens it" 30 "$(state vm2 open)"

# --- hibernation ----------------------------------------------------------
says "hibernation is refused while a key is loaded" 'write error: Device or resource busy' \
	'echo disk >/sys/power/state'
says "and the kernel says why" 'no hibernation while keys are loaded' 'dmesg | tail -n 20'
check "the volume goes on after it" guest \
	'echo 3 >/proc/sys/vm/drop_caches; sha256sum </mnt/file | cmp - /root/sum'

# --- the power goes -------------------------------------------------------
check "written and flushed" guest \
	'head -c 4M /dev/urandom >/mnt/flushed && sync /mnt/flushed && sha256sum </mnt/flushed >/root/flushed && sync /root/flushed'
reboot reset
says "volumes are back after a power cut" '^3 of 3 open' \
	'systemctl show -P StatusText hostcryptd'
check "nothing flushed is lost" guest \
	"mount $MAPPED /mnt && sha256sum </mnt/flushed | cmp - /root/flushed"

# --- the key server goes --------------------------------------------------
full_stop_kms
check "an open volume needs no key server" guest \
	'head -c 4M /dev/zero >/mnt/zero && sync && echo 3 >/proc/sys/vm/drop_caches &&
	sha256sum </mnt/file | cmp - /root/sum'
reboot
says "the boot goes on without the key server" '^active$' 'systemctl is-active multi-user.target'
says "what comes after the target runs all the same" '^absent$' 'cat /run/a-vm'
says "READY with all locked" '^0 of 3 open' \
	'systemctl is-active --quiet hostcryptd && systemctl show -P StatusText hostcryptd'
for words in 'state: +locked' 'kek: +1' "provider: +main \(10\.0\.2\.2:$PORT\)" \
	"answer: .*10\.0\.2\.2:$PORT" 'next attempt: '; do
	# There is no next attempt while one is being made.
	becomes "status: $words" 60 "hostcrypt status vm1 | grep -Eq '$words'"
done
says "status for programs" '"word": *"kms-unreachable"' 'hostcrypt status --json vm1'
check "nothing is there to read" guest "test ! -e $MAPPED"
says "what saves state waits for its volume" '^inactive$' 'systemctl is-active libvirtd'
check "and nothing can be saved in the volume's place" guest \
	"! findmnt $STATE && ! touch $STATE/file && [ -z \"\$(ls -A $STATE)\" ]"
full_start_kms || give_up "the key server comes back" "see above"
becomes "it unlocks by itself" 60 "$(state vm1 open) && $(state vm2 open)"
becomes "then what saves state starts" 60 "findmnt $STATE && systemctl is-active libvirtd"
says "and saves" '^1$' "grep -c ^MEMORYOFAGUEST $STATE/save/vm.save"
check "the file is still whole" guest "mount $MAPPED /mnt && sha256sum </mnt/file | cmp - /root/sum"

# --- no key where none belongs --------------------------------------------
check "the keys, by stock tools" extract_keys
check "they are found where they are" not no_key "$DIR/keys/dek"
guest 'sync; journalctl -o export --no-pager' >"$DIR/log/journal"
guest 'dmesg; dmsetup table --showkeys; dmsetup status; dmsetup info
	cat /proc/*/cmdline /proc/*/environ; hostcrypt status; hostcrypt key list' \
	>"$DIR/log/words" 2>/dev/null
check "the journal tells of the volumes" grep -q 'first pass over' "$DIR/log/journal"
check "no key in the journal" no_key "$DIR/log/journal"
check "none in tables, logs, arguments, environments" no_key "$DIR/log/words"
check "none on the host's own disk" no_key "$DIR/root.qcow2"
check "none on the volume's disk" no_key "$DIR/vm1.disk"
check "no saved state on the host's own disk" not grep -qa MEMORYOFAGUEST "$DIR/root.qcow2"
check "nor in clear on its volume's" not grep -qa MEMORYOFAGUEST "$DIR/vmstate.disk"

check "power off" "$VM" "$DIR" poweroff
check "the console has no complaint of the kernel" \
	not grep -E 'BUG:|WARNING:|Call Trace|Oops|Kernel panic' "$DIR/console.log"
exit $failed
