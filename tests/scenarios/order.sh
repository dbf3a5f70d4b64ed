# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: What was acknowledged is on the disk: all that went to it is logged by dm-log-writes and replayed to every flush, every FUA write and every acknowledgment
# rigs: uml
# timeout: 240
# mem: 768M
# disks: 192M
#
# dm-log-writes hands the writes so far to a flush when that begins, and logs
# them when it ends. A flush that is overtaken by a later one would look like
# writes acknowledged too early; so the disk below has no cache of its own, and
# its flushes are over at once.

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e0c
KEY=$(printf '%02x' {5..68})
SEED=${SEED:-$(od -A n -t u4 -N 4 /dev/urandom | tr -d ' ')}
SECTORS=65536
TWEAK=2048
MOUNT=/run/mnt

# ours DEVICE UNIT
ours() {
	echo "0 $SECTORS hostcrypt $UUID $TWEAK $1 0 2 allow_slow_cipher sector_size:$2"
}

# theirs DEVICE UNIT
theirs() {
	echo "0 $SECTORS crypt aes-xts-plain64 $KEY $TWEAK $1 0 1 sector_size:$2"
}

# ram_disk NAME: its writes are over in a timer's interrupt, later.
ram_disk() {
	local dir=/sys/kernel/config/nullb/$1

	mkdir "$dir" && echo $((SECTORS / 2048)) >"$dir/size" && echo 1 >"$dir/memory_backed" &&
		echo 2 >"$dir/irqmode" && echo 50000 >"$dir/completion_nsec" &&
		echo 1 >"$dir/power" || give_up "no ram disk"
}

zero() {
	dd if=/dev/zero of="$1" bs=1M count=$((SECTORS / 2048)) oflag=direct status=none
}

# A volume "t" over a disk whose writes are logged.
start_log() {
	zero /dev/disk
	dmsetup create log --table "0 $SECTORS log-writes /dev/disk $DISK1" || give_up "no dm-log-writes"
	dmsetup create t --table "$(ours /dev/mapper/log "$1")" || give_up "no volume"
}

# The log is complete when it is closed. Volumes over the disk for its replay.
end_log() {
	dmsetup remove t
	dmsetup remove log
	blockdev --flushbufs "$DISK1"
	dmsetup create replayed --table "$(ours /dev/copy "$1")"
	dmsetup create other --table "$(theirs /dev/copy "$1")"
}

end_replay() {
	dmsetup remove other
	dmsetup remove replayed
}

# some NAME WORD...: what hc-replay has just said counts at least 50 of each word.
some() {
	local name=$1 word n
	shift

	for word; do
		n=$(grep -Eo "[0-9]+ $word" <<<"$LAST" | cut -d' ' -f1)
		[ "${n:-0}" -ge 50 ] && continue
		fail "$name" "${n:-no} $word"
		return
	done
	pass "$name"
}

# Everything acknowledged is there at every point.
check_acknowledged() {
	zero /dev/copy
	expect_ok "$1: what was acknowledged is there at every point" \
		hc-replay "$DISK1" /dev/copy check /dev/mapper/replayed /dev/mapper/other
	note "$1: $LAST"
	some "$1: flushes, FUA writes and acknowledgments were met" flushes "FUA writes" marks \
		points records
	expect_ok "$1: the whole log gives the disk as it is" cmp /dev/disk /dev/copy
}

# check_device UNIT: writers on the volume itself.
check_device() {
	local name="device, units of $1"

	start_log "$1"
	expect_ok "$name: written" hc-order /dev/mapper/t log "$ROUNDS" "$SEED"
	end_log "$1"
	check_acknowledged "$name"
	end_replay
}

write_files() {
	local writers

	mke2fs -q -t ext4 -b 4096 -J size=4 /dev/mapper/t || return
	mount /dev/mapper/t $MOUNT || return
	mkdir $MOUNT/files
	sync
	dmsetup message log 0 mark made
	hc-order $MOUNT/order log "$ROUNDS" "$SEED" &
	writers=$!
	hc-files make $MOUNT/files log 40 $((ROUNDS * 2)) "$SEED" || return
	wait $writers || return
	umount $MOUNT
}

# What hc-replay runs: the file system as it is after a power cut, on a snapshot
# since mounting it writes to it.
cat >/run/look <<'END'
#!/bin/bash
cat >/run/marks
# Before mke2fs is done there is nothing to see.
grep -qx made /run/marks || exit 0
truncate -s 0 /run/changes && truncate -s 32M /run/changes && disk=$(losetup -f --show /run/changes) &&
	dmsetup create cut --table \
		"0 $(blockdev --getsz /dev/mapper/replayed) snapshot /dev/mapper/replayed $disk N 8" || exit
status=0
mount /dev/mapper/cut /run/mnt && hc-files check /run/mnt/files </run/marks || status=1
umount /run/mnt && e2fsck -fn /dev/mapper/cut || status=1
dmsetup remove cut && losetup -d "$disk" || status=1
echo $status >>/run/looks
exit $status
END
chmod +x /run/look

# At every EVERY-th flush or FUA write the file system mounts and is clean, and
# the files are whole.
check_mounts() {
	zero /dev/copy
	: >/run/looks
	expect_ok "$1: whole after every power cut" \
		hc-replay "$DISK1" /dev/copy run $EVERY /run/look
	note "$1: $(grep -c 0 /run/looks) power cuts, the last with $(grep -c file: /run/marks) files acknowledged"
	if [ "$(wc -l </run/looks)" -ge 8 ]; then
		pass "$1: enough power cuts"
	else
		fail "$1: enough power cuts" "$(wc -l </run/looks)"
	fi
}

check_file_system() {
	local name="ext4, units of $1"

	start_log "$1"
	expect_ok "$name: written" write_files
	end_log "$1"
	check_acknowledged "$name"
	check_mounts "$name"
	end_replay
}

mkdir -p $MOUNT
# Of the writes by each writer, of files by one, and of power cuts with ext4.
ROUNDS=30
EVERY=40
load null_blk nr_devices=0 || give_up "no ram disk"
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
ram_disk disk
ram_disk copy
load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
note "SEED=$SEED"

check_device 512
check_device 4096
check_file_system 512

expect_ok "the key drops" hc-ioctl drop "$UUID"
