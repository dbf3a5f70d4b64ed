# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# about: the guest's kernel survives processes that are killed while they fork
# rigs: uml
# uml: plain
# timeout: 120

# Many mappings, so that a fork takes long enough to be hit.
for ((n = 0; n < 40; n++)); do
	/usr/bin/python3 -c 'import mmap, os
maps = [mmap.mmap(-1, 4096, prot=1 + n % 2 * 2) for n in range(8000)]
open("/tmp/ready", "w").close()
while True:
    if os.fork() == 0:
        os._exit(0)
    os.wait()' 2>/dev/null &
	wait_for 20 test -e /tmp/ready
	sleep 0.0$((n % 10))
	kill -KILL $!
	wait $! 2>/dev/null
	rm -f /tmp/ready
done
pass "killed in a fork, $n times"
