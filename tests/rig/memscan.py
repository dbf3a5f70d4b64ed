#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Look for key material in an image of a machine's memory.

    memscan.py IMAGE NAME=FILE...

Each FILE holds 32 bytes (one AES-256 key) or 64 (the two keys of an
XTS-AES-256 DEK). For each key two kinds of hits are printed, one a line:

    NAME raw PFN COUNT       the key's own bytes (any 16 of them, aligned or not)
    NAME rounds PFN COUNT    a round key computed from it, of the encryption
                             or the decryption schedule

The key's own bytes are also the first two round keys, so "rounds" counts the
others only. Ends with "hits N". Reads every byte of the image.
"""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEMGREP = os.path.join(TOP, os.environ.get("B", "build"), "tests/tools/memgrep")


def make_sbox():
    """The AES S-box, from its definition: inverse in GF(2^8), then affine."""
    sbox = [0] * 256
    p = q = 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rot = lambda n: ((q << n) | (q >> (8 - n))) & 0xFF
        sbox[p] = q ^ rot(1) ^ rot(2) ^ rot(3) ^ rot(4) ^ 0x63
        if p == 1:
            break
    sbox[0] = 0x63
    return sbox


SBOX = make_sbox()


def double(a):
    return ((a << 1) ^ 0x1B) & 0xFF if a & 0x80 else a << 1


def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = double(a)
        b >>= 1
    return product


def expand(key):
    """The 15 round keys of AES-256 (FIPS 197, 5.2)."""
    words = [list(key[4 * i:4 * i + 4]) for i in range(8)]
    rcon = 1
    for i in range(8, 60):
        word = list(words[i - 1])
        if i % 8 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= rcon
            rcon = double(rcon)
        elif i % 8 == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[i - 8], word)])
    return [bytes(sum(words[4 * r:4 * r + 4], [])) for r in range(15)]


def inverse_mix_columns(block):
    out = []
    for c in range(0, 16, 4):
        a = block[c:c + 4]
        for i in range(4):
            out.append(times(a[i], 14) ^ times(a[(i + 1) % 4], 11)
                       ^ times(a[(i + 2) % 4], 13) ^ times(a[(i + 3) % 4], 9))
    return bytes(out)


def patterns(name, key):
    """What to look for: (name, kind, 16 bytes)."""
    for half in range(0, len(key), 32):
        aes = key[half:half + 32]
        for part in (aes[:16], aes[16:]):
            yield name, "raw", part
        rounds = expand(aes)
        for r in rounds[2:]:
            yield name, "rounds", r
        for r in rounds[1:-1]:
            yield name, "rounds", inverse_mix_columns(r)


def self_check():
    # FIPS 197, A.3: last round key of 603deb10...
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d7781"
                        "1f352c073b6108d72d9810a30914dff4")
    assert expand(key)[14].hex() == "fe4890d1e6188d0b046df344706c631e"
    # FIPS 197, 5.3.3 by its inverse: MixColumns of db135345 is 8e4da1bc.
    assert inverse_mix_columns(bytes.fromhex("8e4da1bc" * 4)).hex() == "db135345" * 4


def main():
    self_check()
    wanted = []
    for argument in sys.argv[2:]:
        name, path = argument.split("=", 1)
        with open(path, "rb") as file:
            key = file.read()
        if len(key) not in (32, 64):
            sys.exit(f"memscan: {path}: {len(key)} bytes are no key")
        wanted += [f"{name} {kind} {needle.hex()}\n" for _, kind, needle in patterns(name, key)]
    done = subprocess.run([MEMGREP, sys.argv[1]], input="".join(wanted), text=True,
                          stdout=subprocess.PIPE, check=True)
    found = {}
    *lines, read = done.stdout.splitlines()
    if read != f"read {os.path.getsize(sys.argv[1])}":
        sys.exit(f"memscan: {sys.argv[1]} was not read whole: {read}")
    for line in lines:
        name, kind, pfn, count = line.split()
        place = (name, kind, int(pfn))
        found[place] = found.get(place, 0) + int(count)
    for (name, kind, pfn), count in sorted(found.items()):
        print(name, kind, pfn, count)
    print("hits", sum(found.values()))


if __name__ == "__main__":
    main()
