# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Search of a memory image for the keys of hc-volumes; sourced by companions.

# patterns SEED LIVE ALL: the keys 0 to ALL-1 that hc-volumes makes of SEED, and their
# round keys, for memgrep; as text, so in no memory image as the bytes they mean.
patterns() {
	PYTHONPATH=$TREE/tests/rig python3 - "$@" <<'END'
import hashlib, hmac, sys
import memscan

def hkdf(key, salt, info, size):
    prk = hmac.digest(salt, key, hashlib.sha256)
    out = block = b""
    while len(out) < size:
        block = hmac.digest(prk, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256)
        out += block
    return out[:size]

memscan.self_check()
seed, live, count = sys.argv[1].encode(), int(sys.argv[2]), int(sys.argv[3])
for n in range(count):
    uuid = f"7a1b1c1e-0000-4000-8000-{n:012x}"
    key = hkdf(seed, b"hc-volumes", uuid.encode(), 64)
    for _, kind, needle in memscan.patterns("", key):
        print("live" if n < live else "dropped", kind, n, needle.hex())
print("user tag 0", b"churn user page ".hex())
END
}

memgrep() {
	(cd "$TREE" && "$(realpath -m "${B:-build}")/tests/tools/memgrep" "$@")
}
