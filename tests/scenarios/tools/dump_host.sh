# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the companions of scenarios with dump.sh have in common; sourced by them. They
# are the machine of who reads dumps, with the private keys:
#
#   image [MAKEDUMPFILE]    make the capture kernel's RAM disk; prints its folder as the
#                           guest sees it
#   public NAME             the public half of an RSA key, which is made
#   fetch DUMP              copy DUMP from the first disk's file system
#   extract NAME [--log]    decrypt what was fetched with the key NAME
#   count FILE PATTERN...   in how many lines of FILE, in this run's folder, one is

hostcrypt() {
	"$(cd "$TREE" && realpath -m "${B:-build}")/hostcrypt" "$@"
}

image() {
	local made

	if [ ! -e "$FOLDER/image" ]; then
		made=$("$TREE/tests/rig/kernel/capture" "${RIG#qemu-}" "$@")
		echo "/run/rig/build/rig-capture/$(basename "$made")" >"$FOLDER/image"
	fi
	cat "$FOLDER/image"
}

public() {
	[ -e "$FOLDER/$1.key" ] ||
		(umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 \
			-out "$FOLDER/$1.key")
	openssl pkey -in "$FOLDER/$1.key" -pubout
}

fetch() {
	debugfs -R "dump /$1 $FOLDER/dump" "$FOLDER/disk1" 2>&1
	[ -s "$FOLDER/dump" ]
}

extract() {
	local name=$1 output=$FOLDER/vmcore
	shift

	[ $# = 0 ] || output=$FOLDER/kernel-log
	rm -f "$output"
	hostcrypt dump extract --key "$FOLDER/$name.key" "$@" "$FOLDER/dump" "$output" 2>&1
}

count() {
	local file=$1 pattern patterns=()
	shift

	for pattern; do
		patterns+=(-e "$pattern")
	done
	LC_ALL=C grep -c -a -F "${patterns[@]}" "$FOLDER/$file" || true
}
