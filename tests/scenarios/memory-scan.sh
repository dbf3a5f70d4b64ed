# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: Where the keys are in a machine's memory: in the kernel alone while a volume is open, nowhere afterwards
# rigs: qemu-6.12 qemu-6.1
# timeout: 300
# mem: 512M
# disks: 64M
# kms: pykmip
#
# The whole memory is read from outside, through QEMU's monitor. The companion
# learns the keys from the disk and the key server, so that nobody in the guest
# has ever held them but hostcrypt and the kernel.

# Bits of /proc/kpageflags that a page of the kernel's own never has.
KPF_LRU=5 KPF_BUDDY=10 KPF_MMAP=11 KPF_ANON=12

# The bit of those that makedumpfile and /proc/kcore leave out.
KPF_OFFLINE=23

page_flags() {
	od -A n -t u8 -j $(($1 * 8)) -N 8 /proc/kpageflags | tr -d ' '
}

# "NAME KIND PFN COUNT" lines: each page must be the kernel's, and in use.
kernel_only() {
	local name kind pfn flags bit bad=

	while read -r name kind pfn _; do
		[ "$name" != hits ] || continue
		flags=$(page_flags "$pfn")
		for bit in $KPF_LRU $KPF_BUDDY $KPF_MMAP $KPF_ANON; do
			((flags >> bit & 1)) && bad+="$name $kind at page $pfn (flags $flags); "
		done
	done <<<"$1"
	[ -z "$bad" ] || { echo "$bad"; return 1; }
}

# The pages that have nothing but the DEK's own bytes are the key store's.
key_pages_offline() {
	local pages pfn

	pages=$(comm -23 <(awk '/^dek raw/ { print $3 }' <<<"$1" | sort) \
		<(awk '/^dek rounds/ { print $3 }' <<<"$1" | sort))
	[ -n "$pages" ] || { echo "no page with the DEK alone"; return 1; }
	for pfn in $pages; do
		(($(page_flags "$pfn") >> KPF_OFFLINE & 1)) ||
			{ echo "page $pfn is not"; return 1; }
	done
}

rest_of() {
	grep -v "^dek \|^hits " <<<"$1"
}

use_volume() {
	dd if=/dev/urandom of=/dev/mapper/scan bs=1M count=16 oflag=direct status=none &&
		dd if=/dev/mapper/scan of=/dev/null bs=64K iflag=direct status=none &&
		dd if=/dev/mapper/scan of=/dev/null bs=4K count=512 iflag=direct status=none
}

load_module
start_kms || give_up "no key server"
write_config

expect_ok "create a volume" hostcrypt create --yes "$DISK1"
expect_ok "the keys are known to the companion" ask_host learn
expect_ok "open it" hostcrypt open "$DISK1" scan
expect_ok "write and read" use_volume

open=$(ask_host scan) || give_up "the scan failed: $open"
printf 'open:\n%s\n' "$open"
if grep -q '^dek raw' <<<"$open" && grep -q '^dek rounds' <<<"$open"; then
	pass "the scan finds the DEK and its round keys while the volume is open"
else
	fail "the scan finds the DEK and its round keys while the volume is open" "$open"
fi
expect_ok "they are in kernel memory only" kernel_only "$open"
expect_ok "the key's page is marked as not to be dumped" key_pages_offline "$open"
if [ -z "$(rest_of "$open")" ]; then
	pass "KEK and keyslot passphrase are nowhere once the volume is open"
else
	fail "KEK and keyslot passphrase are nowhere once the volume is open" "$(rest_of "$open" | head -3)"
fi

expect_ok "close it" hostcrypt close scan
closed=$(ask_host scan) || give_up "the scan failed: $closed"
printf 'closed:\n%s\n' "$closed"
expect "after closing no key and no round key is anywhere" "hits 0" printf '%s' "$closed"

# The same for a key that was loaded and never used, and for the module's end.
expect_ok "open it once more" hostcrypt open "$DISK1" scan
expect_ok "take the device away, not the key" dmsetup remove scan
expect_ok "unload the module with the key in it" rmmod dm_hostcrypt
unloaded=$(ask_host scan) || give_up "the scan failed: $unloaded"
printf 'unloaded:\n%s\n' "$unloaded"
expect "after unloading no key and no round key is anywhere" "hits 0" printf '%s' "$unloaded"
