# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: A volume's limits are those of the disk below but for what its data units and encryption demand
# rigs: uml qemu-6.1
# uml: plain
# timeout: 180
# disks: 16M

UUID=5b3c1a52-9d9e-4b0e-8d39-0c8d4f5a7e16
KEY=$(printf '%02x' {51..114})
CRYPT_KEY=$(printf '%02x' {1..64})
SLOW=()
[ "$RIG" != uml ] || SLOW=(allow_slow_cipher)

# The volume's folder in sysfs.
folder() {
	echo "/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor --separator : t)"
}

# with OPTION...: the option words of a table line, counted.
with() {
	local words=("$@" "${SLOW[@]}")

	echo "${#words[@]} ${words[*]}"
}

# special ATTRIBUTE=VALUE...: a ram disk of that kind.
special() {
	local dir=/sys/kernel/config/nullb/special word

	mkdir $dir
	echo 16 >$dir/size
	echo 1 >$dir/memory_backed
	for word; do
		echo "${word#*=}" >"$dir/${word%=*}"
	done
	echo 1 >$dir/power
	[ -b /dev/special ] && echo /dev/special || echo "/dev/nullb$(cat $dir/index)"
}

# limits TABLE: every limit of a device's queue, "NAME VALUE" lines.
limits() {
	local queue file value

	dmsetup create t --table "$1" || return
	queue=$(folder)/queue
	for file in "$queue"/*; do
		[ ! -f "$file" ] || { read -r value <"$file" && echo "${file##*/} $value"; } 2>/dev/null
	done
	dmsetup remove t
}

# differing A B: "NAME:A>B" for each limit that differs.
differing() {
	join <(sort <<<"$1") <(sort <<<"$2") -o 1.1,1.2,2.2 |
		awk '$2 != $3 { printf "%s:%s>%s ", $1, $2, $3 }'
}

# What is not as the rules say, for volumes with data units of UNIT:
# - nothing smaller than a unit can be written, cut or discarded;
# - a bio's pieces begin at logical blocks in memory, too;
# - a request is whole logical blocks;
# - zeroes are to be encrypted like all else, so the disk cannot make them;
# - everything else is the disk's own.
unruly() {
	join <(sort <<<"$2") <(sort <<<"$3") -o 1.1,1.2,2.2 | awk -v unit="$1" '
		function most(a, b) { return a + 0 > b + 0 ? a : b }
		{ linear[$1] = $2; volume[$1] = $3; want[$1] = $2 }
		END {
			block = most(linear["logical_block_size"], unit)
			want["logical_block_size"] = want["hw_sector_size"] = block
			want["physical_block_size"] = most(linear["physical_block_size"], unit)
			want["minimum_io_size"] = most(linear["minimum_io_size"], unit)
			if (linear["discard_granularity"] > 0)
				want["discard_granularity"] = most(linear["discard_granularity"], unit)
			if ("dma_alignment" in linear)
				want["dma_alignment"] = most(linear["dma_alignment"], block - 1)
			for (name in want)
				if (name ~ /^max_(hw_)?sectors_kb$/)
					want[name] -= want[name] % (block / 1024)
			want["write_zeroes_max_bytes"] = 0
			for (name in want)
				if (volume[name] != want[name])
					printf "%s:%s, not %s  ", name, volume[name], want[name]
		}'
}

# from_crypt UNIT VOLUME LINEAR: in 6.1 dm-crypt cuts the segments of a bio to pages, and
# discards may be smaller than its units; otherwise its limits are ours.
from_crypt() {
	case $(uname -r) in
	6.1.*)
		[ "$1" = 512 ] || grep -q '^discard_granularity 4096$' <<<"$3" ||
			printf 'discard_granularity:512>%s ' "$1"
		echo "max_segment_size:4096>$(sed -n 's/^max_segment_size //p' <<<"$2") "
		;;
	esac
}

# check_limits DISK NAME
check_limits() {
	local disk=$1 what=$2 unit linear volume crypt

	linear=$(limits "0 16384 linear $disk 0")
	note "$what: $(tr ' \n' '= ' <<<"$linear" |
		grep -o '[a-z_]*\(sectors_kb\|boundary_mask\|zeroes_max_bytes\|block_size\)=[0-9]*' |
		tr '\n' ' ')"
	for unit in 512 4096; do
		volume=$(limits "0 16384 hostcrypt $UUID 0 $disk 0 $(with sector_size:$unit allow_discards)")
		crypt=$(limits "0 16384 crypt aes-xts-plain64 $CRYPT_KEY 0 $disk 0 2 sector_size:$unit allow_discards")
		expect "$what, unit $unit: the disk's own limits but for our rules" "" \
			unruly $unit "$linear" "$volume"
		expect "$what, unit $unit: those of dm-crypt" "$(from_crypt $unit "$volume" "$linear")" \
			differing "$crypt" "$volume"
	done
}

load_module || give_up "the module does not load"
hc-ioctl load "$UUID" "$KEY" || give_up "the key does not load"
load dm-crypt

check_limits "$DISK1" disk
check_limits "$(make_ram_disk 16M)" "ram disk"
check_limits "$(make_ram_disk 16M 4096)" "ram disk, blocks of 4096"
small=$(special max_sectors=128 virt_boundary=1 discard=1)
check_limits "$small" "small requests"

expect_ok "the key drops" hc-ioctl drop "$UUID"
expect_ok "the module unloads" rmmod dm_hostcrypt
