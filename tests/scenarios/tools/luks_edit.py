#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Change a LUKS2 header as somebody with write access to the disk can.

    luks_edit.py DEVICE set PATH JSON    put a value at a path (tokens/0/mac)
    luks_edit.py DEVICE del PATH         remove it
    luks_edit.py DEVICE get PATH         print it

Both copies of the header get the change and a checksum that fits.
"""

import hashlib
import json
import os
import struct
import sys

# Binary header: magic, version, size, sequence number, ... checksum at 448.
SIZE_AT, CHECKSUM_AT, CHECKSUM_SIZE, JSON_AT = 8, 448, 64, 4096


class Copy:
    """One of the two copies of the header."""

    def __init__(self, file, offset):
        file.seek(offset)
        first = file.read(JSON_AT)
        if first[:6] not in (b"LUKS\xba\xbe", b"SKUL\xba\xbe"):
            sys.exit(f"no LUKS2 header at byte {offset}")
        self.offset = offset
        self.size = struct.unpack_from(">Q", first, SIZE_AT)[0]
        self.binary = bytearray(first)
        text = file.read(self.size - JSON_AT)
        self.json = json.loads(text.rstrip(b"\0"))

    def write(self, file):
        text = json.dumps(self.json, separators=(",", ":")).encode()
        area = text.ljust(self.size - JSON_AT, b"\0")
        if len(area) > self.size - JSON_AT:
            sys.exit("the JSON does not fit any more")
        self.binary[CHECKSUM_AT:CHECKSUM_AT + CHECKSUM_SIZE] = bytes(CHECKSUM_SIZE)
        checksum = hashlib.sha256(bytes(self.binary) + area).digest()
        self.binary[CHECKSUM_AT:CHECKSUM_AT + len(checksum)] = checksum
        file.seek(self.offset)
        file.write(bytes(self.binary) + area)


def step(value, name):
    return value[int(name)] if isinstance(value, list) else value[name]


def change(root, verb, path, value):
    *above, last = path.split("/")
    place = root
    for name in above:
        place = step(place, name)
    if verb == "get":
        print(json.dumps(step(place, last)))
    elif isinstance(place, list):
        if verb == "del":
            del place[int(last)]
        else:
            place[int(last)] = value
    elif verb == "del":
        del place[last]
    else:
        place[last] = value


def main():
    if len(sys.argv) < 4 or sys.argv[2] not in ("get", "set", "del"):
        sys.exit(__doc__)
    device, verb, path = sys.argv[1:4]
    value = json.loads(sys.argv[4]) if verb == "set" else None
    with open(device, "r+b") as file:
        first = Copy(file, 0)
        copies = [first] if verb == "get" else [first, Copy(file, first.size)]
        for copy in copies:
            change(copy.json, verb, path, value)
            if verb != "get":
                copy.write(file)
        file.flush()
        os.fsync(file.fileno())


main()
