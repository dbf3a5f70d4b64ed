#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# When "vm kill" is through, QEMU has let go of the VM's files, so that the next
# one can open them. Played by a process that, like QEMU, takes a while to give
# back its memory, and has its files open until then.
set -u
cd "$(dirname "$0")/../.." || exit
DIR=$(mktemp -d "${TMPDIR:-/tmp}/hostcrypt-vm.XXXXXX")
trap 'tests/rig/full/vm "$DIR" kill; rm -rf "$DIR"' EXIT

# A process as "vm" knows QEMU: its pid in DIR/pid, that path among its arguments.
start_player() {
	rm -f "$DIR/pid"
	python3 - -pidfile "$DIR/pid" "$DIR/image" <<-'END' &
	import fcntl, mmap, os, sys, time
	image = open(sys.argv[3], "w")
	fcntl.flock(image, fcntl.LOCK_EX | fcntl.LOCK_NB)
	memory = mmap.mmap(-1, 3 << 30)
	for page in range(0, len(memory), 4096):
	    memory[page] = 1
	with open(sys.argv[2] + ".new", "w") as file:
	    file.write(str(os.getpid()))
	os.rename(sys.argv[2] + ".new", sys.argv[2])
	time.sleep(600)
	END
	disown
	until [ -e "$DIR/pid" ]; do
		sleep 0.1
	done
}

for n in 1 2 3; do
	start_player
	if ! out=$(tests/rig/full/vm "$DIR" kill 2>&1); then
		echo "FAIL kill $n: $out"
	elif ! flock -n "$DIR/image" true; then
		echo "FAIL files are free after kill $n: they are still locked"
	else
		echo "PASS files are free after kill $n"
	fi
	wait
done

if out=$(tests/rig/full/vm "$DIR/none" run true 2>&1); then
	echo "FAIL a VM that is not there: no error"
elif grep -q 'there is no VM in' <<<"$out"; then
	echo "PASS a VM that is not there"
else
	echo "FAIL a VM that is not there: $out"
fi
